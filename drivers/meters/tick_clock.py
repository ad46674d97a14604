"""An instrument's own clock seen through late arrivals: ticks in, past their wrap, and the host's time out, as smooth stamps.

Delay only ever adds, so the earliest arrivals carry the offset and the drift; the others show nothing
about the clock.  This is the estimate made while recording, good to the shortest delay of the last
seconds.  A tick that does not go with the time that passed is not believed until the next one goes on
from it: then the instrument was restarted.  One that goes on from the last and comes late is no such
one: the host stood still, and what came meanwhile was kept, until the ticks turn out to stay behind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median

from powermeter.errors import ReadError, Reason
from powermeter.units import NS, format_short

MAX_DRIFT = 500e-6
"""More than a crystal is off; beyond it a drift is followed where every stretch of the last seconds shows it."""
_BIN_NS = NS
_BINS = 60
CRYSTAL_ERROR = 0.01
"""More than a clock with a crystal is off: beyond it, the ticks are not what they are taken for."""
RATE_ERROR = 0.025
"""The same of a meter that sends at a rate of its own, which without a crystal is off by 2 %."""
_SLOPE_NS = NS // 16
_SLOPES = 160
"""Least delays of stretches so long, 10 s of them, show a rate that is further off than a crystal."""
_FEWEST_SLOPES = 8
_HELD = 0.5
"""Share of the time between two samples by which the later one came sooner after its taking, where the earlier one was held."""
_LEAST_SLOPE, _BEYOND_SCATTER = 2e-3, 3.0
"""It is believed from that on, and where it is by so many times beyond the scatter of the slopes between stretches."""
_PIECE_NS = NS // 2
"""Time for which the arrival with the least delay stands."""
_WRONG_PIECES = 4
"""So many in a row, 2 s: a host that stood still once has caught up by then."""
_CATCHES_UP_NS = 3 * NS
"""A host that stood still has read what was kept by then."""
_DELAY_NS = NS // 4
"""By how much the least delays of two pieces may differ."""

_LEAST_TURN_NS = 2 * NS
"""Of ticks that start again sooner, a delay is as long as a turn."""

_SHORT_ERROR = 0.1
"""Where nothing more comes that could settle it: only ticks of another unit or rate are off by more."""
_CATCH_UP_NS = NS // 20
"""A piece that is younger may hold old samples alone, of a host that stood still and has not read all that piled up."""

SLEW = 0.1
"""By this share at most: an estimate that is off by 5 ms is reached in 50 ms, and no sample's energy changes by more meanwhile."""


class TickCounter:
    """Makes an instrument's wrapping tick run on without end."""

    def __init__(self, wrap: int, tick_ns: float | None = None) -> None:
        """Start before the first tick.

        Args:
            wrap: The number of ticks after which it starts again.
            tick_ns: Nominal nanoseconds per tick, so that arrivals show how often it did in a hole; None where they shall not.
        """
        self.wrap = wrap
        self._turn_ns = wrap * (tick_ns or 0.0)
        self._total: int | None = None
        self._arrival_ns: int | None = None

    def feed(self, tick: int, arrival_ns: int | None = None) -> int:
        """Return the running tick; a step back by more than half the range counts as a wrap, unless the time that passed shows how far it went on."""
        if self._total is None:
            self._total = tick
        else:
            step = (tick - self._total) % self.wrap
            self._total += self._in_time(step, arrival_ns)
        self._arrival_ns = arrival_ns
        return self._total

    def _in_time(self, step: int, arrival_ns: int | None) -> int:
        """Return by how much ticks went on or back whose count is `step` further."""
        nearest = step if step < self.wrap // 2 else step - self.wrap
        if self._turn_ns < _LEAST_TURN_NS or arrival_ns is None or self._arrival_ns is None:
            return nearest
        passed = (arrival_ns - self._arrival_ns) * self.wrap / self._turn_ns
        slack = min(_DELAY_NS * self.wrap / self._turn_ns, self.wrap / 8)
        went_on = step + max(round((passed - step) / self.wrap), 0) * self.wrap
        if abs(passed - went_on) <= slack + RATE_ERROR * passed:
            return went_on
        return step if step <= passed + slack else nearest


def refuse(found: tuple[float, float] | None, title: str, so: str, *, is_final: bool = True) -> None:
    """Refuse ticks that do not go with the time that passed.

    Args:
        found: `TickClock.mismatch` or `mismatch_so_far`.
        title: The instrument.
        so: What is wrong then, or to be done, as the end of the sentence.
        is_final: Whether it is given up, as it would count no better once it was opened again.

    Raises:
        ReadError: They were found not to.
    """
    if found is not None:
        text = f"{title}: its ticks count {format_short(found[0])} s in {format_short(found[1])} s{so}"
        raise ReadError(text, Reason.BAD_DATA, is_final=is_final)


