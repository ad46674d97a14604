"""Where an external meter's recording lies on the host's clock: offset and drift by correlation.

What the host did (a played pattern, or the run's own events) is a waveform of known moments.  The
meter's trace is searched for it; the best place is refined below one sample by the likelihood of the
offset, the meter's own way of sampling (instant or mean) included.  A second place that fits nearly
as well, or none that fits, is refused: never a confident wrong answer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.signals.trace import Trace
from powermeter.units import format_short

from .meter_trace import MeterTrace
from .position import Match, find, judged, template_of
from .waveform import Waveform, activity_waveform, pattern_waveforms

MAX_DRIFT = 1000e-6
UNKNOWN_DRIFT = 100e-6
"""Standard uncertainty of a drift that one place cannot show: two quartz clocks are within 200 ppm, assumed."""
_PART = 8192
PIECE = 1 << 18
_FEWEST_PARTS, _MOST_PARTS = 6, 24
_DOUBT = 0.2

FOLLOWS_NS = 50e6
"""Power follows its program within 50 ms (a driver's queue, clocks that rise, regulators), assumed: the same delay of all edges looks
like an offset of the clocks, and nothing in the trace distinguishes them."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A meter's clock on the host's clock.

    host = t + `offset_ns` + `drift` × (t − `origin_ns`)

    Attributes:
        offset_ns: At `origin_ns` (meter's clock).
        drift: Relative.
        offset_u_ns, drift_u: Standard uncertainties.
        residual_ns: How far single places lie from the line; 0 where two places make it.
        confidence: 0 to 1: how much better the place fits than the second best.
        method: `pattern`, `activity` or `markers`.
        places: How many separate places were matched.
    """

    offset_ns: float
    drift: float
    origin_ns: int
    offset_u_ns: float
    drift_u: float
    residual_ns: float
    confidence: float
    method: str
    places: int

    def to_host(self, times_ns: Any) -> NDArray[np.int64]:
        """Return host times of meter times."""
        times = np.asarray(times_ns, np.int64)
        moved: NDArray[np.int64] = times + np.rint(
            self.offset_ns + self.drift * (times - self.origin_ns)
        ).astype(np.int64)
        return moved

    def to_fact(self, source: Any) -> dict[str, Any]:
        """Return the fact that a recording keeps: `alignment` of one of its sources."""
        return {"source": source, **asdict(self)}


def align(trace: Trace | MeterTrace, events: Sequence[Event]) -> Alignment:
    """Return the alignment of a meter's trace with the host's events.

    By the played patterns where there are any, else by the run's own activity.

    Raises:
        DataError: Nothing fits, or more than one place does; the message states which.
    """
    all_seen = trace if isinstance(trace, MeterTrace) else MeterTrace(trace)
    patterns = pattern_waveforms(events)
    whole = None if patterns else activity_waveform(events)

    def once(seen: MeterTrace) -> Alignment:
        if whole is None:
            return _line(seen, [_find_pattern(seen, w) for w in patterns], "pattern")
        return _by_activity(seen, whole)

    rough = once(all_seen)
    # The drift blurs each place; with the first estimate taken out they are found sharp.
    base = rough.origin_ns
    fine = once(all_seen.without(base, rough.drift))
    drift = (1 + fine.drift) * (1 + rough.drift) - 1
    found = replace(
        fine, offset_ns=fine.offset_ns + fine.drift * (base - fine.origin_ns), drift=drift, origin_ns=base
    )
    if whole is None:
        return found
    return replace(found, offset_u_ns=math.hypot(found.offset_u_ns, FOLLOWS_NS / math.sqrt(3.0)))


def _find_pattern(seen: MeterTrace, waveform: Waveform) -> Match:
    """Find a played pattern: in all of a long recording piece by piece, then sharply where it fits best."""
    if seen.long is None:
        return find(seen.trace, waveform)
    length = int(waveform.edges_ns[-1] - waveform.edges_ns[0])
    overlap = length + 8 * seen.interval_ns
    candidates: list[Match] = []
    for piece in seen.pieces(max(PIECE * seen.interval_ns, 4 * length), overlap):
        if len(piece) >= 16 and piece.end_ns - piece.start_ns > length + 2 * seen.interval_ns:
            candidates.append(find(piece, waveform, refine=False, judge=False))
    if not candidates:
        raise DataError("the meter's recording is shorter than the load it should hold")
    best = max(candidates, key=lambda place: place.fit)
    others = [one.fit for one in candidates if abs(one.meter_ns - best.meter_ns) > length / 2]
    second = max([best.second, *others])
    grid = float(seen.interval_ns)
    judged(best.fit, second, template_of(waveform, grid), "pattern")
    found = _sharply(seen, waveform, best.offset_ns, 4 * grid, "pattern")
    return replace(found, second=second)


def _sharply(seen: MeterTrace, waveform: Waveform, offset_ns: float, reach_ns: float, method: str) -> Match:
    """Find a waveform within a reach of where it should lie, in the readings themselves."""
    reach = round(reach_ns) + 32 * seen.interval_ns
    start, end = int(waveform.edges_ns[0]), int(waveform.edges_ns[-1])
    part = seen.between(round(start - offset_ns) - reach, round(end - offset_ns) + reach)
    return find(part, waveform, method, near=(offset_ns, reach_ns))


def _by_activity(seen: MeterTrace, whole: Waveform) -> Alignment:
    """Align by the run's own load: first all of it, then its parts near that place for the drift."""
    first = find(seen.trace, whole, "activity", refine=False)
    start, end = int(whole.edges_ns[0]), int(whole.edges_ns[-1])
    places = []
    interval = max(seen.interval_ns, 1)
    reach = MAX_DRIFT * (end - start) + 4 * max(seen.trace.interval_ns, interval)
    longest = _PART * interval
    parts = min(max((end - start) // longest, _FEWEST_PARTS), _MOST_PARTS)
    cuts = np.linspace(start, end, parts + 1).astype(np.int64).tolist()
    for a, b in itertools.pairwise(cuts):
        part = whole.part(a, min(b, a + longest))
        if not 0.05 < float(np.average(part.levels, weights=np.diff(part.edges_ns))) < 0.95:
            continue
        try:
            if seen.long is None:
                places.append(find(seen.trace, part, "activity", near=(first.offset_ns, reach)))
            else:
                places.append(_sharply(seen, part, first.offset_ns, reach, "activity"))
        except DataError:
            continue
    if len(places) < 2:
        raise DataError(
            "the run's own activity does not fix the meter's clock: too few of its parts fit; "
            "play a pattern with: powermeter sync"
        )
    return _line(seen, places, "activity")


def _line(seen: MeterTrace, places: list[Match], method: str) -> Alignment:
    meter = np.array([p.meter_ns for p in places])
    offsets = np.array([p.offset_ns for p in places])
    # Events of unlike power pull each place by more than the likelihood of one height shows.
    floor = seen.interval_ns * (0.06 if method == "activity" else 0.01)
    spread = np.array([math.hypot(p.spread_ns, floor) for p in places])
    origin = int(meter.mean())
    confidence = min(1 - max(p.second, 0.0) / p.fit for p in places)
    base = float(offsets[0])
    if len(places) == 1:
        return Alignment(base, 0.0, origin, float(spread[0]), UNKNOWN_DRIFT, 0.0, confidence, method, 1)
    x, y = meter - origin, offsets - base
    keep = np.ones(x.size, bool)
    for _ in range(2):
        weights = keep / spread**2
        total, mx = weights.sum(), (weights * x).sum() / weights.sum()
        my = (weights * y).sum() / total
        lever = (weights * (x - mx) ** 2).sum()
        drift = float((weights * (x - mx) * (y - my)).sum() / lever) if lever else 0.0
        left = y - my - drift * (x - mx)
        limit = 3 * max(1.4826 * float(np.median(np.abs(left[keep]))), seen.interval_ns * 0.1)
        keep = np.abs(left) <= limit
        if keep.sum() < 2:
            break
    residual = float(np.sqrt(np.mean(left[keep] ** 2))) if keep.sum() > 2 else 0.0
    if keep.sum() < max(2, math.ceil(0.6 * x.size)) or residual > seen.interval_ns:
        raise DataError(
            "the positions at which the load was recognised do not lie on one clock; play a longer pattern"
        )
    if abs(drift) > MAX_DRIFT:
        raise DataError(
            f"the two clocks would drift by {drift * 1e6:.0f} ppm: the positions found do not belong together"
        )
    scale = max(1.0, residual / float(np.sqrt(np.mean(spread[keep] ** 2))))
    offset = base + my - drift * mx
    far = max(origin - seen.trace.start_ns, seen.trace.end_ns - origin)
    doubt = 2 * scale * math.hypot(1 / math.sqrt(total), far / math.sqrt(lever) if lever else 0.0)
    if method == "activity" and doubt > _DOUBT * seen.interval_ns:
        raise DataError(
            f"the run's own activity fixes the meter's clock only to ±{format_short(doubt * 1e-6)} ms at the ends; "
            "play a pattern with: powermeter sync"
        )
    return Alignment(
        offset,
        drift,
        origin,
        scale / math.sqrt(total),
        scale / math.sqrt(lever) if lever else 0.0,
        residual,
        confidence,
        method,
        int(keep.sum()),
    )
