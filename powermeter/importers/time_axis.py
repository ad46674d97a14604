"""Builds the time axis of a log: it never turns back, its holes are gaps, and what was done to it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import INTERPOLATED_TIME, MISSING, Gap
from powermeter.errors import DataError, plural
from powermeter.importers.coarse_stamps import SpreadTimes, nearly_one_a_stamp, skipped_stamps, spread_stamps
from powermeter.importers.hole_limits import hole_notes, pauses
from powermeter.recording.rows_together import blocks_of
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration, format_percent, format_short

_LARGEST_NS = 2**62
_LARGEST_STEP = 32 * 86_400 * NS  # a jump ahead that no log's own pause explains: the clock was set
_PAUSE = 4  # usual steps, which no jump ahead is of rows that lie weeks apart
_CATCH_UP = (
    4  # rows after a step back within which an out-of-order row is distinguished from a clock set back
)
_MAX_JUMPS = 1000
_FAR = 10
_FEWEST_FOR_ENDS = 6
_SAMPLE = 1 << 20


@dataclass(slots=True)
class Axis:
    """A time axis that never turns back.

    Attributes:
        times_ns: int64, never decreasing.
        picked: Which rows of the log it stands for (indexes), or None for all.
        flags: `INTERPOLATED_TIME` where the stamp was spread, or None.
        warnings: What had to be done to it.
        gaps: Holes: steps longer than the usual ones.
        span_error: Relative half-width of the whole span, where the stamps were spread.
        resolution_ns: What the stamps were cut to, where several rows share one or all are whole seconds of a wall clock; 0 elsewhere.
        late_ns: How much later than their times rows lie in the middle of what such stamps allow; None where nothing shows it.
    """

    times_ns: NDArray[np.int64]
    picked: NDArray[np.intp] | None = None
    flags: NDArray[np.uint8] | None = None
    warnings: list[Note] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    span_error: float = 0.0
    resolution_ns: int = 0
    late_ns: int | None = None

    @property
    def kept(self) -> NDArray[np.intp]:
        """Which rows of the log it stands for, as indexes."""
        return np.arange(len(self.times_ns)) if self.picked is None else self.picked


MOST_CELLS = 100_000_000
"""Values in a table of all columns at all times of a log, 800 MB."""


def refuse_sparse(times: int, columns: int, where: str) -> None:
    """Refuse columns with times of their own that would fill memory once they stand at the times of all.

    Raises:
        DataError: They would.
    """
    if times * columns > MOST_CELLS:
        raise DataError(
            f"{where}: {columns} series at {times} times that they do not share; split it and import a few of them"
        )


def axis(
    stamps: Sequence[int | None] | NDArray[np.int64],
    where: str,
    *,
    spread: bool = True,
    holes: bool = True,
    lines: NDArray[np.int64] | None = None,
) -> Axis:
    """Build the axis of a log from its stamps.

    Rows without a stamp are left out and counted, and so are rows that stand out of order (the next rows
    catch up again).  Where the clock was set, back or by more than 32 days (four usual steps) ahead, the parts are put
    together with one usual step between them: every row keeps its place, the jump is not a time.  Where
    stamps are much coarser than the rows (several rows a second, stamped in seconds), the rows are spread
    evenly between the first and the last stamp, or, where that would contradict a stamp by more than
    its resolution, between the moments at which the stamp changes.

    Args:
        stamps: Nanoseconds, None or `MISSING`, one per row.
        where: The file, for messages.
        spread: Whether coarse stamps are spread.
        holes: Whether long steps are gaps; not so where rows come only when something changes.
        lines: The line number of each row, for messages.

    Raises:
        DataError: No row has a stamp, or one row in ten runs backwards.
    """
    if not isinstance(stamps, np.ndarray):
        stamps = np.array([MISSING if s is None or abs(s) >= _LARGEST_NS else s for s in stamps], np.int64)
    known = _known(stamps)
    if not known.any():
        raise DataError(f"{where}: no row has a time")
    warnings: list[Note] = []
    picked, times = None, stamps
    if not known.all():
        picked = np.flatnonzero(known)
        times = stamps[picked]
        lost = np.flatnonzero(~known)
        warnings.append(
            Note.warning(
                "rows-without-time",
                f"{len(lost)} of {plural(len(stamps), 'row')} have no usable time and were left out{_at(lost, lines)}",
            )
        )
    found = Axis(times, picked, None, warnings)
    _straighten(found, where, lines)
    _lone_ends(found, lines)
    times = found.times_ns
    still = _count_still(times)
    many_share = len(times) > 3 and still * 3 > len(times) - 1 and times[-1] > times[0]
    if spread and many_share and blocks_of(times) is None:
        spread_over(found, spread_stamps(times))
    elif spread and (line := nearly_one_a_stamp(times)) is not None:
        spread_over(found, line)
    elif still:
        warnings.append(
            Note.info(
                "repeated-times", f"{still} steps of 0 s: rows with the same time add nothing to an integral"
            )
        )
    if holes and (skipped := skipped_stamps(found.times_ns)):
        warnings.append(_note_of_skipped(skipped, len(times)))
    elif holes:
        found.gaps.extend(pauses(found.times_ns))
        warnings += hole_notes(found.gaps, "rows")
    return found


def _note_of_skipped(skipped: int, rows: int) -> Note:
    text = (
        f"{plural(skipped, 'second')} between {plural(rows, 'row')} a second apart {'bears' if skipped == 1 else 'bear'} none: rows that come a little "
        "slower, stamped in whole seconds, leave out as few, and so does a row that is missing; no gap"
    )
    return Note.info("skipped-stamps", text)


def _known(stamps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which stamps are times."""
    known = np.empty(len(stamps), bool)
    for start in range(0, len(stamps), _SAMPLE):
        part = stamps[start : start + _SAMPLE]
        known[start : start + _SAMPLE] = (np.abs(part) < _LARGEST_NS) & (part != MISSING)
    return known


