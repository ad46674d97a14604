"""One quantity of one rail as numpy columns in SI, with what is known about its errors.

Where traces come from is in `decoding.py`; which rails there are and how they nest, in `rails.py`; how
they are integrated, in `analysis/integral.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap, Kind, Quantity, Rail
from powermeter.errors import plural
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.signals.kept_readings import Kept

_OVERLAP = 1.5  # intervals


@dataclass(frozen=True, slots=True)
class CommonError:
    """An error that every sample of a trace shares.

    Attributes:
        key: `kind:origin` as in `Result.parts`; equal keys are the same error.
        relative: Standard uncertainty relative to the value.
        absolute: Standard uncertainty in the trace's unit, moving together with `relative`.
        limit: Whether it comes from a stated limit (rectangular) and not from a deviation (normal).
    """

    key: str
    relative: float = 0.0
    absolute: float = 0.0
    limit: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The samples of one quantity of one rail.

    Attributes:
        times_ns: int64, shape (n,), never decreasing; the recording's monotonic clock.
        values: float64, shape (n,), SI.  Counters: unwrapped running total, 0 at the first sample.
        quantity: What it is; determines `unit`.
        kind: How a sample relates to time.
        rail: The rail, or None.
        grade: The worst grade of what went in.
        errors: Errors common to all samples.
        noise: Standard deviation of one sample as specified, in `unit`; 0 where unknown.
        noise_seen: Whether that is what rows between events show, of a mean whose smallest steps leave room for more.
        step: The resolution in `unit`; 0 where unknown.
        code: Size of one raw code in `unit`, to which values are rounded whatever is stated; 0 where unknown.
        gaps: Stretches without trustworthy data that touch this trace, sorted by start.
        channels: The channels it was made from.
        source: The recording's identifier of the source; several joined by ` + `.
        window_ns: Averaging window of a `mean` channel where it is not the sample interval; such a
            trace has been shifted by half of it and counts as `instant`.
        window_noise: Of a running mean unfolded into its intervals: the noise of a whole window's energy, as a multiple of one interval's.
        interval_ns: Median distance of two samples; 0 for fewer than two.
        clock_ns: Standard uncertainty of the time stamps against the events, common to all samples.
        refresh_ns: The part of `clock_ns` that comes from the instrument's own refresh.
        skew_ns: The part of it that comes from voltage and current being of different moments.
        tick_ns: Tick of the clock in which its stamps are counted, as their distances show; 0 where they show none.
        repeats: Samples left out because the instrument had not refreshed.
        left_out: Samples left out because no load can have caused them.
        saturated: Samples at the end of the instrument's range.
        saturated_ns: When those were at its upper end, sorted; None where none was.
        notes: What a reader of a report should know.
        kept: Which readings these are of a run too long to be held, and the sums over all; None where all are here.
        sampling: Who chose the moments of its readings, as the recording describes the source; empty where it does not (a log).
        recording: Names the recording, where results of several may meet; set by `analyse`.
        remembered: Numbers that were asked of all its readings before, for who asks again for each of many labels.
        looked_for: What was looked for in all its readings before, and found; None where it was not.
    """

    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    quantity: Quantity
    kind: Kind = Kind.INSTANT
    rail: Rail | None = None
    grade: Grade = Grade.MEASURED
    errors: tuple[CommonError, ...] = ()
    noise: float = 0.0
    step: float = 0.0
    code: float = 0.0
    gaps: tuple[Gap, ...] = ()
    channels: tuple[str, ...] = ()
    source: str = ""
    window_ns: int | None = None
    window_noise: float = 0.0
    interval_ns: int = 0
    clock_ns: float = 0.0
    refresh_ns: float = 0.0
    skew_ns: float = 0.0
    tick_ns: int = 0
    repeats: int = 0
    left_out: int = 0
    saturated: int = 0
    saturated_ns: NDArray[np.int64] | None = None
    notes: tuple[Note, ...] = ()
    kept: Kept | None = None
    sampling: str = ""
    recording: str = ""
    noise_seen: bool = False
    remembered: dict[str, float] = field(init=False, repr=False, default_factory=dict)
    looked_for: dict[str, object] = field(init=False, repr=False, default_factory=dict)

    def __repr__(self) -> str:
        rail = "no rail" if self.rail is None else self.rail.name
        return f"<Trace of {self.quantity.value} on {rail}: {plural(len(self), 'sample')}, {self.kind.value}, {self.grade.value}>"

    @property
    def unfolded(self) -> bool:
        """Whether the readings were means over windows that overlap."""
        return bool(
            self.kind is Kind.MEAN
            and self.window_ns
            and self.interval_ns
            and self.window_ns > _OVERLAP * self.interval_ns
        )

    @property
    def at_its_steps(self) -> bool:
        """Whether its stamps are those of a counter's own steps, between which rows were left out."""
        return self.kind is Kind.COUNTER and bool(self.repeats and self.refresh_ns)

    def independent(self, n: NDArray[Any]) -> NDArray[np.float64]:
        """Return as how many intervals, whose noise is independent, rows of n of them are known.

        Unfolded from longer windows, neighbours share the noise of the reading between them with opposite signs: what is left of a row is
        that of its two ends, as it is of one, and that of the whole windows in it, each of which is a reading.
        """
        if not self.unfolded:
            return np.asarray(n, np.float64)
        windows = np.asarray(n, np.float64) * self.interval_ns / (self.window_ns or 1)
        found: NDArray[np.float64] = np.minimum(n, 1.0 + self.window_noise**2 * windows)
        return found

    @property
    def unit(self) -> str:
        """The SI unit of `values`."""
        return self.quantity.unit

    @property
    def own(self) -> str:
        """What names errors that are this trace's alone: noise and repeats of another recording are others."""
        return self.within("+".join(self.channels))

    def within(self, origin: str) -> str:
        """Return an error's origin together with the recording that alone has it."""
        return f"{origin} @ {self.recording}" if self.recording else origin

    def __len__(self) -> int:
        return self.times_ns.size

    @property
    def start_ns(self) -> int:
        """The time of the first sample."""
        return int(self.times_ns[0])

    @property
    def end_ns(self) -> int:
        """The time of the last sample."""
        return int(self.times_ns[-1])

    def between(self, start_ns: int, end_ns: int) -> Trace:
        """Return the samples with start ≤ time ≤ end."""
        first, last = np.searchsorted(self.times_ns, [start_ns, end_ns + 1])
        kept = None if self.kept is None else self.kept.part(int(first), int(last))
        return replace(self, times_ns=self.times_ns[first:last], values=self.values[first:last], kept=kept)

    @property
    def readings(self) -> int:
        """How many readings the trace stands for: more than it holds where it is of a long run."""
        return len(self) if self.kept is None else int(self.kept.place[-1]) - int(self.kept.place[0]) + 1

    def mean(self) -> float:
        """Return the mean of the readings (a counter's values), each by itself as in `values`."""
        if self.kept is None or self.kept.sums is None:
            return float(np.mean(self.values))
        span = (self.end_ns - self.start_ns) * 1e-9
        return float(self.kept.sums[-1] - self.kept.sums[0]) / span if span > 0 else float(self.values[0])

    @property
    def digest(self) -> str:
        """What distinguishes a recording's own errors from those of any other, and is the same for a copy of it."""
        seen = (self.start_ns, self.end_ns, len(self), float(self.values.sum()))
        return f"{zlib.crc32(repr(seen).encode()):08x}"


def median_interval_ns(times_ns: NDArray[np.int64]) -> int:
    """Return the median distance of two samples; long columns are looked at in 64 places."""
    n = times_ns.size
    if n < 2:
        return 0
    if n <= 65_536:
        return int(np.median(np.diff(times_ns)))
    starts = np.linspace(0, n - 1025, 64).astype(np.int64)
    return int(np.median(np.concatenate([np.diff(times_ns[s : s + 1025]) for s in starts])))


def joined_times(traces: Sequence[Trace]) -> NDArray[np.int64] | None:
    """Return when any of some traces was at the upper end of its range, sorted; None where none was."""
    found = [t.saturated_ns for t in traces if t.saturated_ns is not None]
    return np.unique(np.concatenate(found)) if found else None
