"""What a reader of a comparison must know: how the repeats were made, what they share, what may stand behind a difference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from powermeter.analysis.unrecorded_time import unrecorded
from powermeter.comparison.contrast import Contrast
from powermeter.comparison.pairs_and_turns import Design
from powermeter.comparison.runs import AnalysedRun
from powermeter.errors import plural
from powermeter.result.notes import Note, having, once
from powermeter.units import format_quantity

OF_DESIGN: Mapping[Design, str] = {
    Design.TURNS: "the sides took turns: what drifts or wanders, such as temperature, falls out",
    Design.ORDER: (
        "one side was measured after the other: the interval allows for a load that drifts or wanders meanwhile, and "
        "would be a half or a third as wide had they taken turns"
    ),
    Design.PAIRED: "equal inputs are compared: what they have in common falls out",
    Design.ONE_RUN: (
        "one run before or after several: a drift may be the difference, so nothing is concluded about the programs; put it "
        "between them, or repeat it"
    ),
    Design.THESE_RUNS: (
        "these two runs are compared, not the programs: what changes from run to run (temperature, other programs) is in "
        "the difference and not in the interval; take turns, or record at least three runs a side"
    ),
    Design.SINGLE: (
        "one value a side: the interval holds the errors of the meters, and nothing is known about how much runs vary; "
        "take turns, or record at least three runs a side"
    ),
}
"""Design → what it means for the difference."""

_BOUNDARY: Mapping[str, str] = {"model": "a model's estimate"}
"""A boundary whose name is read as something else → its words."""


def of(
    left: Sequence[AnalysedRun], right: Sequence[AnalysedRun], rows: Mapping[str, Contrast], shared: bool
) -> tuple[Note, ...]:
    """Return one note for each thing that a reader must know; warnings state what else may stand behind a difference."""
    found = [_instruments(left, right, shared)]
    for design in dict.fromkeys(row.design for row in rows.values()):
        found.append(Note.info(f"design-{design.value.replace(' ', '-')}", OF_DESIGN[design]))
    counts = len(left), len(right)
    if max(counts) > 1:
        if not all(run.started_s is not None for run in (*left, *right)):
            text = "a recording has no time of day: A's are taken to come first, in the order given"
            found.append(Note.info("order-unknown", text))
        if min(counts) == 1:
            text = (
                "one side is a single recording: it is assumed to vary from run to run as the other side does"
            )
            found.append(Note.info("single-recording", text))
        if sum(counts) < 6:
            text = (
                "too few recordings to show how much they vary; three a side make the intervals far narrower"
            )
            found.append(Note.info("few-recordings", text))
    elif any(
        row.design is Design.THESE_RUNS and 1 in (row.repeats_left, row.repeats_right)
        for row in rows.values()
    ):
        text = "one side is a single event: it is assumed to vary as the other side's do"
        found.append(Note.info("single-event", text))
    if any(row.items is None for run in (*left, *right) for row in run.analysis.rows if row.title in rows):
        text = "how many items an event holds is not known: what is compared is per event"
        found.append(Note.info("count-unknown", text))
    for title, row in rows.items():
        cut = row.warmup_left, row.warmup_right
        if any(cut):
            text = f"{title}: left out as warm-up: {_first(cut[0])} of A, {_first(cut[1])} of B"
            found.append(Note.info("warm-up", text))
    if len(rows) > 1:
        text = f"{plural(len(rows), 'label')}: the verdicts hold jointly (Holm), each ± on its own"
        found.append(Note.info("several-labels", text))
    return (*found, *_warnings(left, right))


def _instruments(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun], shared: bool) -> Note:
    if shared:
        return Note.info(
            "one-instrument", "one instrument measured both sides: its gain and offset are common and cancel"
        )
    if not {run.instrument for run in left} & {run.instrument for run in right}:
        return Note.info("two-instruments", "two instruments: the errors of both are in the interval")
    return Note.info("several-instruments", "several instruments: only what they share cancels")


def _warnings(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> list[Note]:
    found = []
    programs = [_listed(run.program for run in runs) for runs in (left, right)]
    if all(programs) and programs[0] != programs[1]:
        text = f"different programs: A ran {programs[0]}, B ran {programs[1]}"
        found.append(Note.warning("different-programs", text))
    if _counts_other_things(left, right):
        a, b = (_listed(map(_counted, runs)) for runs in (left, right))
        text = f"the sides do not cover the same (A: {a}; B: {b}): the difference includes what only one of them covers"
        found.append(Note.warning("different-boundaries", text))
    for name in dict.fromkeys(run.name for run in (*left, *right) if run.throttled):
        text = f"{name}: the board throttled itself while it ran; powermeter show reports when"
        found.append(Note.warning("throttled", text))
    return found


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted({name for name in names if name}))


def _counted(run: AnalysedRun) -> str:
    """Return what a run's rail covers and what it is: `module: everything the module draws`."""
    boundary = run.analysis.line.rail.boundary.value
    return f"{_BOUNDARY.get(boundary, boundary)}: {run.analysis.covers}"


