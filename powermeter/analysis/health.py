"""How well each source did its work, and whether two views of the same thing agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import REPEAT, SATURATED, Boundary, Gap
from powermeter.errors import DataError, Reason, plural
from powermeter.recording.protocol import RecordingLike, SourceInfo
from powermeter.recording.stored_summaries import Summaries
from powermeter.result import Result
from powermeter.signals.clock_ticks import as_clocked, open_in_ticks
from powermeter.signals.line import Line
from powermeter.units import format_duration

_FEW_PIECES = 32

_COMPARABLE = (Boundary.WALL, Boundary.BATTERY, Boundary.BOARD, Boundary.MODULE, Boundary.DEVICE)
_WHOLE = (Boundary.WALL, Boundary.BATTERY, Boundary.BOARD, Boundary.MODULE, Boundary.MODEL)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source of a recording did.

    Attributes:
        source: Its identifier in the recording.
        name, url: Its name and URL.
        samples: Rows recorded.
        seconds: From the first to the last.
        rate_hz: Samples a second on average; None for fewer than two.
        interval_s: Median distance of two samples; None for fewer than two.
        asked_s: The interval asked for, where the recording knows it.
        longest_s: The longest distance of two samples.
        missed: Deadlines missed or samples dropped, as counted.
        repeats: Rows in which the instrument had not refreshed.
        saturated: Rows at the end of the range.
        gaps: All gaps.
        gap_s: Their length together, and that of pauses nobody noted that were bridged; of a gap that was bridged
            the bridged part: a reading that is a mean covers its own interval.
        noted_s: The same of the gaps alone that are no missed deadlines.
        bridged: How many holes among the readings were bridged that only missed deadlines, or nothing, accounts
            for; None where this source's rail was not the one counted.
        bridged_s: Their length together.
    """

    source: str
    name: str
    url: str
    samples: int
    seconds: float
    rate_hz: float | None
    interval_s: float | None
    asked_s: float | None
    longest_s: float | None
    missed: int
    repeats: int
    saturated: int
    gaps: tuple[Gap, ...]
    gap_s: float
    noted_s: float
    bridged: int | None = None
    bridged_s: float = 0.0

    def __repr__(self) -> str:
        return (
            f"<SourceHealth {self.name}: {plural(self.samples, 'sample')} in {format_duration(self.seconds)}>"
        )


def source_health(
    recording: RecordingLike, source: SourceInfo, integral: Integral | None = None
) -> SourceHealth:
    """Return the health of one source of a recording; `integral` is what was counted of it, whose holes are bridged."""
    known = recording.gaps(source.id)
    stood = () if integral is None else integral.trace.gaps
    gaps = (*known, *(gap for gap in stood if gap.reason == Reason.FROZEN.value and gap not in known))
    flags = recording.flag_counts(source.id)
    repeats, saturated = (
        sum(count for value, count in flags.items() if value & bit) for bit in (REPEAT, SATURATED)
    )
    pieces = recording.summaries(source.id)
    n = int(pieces.count.sum())
    first, last = (int(pieces.start_ns[0]), int(pieces.end_ns[-1])) if n else (None, None)
    longest, usual = longest_and_usual(recording, source.id, pieces)
    seconds = (last - first) * 1e-9 if first is not None and last is not None else 0.0
    noted = [gap for gap in gaps if gap.reason != "missed"]
    unnoted, bridged = _apart(integral, gaps), _apart(integral, noted)
    asked = (source.info or {}).get("period_ns") if isinstance(getattr(source, "info", None), dict) else None
    return SourceHealth(
        source=str(source.id),
        name=source.name or source.url,
        url=source.url,
        samples=n,
        seconds=seconds,
        rate_hz=(n - 1) / seconds if n > 1 and seconds > 0 else None,
        interval_s=usual * 1e-9 if n > 1 else None,
        asked_s=float(asked) * 1e-9 if asked else None,
        longest_s=longest * 1e-9 if n > 1 else None,
        missed=sum(g.lost or 0 for g in gaps),
        repeats=repeats,
        saturated=saturated,
        gaps=gaps,
        gap_s=(_length(integral, gaps) + int(unnoted.sum())) * 1e-9,
        noted_s=_length(integral, noted) * 1e-9,
        bridged=None if integral is None else bridged.size,
        bridged_s=int(bridged.sum()) * 1e-9,
    )


def _length(integral: Integral | None, gaps: Sequence[Gap]) -> int:
    """Return how long gaps are together (ns); of those with a hole that was bridged, how long their holes are."""
    if integral is None or not integral.hole.size:
        return sum(gap.end_ns - gap.start_ns for gap in gaps)
    start, end = integral.gap_start, integral.gap_end
    of_holes = int((end - start).sum() - _apart(integral, gaps).sum())
    first = np.searchsorted(end, [gap.start_ns for gap in gaps], "right")
    upto = np.searchsorted(start, [gap.end_ns for gap in gaps], "left")
    others = (gap for gap, a, b in zip(gaps, first, upto, strict=True) if a >= b)
    return of_holes + sum(gap.end_ns - gap.start_ns for gap in others)


