"""Is B less than A?  Recordings, or labels in one, against each other: less, more, the same, or cannot tell.

`compare` is the one door.  Labels are matched in `matching_labels.py`, sides made in `sides.py` and weighed in
`contrast.py`; verdicts on many labels are kept from being wrong by their number in `multiple_comparisons.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from powermeter import registry
from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.energy import Analysis
from powermeter.analysis.item_count import CONTRADICTED, OF_RUN, ItemCount
from powermeter.analysis.label_choice import LabelChoice
from powermeter.analysis.raised_events import RAISED
from powermeter.comparison import remarks
from powermeter.comparison.arguments import recordings_of
from powermeter.comparison.contrast import Contrast
from powermeter.comparison.matching_labels import match
from powermeter.comparison.multiple_comparisons import ComparisonRow, jointly
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.runs import AnalysedRun
from powermeter.comparison.verdict import Verdict
from powermeter.errors import ConfigurationError, plural
from powermeter.recording import Recording
from powermeter.result.notes import Note, once

One: TypeAlias = str | Path | Recording | Analysis
Operand: TypeAlias = One | Sequence[One]


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A.

    Attributes:
        left, right: The sides' names.
        of: `energy` (per item), `power` or `time` (per item).
        rows: One for each label that both have.
        only_left, only_right: Labels that only one has.
        counted: What was counted on each side, in words.
        shared: Whether one instrument measured both, so that its gain cancels.
        notes: What a reader must know; warnings state what else than the programs may stand behind a difference.
    """

    left: str
    right: str
    of: str
    rows: tuple[ComparisonRow, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    counted: tuple[str, str]
    shared: bool
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        text: str = registry.load(registry.TEXTS["comparison"])(self)
        return text

    def __repr__(self) -> str:
        return f"<Comparison of {self.of}, {self.right} against {self.left}: {plural(len(self.rows), 'label')}, {self.verdict}>"

    @property
    def verdict(self) -> Verdict | None:
        """The one verdict about the programs, where all rows agree; None where they do not."""
        found = {row.verdict for row in self.rows}
        return found.pop() if len(found) == 1 else None

    def row(self, title: str | None = None) -> Contrast:
        """Return what was found for a label; the only one where none is named.

        Raises:
            KeyError: There is no such row, or several and none is named.
        """
        found = [row.contrast for row in self.rows if title is None or title == row.title]
        if len(found) != 1:
            raise KeyError(
                f"{plural(len(found), 'row')}; there are: {', '.join(row.title for row in self.rows)}"
            )
        return found[0]

    def failing(self, *verdicts: Verdict | str) -> tuple[ComparisonRow, ...]:
        """Return the rows with one of these verdicts about the programs.

        Raises:
            ConfigurationError: One is not a verdict.
        """
        try:
            asked = {Verdict(verdict) for verdict in verdicts}
        except ValueError as error:
            known = ", ".join(Verdict)
            raise ConfigurationError(f"{error}; verdicts are: {known}") from None
        return tuple(row for row in self.rows if row.verdict in asked)


def compare(
    a: Operand,
    b: Operand | None = None,
    *,
    label: str | tuple[str, str] | None = None,
    by: Sequence[str] = (),
    rail: str | tuple[str, str] | None = None,
    baseline: BaselineSpec = None,
    options: CompareOptions | None = None,
) -> Comparison:
    """Return what B uses against A.

    ::

        found = powermeter.compare("base.power", "small.power", label="infer")
        print(found.verdict, found)

    Args:
        a, b: A recording (open, a path, `path:label`, or an `Analysis`), or a list of them: several
            repeats.  `b` None compares two labels within `a`.
        label: Only this label; a pair names A's and B's; `*` is the whole recording.  A label may carry
            attributes: `infer[model=small]`.
        by: Attributes that split labels into groups, which are compared one by one.
        rail: The rail to count; a pair names A's and B's.
        baseline: What to subtract, as for `analyse`.
        options: How the sides are weighed: pairs, blocks, quantity, margin, warm-up, instruments.

    Raises:
        DataError: A recording cannot be read, or the sides have no label in common.
        ConfigurationError: An argument cannot be used.
    """
    asked = options or CompareOptions()
    labels = label if isinstance(label, tuple) else (label, label)
    rails = rail if isinstance(rail, tuple) else (rail, rail)
    if b is None and not (isinstance(label, tuple) and len(label) == 2):
        example = "RUN.power:base RUN.power:small"
        if by:
            example = f"'RUN.power:infer[{by[0]}=ONE]' 'RUN.power:infer[{by[0]}=OTHER]'"
        raise ConfigurationError(
            f"within one recording two labels are compared; name both, for example: {example}"
        )
    counts = (ItemCount(asked.items[0], asked.per), ItemCount(asked.items[1], asked.per))
    left, pick_a = recordings_of(a, labels[0], rails[0], baseline, by, counts[0])
    pick_b = LabelChoice.of(labels[1] or "")
    if b is not None or pick_b.group or counts[1]:
        right, pick_b = recordings_of(a if b is None else b, labels[1], rails[1], baseline, by, counts[1])
    else:
        right = left
    if asked.same_instrument is not None:
        left = _instruments(left, asked.same_instrument, "A")
        right = _instruments(right, asked.same_instrument, "B")
    names = _names(left, right, pick_a, pick_b)
    matched = match((left, right), (pick_a, pick_b), names, asked)
    found = jointly(matched.pairs, asked)
    if any(remarks.lacks_much(run) for run in (*left, *right)):
        found = tuple(replace(row, contrast=row.contrast.withheld()) for row in found)
    contrasts = {row.title: row.contrast for row in found}
    shared = len({run.instrument for run in (*left, *right)}) == 1
    return Comparison(
        left=names[0],
        right=names[1],
        of=matched.of,
        rows=found,
        only_left=matched.only_left,
        only_right=matched.only_right,
        counted=(_counted(left), _counted(right)),
        shared=shared,
        notes=(
            *remarks.warned(left, right),
            *_counts(left, right),
            *remarks.same_recording(left, right, pick_a == pick_b),
            *remarks.unmeasured(left, right),
            *remarks.of(left, right, contrasts, shared),
            *remarks.other_estimates(contrasts),
            *(() if matched.of == "time" else remarks.baselines(left, right)),
            *matched.unknown,
        ),
    )


def _counts(left: Sequence[AnalysedRun], right: Sequence[AnalysedRun]) -> Iterator[Note]:
    """Yield what the user's counts contradict, what they were taken to be of, and which events raised."""
    for side, runs in (("A", left), ("B", right)):
        found = [
            note for run in runs for note in run.analysis.notes if note.code in (CONTRADICTED, OF_RUN, RAISED)
        ]
        yield from (note.about(side) for note in once(found))


def _instruments(runs: Sequence[AnalysedRun], same: bool, side: str) -> list[AnalysedRun]:
    return [
        replace(run, instrument="one instrument" if same else f"{run.instrument} of {side}") for run in runs
    ]


def _names(
    left: Sequence[AnalysedRun], right: Sequence[AnalysedRun], pick_a: LabelChoice, pick_b: LabelChoice
) -> tuple[str, str]:
    if [run.recording for run in left] == [run.recording for run in right]:
        a, b = (pick.title for pick in (pick_a, pick_b))
        if a != b:
            return a, b

    def name(runs: Sequence[AnalysedRun]) -> str:
        return runs[0].name if len(runs) == 1 else f"{runs[0].name} and {len(runs) - 1} more"

    a, b = name(left), name(right)
    return (a, b) if a != b else (f"A ({a})", f"B ({b})")


def _counted(runs: Iterable[AnalysedRun]) -> str:
    return "; ".join(dict.fromkeys(f"{run.analysis.line.rail.name}: {run.analysis.covers}" for run in runs))