def _counts_other_things(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> bool:
    """Return whether boundaries differ, or other instruments cover other things."""
    rails = [{run.analysis.line.rail.boundary for run in runs} for runs in (left, right)]
    covers = [{run.analysis.covers for run in runs} for runs in (left, right)]
    is_shared = bool({run.instrument for run in left} & {run.instrument for run in right})
    return rails[0] != rails[1] or (not is_shared and covers[0] != covers[1])


def warned(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> tuple[Note, ...]:
    """Return what the recordings warn of themselves, each with the name of its file."""
    return once(note for run in (*left, *right) for note in run.analysis.warnings)


def unmeasured(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> tuple[Note, ...]:
    """Return a warning for each recording of which a part was not measured."""
    found: list[Note] = []
    for run in (*left, *right):
        missing = unrecorded(run.analysis)
        if missing is not None:
            rest = "; no verdict rests on the remainder" if missing.is_much else ""
            found.append(Note.warning("unseen-end", f"{run.name}: {missing.text}{rest}"))
        found += [note.about(run.name) for note in having(run.analysis.notes, "stood-still")]
    return once(found)


def lacks_much(run: AnalysedRun) -> bool:
    """Return whether so much of a run was not measured that no verdict may rest on the remainder."""
    missing = unrecorded(run.analysis)
    return missing is not None and missing.is_much


def same_recording(
    left: Sequence[AnalysedRun], right: Sequence[AnalysedRun], same_label: bool
) -> tuple[Note, ...]:
    """Return a warning where a recording is compared with itself."""
    both = {run.recording for run in left} & {run.recording for run in right}
    if not both or not same_label:
        return ()
    name = next(run.name for run in left if run.recording in both)
    text = f"{name} is on both sides: a recording compared with itself shows no difference, whatever it holds"
    return (Note.warning("same-recording", text),)


def _first(count: int) -> str:
    return {0: "none", 1: "the first"}.get(count, f"the first {count:,}")


def baselines(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> Iterator[Note]:
    """Yield what was subtracted from either side."""
    for side, runs in (("A", left), ("B", right)):
        texts = list(
            dict.fromkeys(run.analysis.baseline.text for run in runs if run.analysis.baseline is not None)
        )
        if texts:
            more = f" (and {len(texts) - 1} more, one per recording)" if len(texts) > 1 else ""
            text = f"{texts[0]}{more} is subtracted: the comparison is of what is above it"
            yield Note.info("baseline-subtracted", f"{side}: {text}")


_OTHER_ESTIMATE: Mapping[Design, str] = {
    Design.TURNS: "what drifts or wanders over the order of the repeats is taken out",
    Design.ORDER: "what drifts or wanders over the order of the runs is taken out",
    Design.ONE_RUN: "what drifts or wanders over the order of the runs is taken out",
    Design.PAIRED: "it is the mean within complete pairs",
}


def other_estimates(rows: Mapping[str, Contrast]) -> Iterator[Note]:
    """Yield where B − A is not the difference of the means that stand beside it, and why."""
    for title, row in rows.items():
        half, plain = row.difference.half_width, row.mean_right.value - row.mean_left.value
        gap = abs(row.difference.value - plain)
        if (
            row.design not in _OTHER_ESTIMATE
            or not math.isfinite(half)
            or gap <= max(0.01 * half, 1e-9 * abs(plain))
        ):
            continue
        text = (
            f"{title}: B − A and the change are estimated separately, {_OTHER_ESTIMATE[row.design]}; the means of A and B as "
            f"they stand differ by {format_quantity(plain, row.difference.unit, 4)}"
        )
        yield Note.info("difference-adjusted", text)