def _apart(integral: Integral | None, gaps: Sequence[Gap]) -> NDArray[np.int64]:
    """Return the lengths (ns) of the holes that no gap of these overlaps."""
    if integral is None:
        return np.empty(0, np.int64)
    start, end = integral.gap_start, integral.gap_end
    if not gaps:
        return end - start
    ordered = sorted(gaps, key=lambda gap: gap.start_ns)
    begins = np.array([gap.start_ns for gap in ordered], np.int64)
    reach = np.maximum.accumulate(np.array([gap.end_ns for gap in ordered], np.int64))
    before = np.searchsorted(begins, end, "left") - 1
    overlaps = (before >= 0) & (reach[np.maximum(before, 0)] > start)
    apart: NDArray[np.int64] = (end - start)[~overlaps]
    return apart


def longest_and_usual(recording: RecordingLike, source: int, pieces: Summaries) -> tuple[int, float]:
    """Return the longest distance of two samples and the usual one, ns: from the sums of whole pieces where those show it."""
    counted = pieces.entries[:, : len(pieces.channels)]["count"]
    whole = bool(counted.size) and bool((counted[:, 0] == pieces.count).all())
    if not whole or len(pieces) <= _FEW_PIECES:
        longest, usual, last = 0, [], None
        for piece in recording.stream(source, channels=()):
            times = piece.times_ns
            steps = np.diff(times if last is None else np.concatenate([[last], times]))
            longest = max(longest, int(steps.max(initial=0)))
            usual += [int(np.median(steps))] if steps.size else []
            last = int(times[-1]) if times.size else last
        return longest, float(np.median(usual)) if usual else 0.0
    apart = int((pieces.start_ns[1:] - pieces.end_ns[:-1]).max(initial=0))
    longest = max(int(pieces.entries[:, 0]["longest_ns"].max()), apart)
    seconds = pieces.end_ns - pieces.start_ns
    means = seconds / np.maximum(pieces.count - 1, 1)
    typical = int(np.argsort(means)[len(means) // 2])
    steps = np.diff(
        recording.slice(source, int(pieces.start_ns[typical]), int(pieces.end_ns[typical])).times_ns
    )
    return longest, float(np.median(steps)) if steps.size else float(means[typical])


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two views of the same thing over the time both saw it.

    Attributes:
        left, right: The rails' keys, or channels where one rail has two ways to its energy.
        seconds: The time both cover.
        energy_left, energy_right: In J.
        difference: left − right in J, with its interval.
        ratio: left / right, or None where right is 0.
        agree: Whether the difference's interval holds 0.
        same: Whether both cover the same; a plug and a board's input do not.
    """

    left: str
    right: str
    seconds: float
    energy_left: Result
    energy_right: Result
    difference: Result
    ratio: float | None
    agree: bool
    same: bool = True

    @property
    def verdict(self) -> str:
        """What the difference means, in words."""
        if not self.same:
            return "do not cover the same; their difference is also what only one of them sees"
        return "agree within their intervals" if self.agree else "disagree by more than their intervals allow"


def disagreements(found: Sequence[Line]) -> tuple[Disagreement, ...]:
    """Compare what different sources report for the same time, pair by pair.

    Rails of equal boundary are compared; of two sources that share none, the widest rails are, which
    do not cover the same (a plug and a board's input, a measurement and an estimate).
    """
    pairs = []
    compared = set()
    for i, left in enumerate(found):
        for right in found[i + 1 :]:
            same = left.rail.boundary is right.rail.boundary and left.rail.boundary in _COMPARABLE
            named = left.rail.boundary is not Boundary.DEVICE or left.rail.name == right.rail.name
            if same and named and left.source != right.source:
                pair = _compare(left, right)
                if pair is not None:
                    pairs.append(pair)
                    compared.add(frozenset((left.source, right.source)))
    widest = {
        line.source: line for line in sorted(found, key=_width, reverse=True) if line.rail.boundary in _WHOLE
    }
    for left, right in combinations(sorted(widest.values(), key=_width), 2):
        if frozenset((left.source, right.source)) not in compared:
            pair = _compare(left, right)
            if pair is not None:
                pairs.append(replace(pair, same=False))
    return tuple(pairs)


def _width(line: Line) -> tuple[int, bool]:
    return tuple(Boundary).index(line.rail.boundary), line.rail.parent is not None


def _compare(left: Line, right: Line) -> Disagreement | None:
    a, b = left.power(), right.power()
    if a is None or b is None:
        return None
    try:
        first, second = (Integral.of(open_in_ticks(as_clocked(one), placed=False)) for one in (a, b))
    except DataError:
        return None
    start, end = max(first.start_ns, second.start_ns), min(first.end_ns, second.end_ns)
    if end <= start:
        return None
    one = measure_run(first, start, end, bridges=Bridges.of(first)).energy
    two = measure_run(second, start, end, bridges=Bridges.of(second)).energy
    difference = one - two
    return Disagreement(
        left=left.key,
        right=right.key,
        seconds=(end - start) * 1e-9,
        energy_left=one,
        energy_right=two,
        difference=difference,
        ratio=one.value / two.value if two.value else None,
        agree=difference.low <= 0 <= difference.high,
    )
