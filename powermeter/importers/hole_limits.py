"""Finds where rows of a log are missing, and reports it.

A live stream's gaps are noted by `recorder/silence.py`; which intervals an analysis takes for holes is in `analysis/finding_holes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap
from powermeter.errors import plural
from powermeter.recording.stretches_of_rate import stretches_of_rate
from powermeter.result.notes import Note

MAX_GAPS = 10_000

_SAMPLE = 1 << 20
_MANY = 40  # steps whose upper twentieth is known
_FAR = 100.0
_OF_CLOCKS = 3  # holes: clocks are set forward once a year, and rows are missing more often


@dataclass(frozen=True, slots=True, eq=False)
class HoleLimits:
    """From which step between rows on some are missing, for each stretch of one rate.

    Attributes:
        until_ns: Up to which time each limit counts, of all but the last.
        limits_ns: One more than those.
    """

    until_ns: NDArray[np.int64]
    limits_ns: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, times: NDArray[np.int64]) -> HoleLimits:
        """Return the limits that a log's own stamps show."""
        stretches = stretches_of_rate(times)
        if not stretches:
            return cls(times[:0], np.array([hole_limit(times)]))
        limits = [hole_limit(times[one.first : one.last + 1]) for one in stretches]
        until = [
            int(times[other.first]) if one.usual_ns < other.usual_ns else int(times[other.first + 1]) - 1
            for one, other in pairwise(stretches)
        ]
        return cls(np.array(until, np.int64), np.array(limits))

    def exceeded(self, times: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the steps between times that are longer: from time i to time i + 1."""
        limit = (
            self.limits_ns[np.searchsorted(self.until_ns, times[1:])]
            if self.until_ns.size
            else self.limits_ns[0]
        )
        found: NDArray[np.intp] = np.flatnonzero(np.diff(times) > limit)
        return found


def hole_limit(times: NDArray[np.int64]) -> float:
    """Return the step in ns above which rows are missing.

    1.6 usual steps where nine in ten (of fewer than ten: all but one) lie within 20 % of the median; where rows
    come less evenly, three medians or two upper-twentieth steps, whichever is more. Of fewer than 40 steps none is
    usual that is a hundred times as long as the shorter ones.
    """
    steps = np.diff(times[:_SAMPLE])
    steps = steps[steps > 0]
    if len(steps) < _MANY:
        return min(_limit_of_usual(steps), _far_above_lower(steps))
    return _limit_of_usual(steps)


def _far_above_lower(steps: NDArray[np.int64]) -> float:
    """Return a hundred times the median of the shorter steps, all but the longest third; infinite of one or none."""
    if len(steps) < 2:
        return np.inf
    shorter = np.sort(steps)[: max(1, len(steps) * 2 // 3)]
    return _FAR * float(np.median(shorter))


def _limit_of_usual(steps: NDArray[np.int64]) -> float:
    if len(steps) < 3:
        return np.inf
    usual, high = float(np.median(steps)), float(np.percentile(steps, 95 if len(steps) >= _MANY else 75))
    odd = int((np.abs(steps - usual) > 0.2 * usual).sum())
    even = odd <= (max(1, len(steps) // 10) if len(steps) > 3 else 0)
    return 1.6 * usual if even else max(3.0 * usual, 2.0 * high)


def pauses(times_ns: NDArray[np.int64], limit: float | None = None) -> list[Gap]:
    """Return the steps that are longer than rows usually lie apart, as gaps; at most `MAX_GAPS`."""
    limits = HoleLimits.of(times_ns) if limit is None else HoleLimits(times_ns[:0], np.array([limit]))
    found: list[Gap] = []
    for start in range(0, len(times_ns), _SAMPLE):
        part = times_ns[start : start + _SAMPLE + 1]
        for i in limits.exceeded(part).tolist():
            if len(found) >= MAX_GAPS:
                return found
            found.append(Gap(int(part[i]), int(part[i + 1]), "missed", "the log has no rows here"))
    return found


def hole_notes(
    gaps: Sequence[Gap],
    of: str = "readings",
    times_ns: NDArray[np.int64] | None = None,
    may_be_zero: int = 0,
    taken_as_lost: int = 0,
) -> list[Note]:
    """Return a note on the stretches without readings, or without rows.

    Args:
        times_ns: Of all rows, those without a reading included: where they go on through each hole, no clock was set.
        may_be_zero: How many of the missing rows may be rows of zero that the log leaves out.
        taken_as_lost: How many may only be such rows if the load is switched in step with the log's rows.
    """
    holes = [gap for gap in gaps if gap.reason in ("missed", "lost setup")]
    if not holes:
        return []
    seconds = [(gap.end_ns - gap.start_ns) / 1e9 for gap in holes]
    note = (
        f"{plural(len(holes), 'hole')} without {of}, together {sum(seconds):.6g} s (longest "
        f"{max(seconds):.6g} s): gaps, not measured"
    )
    set_forward = [s for s in seconds if s > 1799 and abs((s + 900) % 1800 - 900) <= 2.5]
    if 0 < len(set_forward) <= _OF_CLOCKS:
        note += (
            f"; {len(set_forward)} of them last{'s' * (len(set_forward) == 1)} whole half hours, as when a clock is set (summer "
            "time, a time zone): then no time passed, and their share of the energy was never used"
        )
    elif len(holes) <= _OF_CLOCKS and not all(_has_rows(gap, times_ns) for gap in holes):
        note += (
            "; a clock that is set forward leaves such a hole as well, of any length: if one was, no time passed in it, so move the stamps "
            "behind it back and import again"
        )
    notes = [Note.warning("holes", note)]
    if may_be_zero:
        text = (
            f"no row between the first and the last holds 0, so the {plural(may_be_zero, 'row')} missing may be rows of zero that this log leaves out: the interval reaches about "
            "as far as that; if it leaves them out, write them with 0 and import again"
        )
        notes.append(Note.warning("zero-rows-open", text))
    if taken_as_lost:
        text = (
            f"the {plural(taken_as_lost, 'row')} missing are taken for lost ones, since rows beside them hold as much as others; if this log leaves out "
            "rows of zero and the load is switched in step with its rows, write them with 0 and import again: they would hold nothing"
        )
        notes.append(Note.warning("rows-taken-as-lost", text))
    return notes


def end_notes(
    gaps: Sequence[Gap],
    times_ns: NDArray[np.int64],
    alive: Sequence[NDArray[np.bool_]],
    may_be_zero: int,
    lost: int,
) -> list[Note]:
    """Return the notes on stretches without readings, those at the ends of a log included.

    Args:
        gaps: Between readings.
        times_ns: Of all rows.
        alive: Of each block of rows, which ones hold a reading.
        may_be_zero, lost: As `hole_notes` takes them.
    """
    notes = hole_notes(gaps, "readings", times_ns, may_be_zero, lost)
    known = np.flatnonzero(np.concatenate(alive)) if alive else np.empty(0, np.intp)
    if not len(known):
        return notes
    first, last = int(known[0]), int(known[-1])
    ends = [
        (first, times_ns[0], times_ns[first], "first"),
        (len(times_ns) - 1 - last, times_ns[last], times_ns[-1], "last"),
    ]
    open_ = [
        f"the {which} {plural(rows, 'row')} ({(int(end) - int(start)) / 1e9:.6g} s)"
        for rows, start, end, which in ends
        if rows > 1 and end > start
    ]
    if not open_:
        return notes
    text = f"{' and '.join(open_)} hold no reading: what was used in them is in no energy of this recording, which lasts from the first reading to the last"
    return [*notes, Note.warning("ends-without-readings", text)]


def _has_rows(gap: Gap, times_ns: NDArray[np.int64] | None) -> bool:
    if times_ns is None:
        return False
    return bool(np.searchsorted(times_ns, gap.end_ns) - np.searchsorted(times_ns, gap.start_ns, side="right"))