def _at(rows: NDArray[np.intp], lines: NDArray[np.int64] | None) -> str:
    """Return the lines that rows stand in, for a message: ` (lines 3, 7, 9 …)`."""
    if lines is None or not len(rows):
        return ""
    shown = ", ".join(str(int(lines[row])) for row in rows[:5])
    return f" (line{'s' * (len(rows) > 1)} {shown}{' …' * (len(rows) > 5)})"


def _count_still(times: NDArray[np.int64]) -> int:
    return sum(
        int((np.diff(times[start : start + _SAMPLE + 1]) == 0).sum())
        for start in range(0, len(times), _SAMPLE)
    )


def usual_step(times: NDArray[np.int64]) -> float:
    """Return the median of the steps above 0, in ns, from up to a million places; 0 where there is none."""
    steps = np.diff(times[:_SAMPLE])
    steps = steps[steps > 0]
    steps = steps[steps < _largest_step(steps)]
    return float(np.median(steps)) if len(steps) else 0.0


def mean_step(times: NDArray[np.int64]) -> float:
    """Return the mean of the steps above 0, in ns, those left out that a clock was set by; 0 where there is none."""
    steps = np.diff(times)
    steps = steps[steps > 0]
    steps = steps[steps < _largest_step(steps)]
    return float(np.mean(steps)) if len(steps) else 0.0


def _largest_step(steps: NDArray[np.int64]) -> float:
    """Return the step in ns above which a clock was set ahead, of a log with such steps above 0."""
    return max(_LARGEST_STEP, _PAUSE * float(np.median(steps))) if len(steps) > _PAUSE else _LARGEST_STEP


def first_interval_ns(found: Axis, length_ns: int | None = None) -> int:
    """Return when the first row's amount began, in ns: the rows' stated length, or one usual step, before its stamp."""
    step = length_ns or int(usual_step(found.times_ns)) or 1_000_000_000
    return int(found.times_ns[0]) - step