def slower_by(stretches: Iterable[tuple[float, float]], before: float, rate_error: float) -> float:
    """Return by how much ticks run slower than stated, where that is clear, as what it was before where nothing is.

    The median of the slopes between stretches a quarter of all apart: delays, a burst, or samples that never came and were
    not counted make a step, and only the few slopes across it show that.

    Args:
        stretches: Of each its time by the ticks, and the least delay of an arrival behind it, ns.
        rate_error: Share by which ticks may be off.
    """
    found = list(stretches)
    if len(found) < _FEWEST_SLOPES:
        return before
    apart = max(len(found) // 4, 1)
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in zip(found, found[apart:], strict=False)]
    rate = median(slopes)
    scatter = median(abs(slope - rate) for slope in slopes)
    if abs(rate) > rate_error:
        return before
    if abs(rate) > _LEAST_SLOPE and abs(rate) > _BEYOND_SCATTER * scatter:
        return rate
    return 0.0 if scatter < _LEAST_SLOPE else before


class TickClock:
    """Turns a running tick count into host monotonic nanoseconds."""

    def __init__(self, tick_ns: float, rate_error: float = CRYSTAL_ERROR) -> None:
        """Start without any arrival.

        Args:
            tick_ns: Nominal nanoseconds per tick.
            rate_error: Share by which that may be off.
        """
        self.tick_ns = tick_ns
        self.rate_error = rate_error
        self._newest: tuple[int, int] | None = None
        self._doubt: tuple[int, int] | None = None
        self._behind: tuple[float, int] | None = (
            None  # arrival − nominal before a pause, and when that was seen
        )
        self._restart()

    def _restart(self) -> None:
        self._bins: deque[tuple[float, float]] = deque(maxlen=_BINS)  # nominal ns, least arrival − nominal
        self._bin_start = 0.0
        self._drift = 0.0
        self._offset = 0.0
        self._empty = True
        self._stretches: deque[tuple[float, float]] = deque(maxlen=_SLOPES)  # as the bins
        self._stretch_start = 0.0
        self._rate = 0.0
        # Nominal ns, arrival: of the first piece's sample with the least delay, and of the newest piece's.
        self._pieces: list[tuple[float, int]] = []
        # The same of the piece before the newest, where that is not the first.
        self._before: tuple[float, int] | None = None
        self._piece_end = 0
        self._wrong = 0

    @property
    def mismatch(self) -> tuple[float, float] | None:
        """The seconds the ticks counted and those that passed, where the two differ for 2 s by more than a clock can."""
        if self._wrong < _WRONG_PIECES:
            return None
        (counted, began), (counts, ends) = self._pieces
        return (counts - counted) / NS, (ends - began) / NS

    @property
    def mismatch_so_far(self) -> tuple[float, float] | None:
        """The same of what there is, for a stream that ends before 2 s are over; None under half a second."""
        if self.mismatch is not None or self._newest is None or len(self._pieces) < 2:
            return self.mismatch
        (counted, began), newest = self._pieces
        age_ns = self._newest[1] - (self._piece_end - _PIECE_NS)
        last = newest if age_ns >= _CATCH_UP_NS else self._before
        if last is None:
            return None
        counts, ends = last
        slack = _DELAY_NS + 2 * self.tick_ns + _SHORT_ERROR * (ends - began)
        wrong = abs(counts - counted - (ends - began)) > slack
        return ((counts - counted) / NS, (ends - began) / NS) if wrong else None

    def arrived(self, tick: int, arrival_ns: int) -> bool:
        """Note that the sample with this tick was in the host's hands at that time.

        Returns:
            Whether the tick is believed, so that `time_ns` can be asked for it.
        """
        self._watch_behind(tick, arrival_ns)
        if self._newest is not None and not self._goes_on(self._newest, tick, arrival_ns):
            if self._is_late(self._newest, tick, arrival_ns):
                self._behind = self._behind or (self._newest[1] - self._newest[0] * self.tick_ns, arrival_ns)
            elif self._doubt is None or not self._goes_on(self._doubt, tick, arrival_ns):
                self._doubt = (tick, arrival_ns)
                return False
            else:
                self._restart()
        self._newest, self._doubt = (tick, arrival_ns), None
        self._note(tick, arrival_ns)
        self._watch_rate(tick * self.tick_ns, arrival_ns)
        return True

    def _goes_on(self, before: tuple[int, int], tick: int, arrival_ns: int) -> bool:
        passed_ns = arrival_ns - before[1]
        counted_ns = (tick - before[0]) * self.tick_ns
        return abs(counted_ns - passed_ns) < 2 * self.tick_ns + NS + 0.01 * passed_ns

    def _is_late(self, before: tuple[int, int], tick: int, arrival_ns: int) -> bool:
        """Return whether a tick goes on, by less than the time that passed."""
        return before[0] < tick and (tick - before[0]) * self.tick_ns < arrival_ns - before[1]

    def _watch_behind(self, tick: int, arrival_ns: int) -> None:
        """Begin anew where ticks stay behind a pause: the instrument's clock stood still in it."""
        if self._behind is None:
            return
        usual, since = self._behind
        if arrival_ns - tick * self.tick_ns < usual + NS:
            self._behind = None
        elif arrival_ns - since > _CATCHES_UP_NS:
            self._behind = None
            self._restart()

    def _watch_rate(self, nominal: float, arrival_ns: int) -> None:
        if not self._pieces or arrival_ns >= self._piece_end:
            self._judge_rate()
            self._before = self._pieces[1] if len(self._pieces) == 2 else None
            self._pieces = [*self._pieces[:1], (nominal, arrival_ns)]
            self._piece_end = arrival_ns + _PIECE_NS
        elif arrival_ns - nominal < self._pieces[-1][1] - self._pieces[-1][0]:
            self._pieces[-1] = nominal, arrival_ns

    def _judge_rate(self) -> None:
        if len(self._pieces) == 2 and self._wrong < _WRONG_PIECES:
            (counted, began), (counts, ends) = self._pieces
            slack = _DELAY_NS + 2 * self.tick_ns + self.rate_error * (ends - began)
            self._wrong = self._wrong + 1 if abs(counts - counted - (ends - began)) > slack else 0

    def _note(self, tick: int, arrival_ns: int) -> None:
        nominal = tick * self.tick_ns
        residual = arrival_ns - nominal
        self._note_stretch(nominal, residual)
        if self._empty or nominal - self._bin_start >= _BIN_NS or nominal < self._bin_start:
            if nominal < self._bin_start:
                self._bins.clear()
            self._bin_start = nominal
            self._bins.append((nominal, residual))
            self._empty = False
            self._fit()
        elif residual < self._bins[-1][1]:
            self._bins[-1] = (nominal, residual)
            self._fit()

    def _note_stretch(self, nominal: float, residual: float) -> None:
        """Keep the least delay of each stretch, and look for a rate off whenever one is over; what was held until later samples came shows no delay of its own."""
        if nominal < self._stretch_start:
            self._stretches.clear()
        if not self._stretches or nominal - self._stretch_start >= _SLOPE_NS:
            self._rate = slower_by(self._stretches, self._rate, self.rate_error)
            self._stretch_start = nominal
        elif residual < self._stretches[-1][1]:
            self._stretches.pop()
        else:
            return
        while self._stretches and residual - self._stretches[-1][1] < _HELD * (
            self._stretches[-1][0] - nominal
        ):
            self._stretches.pop()
        self._stretches.append((nominal, residual))

    def time_ns(self, tick: int) -> int:
        """Return the host time of a tick; only after the first `arrived`."""
        nominal = tick * self.tick_ns
        return round(nominal + self._offset + self._drift * nominal)

    def _fit(self) -> None:
        """Lay a line under the least residuals: the side of their lower convex hull over the middle."""
        hull: list[tuple[float, float]] = []
        for point in self._bins:
            while len(hull) >= 2 and _turns_up(hull[-2], hull[-1], point) <= 0:
                hull.pop()
            hull.append(point)
        self._drift = self._rate
        if len(self._bins) >= 10:
            middle = (hull[0][0] + hull[-1][0]) / 2
            right = next(at for at, point in enumerate(hull) if at and point[0] >= middle)
            (x0, y0), (x1, y1) = hull[right - 1], hull[right]
            most = MAX_DRIFT if not self._rate else _LEAST_SLOPE
            self._drift = self._rate + max(-most, min(most, (y1 - y0) / (x1 - x0) - self._rate))
        recent = list(self._bins)[-10:]
        self._offset = min(residual - self._drift * nominal for nominal, residual in recent)


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def slewed(at_ns: int, nominal_ns: float, passed_ns: float) -> int:
    """Return the stamp of a sample, in ns: it follows a better estimate smoothly, and time between samples is stretched or squeezed, never stepped.

    Args:
        at_ns: Where the clock is now estimated to put it.
        nominal_ns: Where the sample before and the instrument's own time since put it.
        passed_ns: That time.
    """
    most = SLEW * passed_ns
    return round(min(max(at_ns, nominal_ns - most), nominal_ns + most))