def turn_round(where: str) -> str:
    """Return what is wrong with rows written newest first, and what to do."""
    return (
        "its rows are written newest first; turn them round and import that, under one line of header for example: "
        f"(head -n 1 {quote(where)}; tail -n +2 {quote(where)} | tac) > turned.csv"
    )


def _straighten(found: Axis, where: str, lines: NDArray[np.int64] | None) -> None:
    """Take out rows that are out of order and jumps of a clock that was set, in place."""
    times = found.times_ns
    back = np.concatenate(
        [
            np.flatnonzero(np.diff(times[s : s + _SAMPLE + 1]) < 0) + s + 1
            for s in range(0, len(times), _SAMPLE)
        ]
        or [np.empty(0, np.intp)]
    )
    some = np.diff(times[:_SAMPLE])
    largest = _largest_step(some[some > 0])
    ahead = any((np.diff(times[s : s + _SAMPLE + 1]) > largest).any() for s in range(0, len(times), _SAMPLE))
    if len(back) > 1 and len(back) == len(times) - 1:
        raise DataError(f"{where}: {turn_round(where)}")
    if len(back) * 10 > len(times) and len(back) > 1:
        raise DataError(
            f"{where}: {len(back)} of {len(times)} times run backwards; this column is not a time axis. Name another "
            "with --column NAME=s, or the rows' rate with --rate; where each row is a run of its own, it is not a log of power"
        )
    if not len(back) and not ahead:
        return
    step = int(usual_step(times)) or NS
    drop = _out_of_order(times, back, step)
    lost = np.flatnonzero(drop)
    if len(lost):
        found.warnings.append(
            Note.warning(
                "rows-out-of-order",
                f"left out: {plural(len(lost), 'row')} whose time lies before an earlier row's{_at(found.kept[lost], lines)}",
            )
        )
        found.picked = found.kept[~drop]
    times = times[~drop].copy()
    jumps = np.concatenate(
        [np.diff(times[s : s + _SAMPLE + 1]) for s in range(0, len(times), _SAMPLE)]
        or [np.empty(0, np.int64)]
    )
    sets: list[str] = []
    for before in np.flatnonzero((jumps < 0) | (jumps > largest)).tolist():
        at, jump = before + 1, int(jumps[before])
        if len(sets) >= _MAX_JUMPS:
            raise DataError(f"{where}: its clock was set more than {_MAX_JUMPS} times; no time axis")
        place = _at(found.kept[at : at + 1], lines)
        if jump < 0:
            sets.append(f"back by {format_duration(-jump / NS)}{place}")
            times[at:] += step - jump
        else:  # the later part has the time that somebody set; the earlier one is moved up to it
            sets.append(f"ahead by {format_duration(jump / NS)}{place}")
            times[:at] += jump - step
            moved = [
                Gap(g.start_ns + jump - step, g.end_ns + jump - step, g.reason, g.detail) for g in found.gaps
            ]
            found.gaps[:] = moved
        found.gaps.append(
            Gap(int(times[at]) - step, int(times[at]), "clock set", "the log's clock was set here")
        )
    if sets:
        shown = "; ".join(sets[:3]) + (f" and {len(sets) - 3} more" if len(sets) > 3 else "")
        found.warnings.append(
            Note.warning(
                "log-clock-set",
                f"the log's clock was set {shown}: the parts were joined with one usual step of "
                f"{format_duration(step / NS)} between them; the jump is not measured time",
            )
        )
    found.times_ns = times


def out_of_order(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows lie before an earlier one while the rows after them go on from there."""
    back = np.flatnonzero(np.diff(times) < 0) + 1
    return _out_of_order(times, back, int(usual_step(times)) or NS)


def _out_of_order(times: NDArray[np.int64], back: NDArray[np.intp], step: int) -> NDArray[np.bool_]:
    """Return which rows lie before an earlier one while the rows after them go on from there."""
    drop = np.zeros(len(times), bool)
    for at in back.tolist():
        ahead = _strays_ahead(times, drop, at, step)
        if ahead:
            drop[at - ahead : at] = True
            continue
        before = at - 1
        while before > 0 and drop[before]:
            before -= 1
        high = times[before]
        if drop[at] or times[at] >= high:
            continue
        reach = range(at + 1, min(at + _CATCH_UP, len(times)))
        caught = next((i for i in reach if times[i] >= high), None)
        if caught is not None and times[caught] - times[caught - 1] > 1.5 * step:
            drop[at:caught] = True
        elif at + 1 == len(times):  # nothing after the last row shows which it is
            drop[at] = True
    return drop


def _strays_ahead(times: NDArray[np.int64], drop: NDArray[np.bool_], at: int, step: int) -> int:
    """Return how many rows before a step back jumped ahead and are strays: the rows after go on from before."""
    if at + 1 == len(times):  # nothing after the last row shows which of them it is
        return 0
    for count in range(1, _CATCH_UP):
        before = at - count - 1
        if before < 0 or drop[before:at].any():
            return 0
        ahead = times[at - count] - times[before]
        if ahead > 1.5 * step and times[before] <= times[at] < times[at - count]:
            return count if times[at] - times[before] <= 4 * (count + 1) * step else 0
    return 0


def _lone_ends(found: Axis, lines: NDArray[np.int64] | None) -> None:
    """Leave out a first or a last row that lies ten times as far away as all the others are long, in place."""
    times = found.times_ns
    if len(times) < _FEWEST_FOR_ENDS:
        return
    first, last = 0, len(times)
    ends = [int(times[at]) for at in (0, 1, -2, -1)]
    if ends[3] - ends[2] > _FAR * (ends[2] - ends[0]) > 0:
        last -= 1
    if ends[1] - ends[0] > _FAR * (int(times[last - 1]) - ends[1]) > 0:
        first = 1
    lost = [*range(first), *range(last, len(times))]
    if not lost:
        return
    found.warnings.append(
        Note.warning(
            "stray-rows",
            f"{plural(len(lost), 'row at an end of the log lies', 'rows at an end of the log lie')} more than {_FAR} times as far away as the log is "
            f"long: its clock was wrong there; left out{_at(found.kept[lost], lines)}",
        )
    )
    found.times_ns, found.picked = times[first:last], found.kept[first:last]


def spread_over(found: Axis, spread: SpreadTimes) -> None:
    """Replace coarse stamps, or those of rows that were printed together, by spread ones, in place."""
    last = len(found.times_ns) - 1
    span = int(found.times_ns[-1] - found.times_ns[0]) / NS
    found.times_ns = spread.times_ns
    found.flags = np.full(last + 1, INTERPOLATED_TIME, np.uint8)
    found.span_error = spread.resolution_ns / NS / span
    found.resolution_ns, found.late_ns = spread.open_ns or spread.resolution_ns, spread.late_ns
    if spread.rows:
        found.warnings.append(
            Note.info(
                "rows-printed-together",
                f"rows come {spread.rows} at a time, each {format_duration(spread.resolution_ns / NS)}, and as their values show were measured evenly since the "
                "rows before: they were spread back over that time; an edge of an event is known to about one block",
            )
        )
        return
    found.warnings.append(
        Note.info(
            "coarse-stamps",
            f"stamps have a resolution of {spread.resolution_ns / NS:g} s; {plural(last + 1, 'row was', 'rows were')} spread {spread.how} "
            f"(mean step {format_short(span / last * 1e3, 4)} ms); the span of {span:g} s, and with it every "
            f"energy, is known to ± {format_percent(found.span_error)}",
        )
    )


def regular(count: int, period_s: float, start_ns: int = 0) -> Axis:
    """Return an axis of equal steps."""
    times = start_ns + np.rint(np.arange(count) * (period_s * NS)).astype(np.int64)
    return Axis(times)


def keep_first_step(found: Axis) -> None:
    """Put rows that share the first stamp 1 ns apart, so that no step of a counter between them is lost."""
    same = int(np.searchsorted(found.times_ns, found.times_ns[0], side="right"))
    if same > 1:
        found.times_ns = found.times_ns.copy()
        found.times_ns[:same] -= np.arange(same - 1, -1, -1)
