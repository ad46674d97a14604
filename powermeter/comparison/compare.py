"""Is B less than A?  Recordings, or labels in one, against each other: less, more, the same, or nobody can tell.

`compare` is the one door.  Sides are made in `sides.py` and weighed in `contrast.py`; here labels
are matched, and verdicts on many labels are kept from being wrong by their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from powermeter import registry
from powermeter.analysis.baseline import BaselineSpec
from powermeter.analysis.energy import Analysis
from powermeter.analysis.item_count import CONTRADICTED, OF_RUN, WHOLE, ItemCount
from powermeter.analysis.labels import LabelRow
from powermeter.comparison import remarks, sides
from powermeter.comparison.arguments import recordings_of
from powermeter.comparison.contrast import Contrast, contrast
from powermeter.comparison.designs import Side
from powermeter.comparison.runs import Pick, Run
from powermeter.comparison.verdict import LEVEL, Verdict
from powermeter.errors import ConfigurationError, DataError, nearest
from powermeter.notes import Note, once
from powermeter.recording import Recording
from powermeter.result import Result

Quantity: TypeAlias = Literal["energy", "power", "time"]
One: TypeAlias = str | Path | Recording | Analysis
Operand: TypeAlias = One | Sequence[One]


@dataclass(frozen=True, slots=True)
class Row:
    """One label of a comparison.

    Attributes:
        title: The label (with its group), `whole run`, or `base → small` where two labels are compared.
        contrast: What the two sides say.
    """

    title: str
    contrast: Contrast

    @property
    def verdict(self) -> Verdict:
        """What is known about the programs, B against A: the cautious verdict."""
        return self.contrast.verdict


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
        notes: What a reader must know; warnings say what else than the programs may stand behind a difference.
    """

    left: str
    right: str
    of: str
    rows: tuple[Row, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    counted: tuple[str, str]
    shared: bool
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        text: str = registry.load(registry.TEXTS["comparison"])(self)
        return text

    def __repr__(self) -> str:
        return f"<Comparison of {self.of}, {self.right} against {self.left}: {len(self.rows)} labels, {self.verdict}>"

    @property
    def verdict(self) -> Verdict | None:
        """The one verdict about the programs, where all rows agree; None where they do not."""
        found = {row.verdict for row in self.rows}
        return found.pop() if len(found) == 1 else None

    def row(self, title: str | None = None) -> Contrast:
        """Return what is said of a label; the only one where none is named.

        Raises:
            KeyError: There is no such row, or several and none is named.
        """
        found = [row.contrast for row in self.rows if title is None or title == row.title]
        if len(found) != 1:
            raise KeyError(f"{len(found)} rows; there are: {', '.join(row.title for row in self.rows)}")
        return found[0]

    def failing(self, *verdicts: Verdict | str) -> tuple[Row, ...]:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How the sides of a comparison are weighed.

    Attributes:
        paired: Whether the n-th repeat of A belongs to the n-th of B.  None uses the order in time; False
            only the means.
        block: Attribute of the events that names the input they belong to: equal ones are compared.
        of: `energy`, `power` or `time`; None is the energy per item, or the power where no label is
            compared.
        margin: A difference up to this share of A does not count (0.05): sides that are shown to differ by less
            are the same.
        warmup: Whether first events that do not belong to the steady state are left out.
        same_instrument: Whether one instrument measured everything; None finds out.
        items: How many items each recording of A, and of B, stands for: of the label that is compared, of the only
            one, or else of the whole run, which then is what is compared.  None takes the recorded counts.
        per: What one item is: a label whose events are counted, or with `items` a name.
    """

    paired: bool | None = None
    block: str | None = None
    of: Quantity | None = None
    margin: float = 0.0
    warmup: bool = True
    same_instrument: bool | None = None
    items: tuple[float | None, float | None] = (None, None)
    per: str | None = None

    def __post_init__(self) -> None:
        if self.of is not None and self.of not in sides.UNITS:
            raise ConfigurationError(
                f"{self.of!r} cannot be compared; quantities are: {', '.join(sides.UNITS)}"
            )
        if not 0 <= self.margin < 10:
            raise ConfigurationError(
                f"a margin of {self.margin:g} is not usable; write for example 5% (0.05 in Python)"
            )
        if self.block and self.paired is not None:
            raise ConfigurationError("use either pairs or blocks, not both")


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
        raise ConfigurationError(
            "within one recording two labels are compared; name both, for example: RUN.power:base RUN.power:small"
        )
    counts = (ItemCount(asked.items[0], asked.per), ItemCount(asked.items[1], asked.per))
    left, pick_a = recordings_of(a, labels[0], rails[0], baseline, by, counts[0])
    pick_b = Pick.of(labels[1] or "")
    if b is not None or pick_b.group or counts[1]:
        right, pick_b = recordings_of(a if b is None else b, labels[1], rails[1], baseline, by, counts[1])
    else:
        right = left
    if asked.same_instrument is not None:
        left = _instruments(left, asked.same_instrument, "A")
        right = _instruments(right, asked.same_instrument, "B")
    names = _names(left, right, pick_a, pick_b)
    matched = _matched((left, right), (pick_a, pick_b), names, asked)
    found = jointly(matched.pairs, asked)
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
            *_counts(left, right),
            *remarks.same_recording(left, right, pick_a == pick_b),
            *remarks.of(left, right, {row.title: row.contrast for row in found}, shared),
            *matched.unknown,
        ),
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of one row, not weighed yet."""

    title: str
    left: Side
    right: Side


@dataclass(slots=True)
class _Matched:
    """The labels that both sides have, and what is left over."""

    of: Quantity
    pairs: list[Pair] = field(default_factory=list)
    only_left: tuple[str, ...] = ()
    only_right: tuple[str, ...] = ()
    unknown: list[Note] = field(default_factory=list)


def _counts(left: Sequence[Run], right: Sequence[Run]) -> Iterator[Note]:
    """Yield what the user's counts contradict, and what they were taken to be of."""
    for side, runs in (("A", left), ("B", right)):
        found = [note for run in runs for note in run.analysis.notes if note.code in (CONTRADICTED, OF_RUN)]
        yield from (note.about(side) for note in once(found))


def _instruments(runs: Sequence[Run], same: bool, side: str) -> list[Run]:
    return [
        replace(run, instrument="one instrument" if same else f"{run.instrument} of {side}") for run in runs
    ]


def _names(left: Sequence[Run], right: Sequence[Run], pick_a: Pick, pick_b: Pick) -> tuple[str, str]:
    if [run.recording for run in left] == [run.recording for run in right]:
        a, b = (pick.title for pick in (pick_a, pick_b))
        if a != b:
            return a, b

    def name(runs: Sequence[Run]) -> str:
        return runs[0].name if len(runs) == 1 else f"{runs[0].name} and {len(runs) - 1} more"

    a, b = name(left), name(right)
    return (a, b) if a != b else (f"A ({a})", f"B ({b})")


Runs: TypeAlias = "Sequence[Run]"
Rows: TypeAlias = "list[LabelRow | None]"


def _matched(
    runs: tuple[Runs, Runs], picks: tuple[Pick, Pick], names: tuple[str, str], asked: CompareOptions
) -> _Matched:
    """Return the sides of each row; a label of which nothing is known on one side becomes a note."""
    if (picks[0].label == WHOLE) != (picks[1].label == WHOLE):
        raise ConfigurationError("a whole recording is not compared with a label")
    by_a, by_b = _by_title(runs[0], picks[0]), _by_title(runs[1], picks[1])
    nothing_named = picks[0].label is None and picks[1].label is None
    of_run = [run.analysis.run_items is not None for side in runs for run in side]
    counted = any(of_run)
    if counted and not all(of_run):
        raise ConfigurationError(
            "the items are of one label here and of the whole run there; name it with --label"
        )
    if picks[0].label == WHOLE or (nothing_named and (counted or (not by_a and not by_b))):
        return _whole_runs(runs, names, asked)
    made = _Matched(asked.of or "energy")
    for side, pick, have in ((runs[0], picks[0], by_a), (runs[1], picks[1], by_b)):
        if not have and pick.label is not None:
            known = nearest(pick.title, (r.label for run in side for r in run.analysis.rows))
            raise ConfigurationError(f"{side[0].name}: no events {pick.title!r}; {known}")
    if len(by_a) == 1 and len(by_b) == 1 and not nothing_named:
        (title_a, rows_a), (title_b, rows_b) = next(iter(by_a.items())), next(iter(by_b.items()))
        title = title_a if title_a == title_b else f"{title_a} → {title_b}"
        made.pairs.append(_pair(title, runs, (rows_a, rows_b), names, made, asked))
        return made
    by_b = _renamed(by_b, *picks)
    both = [title for title in by_a if title in by_b]
    if not both:
        raise DataError(f"no label is in both: {', '.join(by_a) or 'none'} and {', '.join(by_b) or 'none'}")
    for title in both:
        try:
            made.pairs.append(_pair(title, runs, (by_a[title], by_b[title]), names, made, asked))
        except DataError as error:
            made.unknown.append(Note.withheld("label-unknown", str(error)))
    if not made.pairs:
        raise DataError(made.unknown[0].text)
    made.only_left = tuple(t for t in by_a if t not in by_b)
    made.only_right = tuple(t for t in by_b if t not in by_a)
    return made


def _whole_runs(runs: tuple[Runs, Runs], names: tuple[str, str], asked: CompareOptions) -> _Matched:
    if asked.block:
        raise ConfigurationError(f"whole recordings have no attribute {asked.block!r}")
    counted = all(run.analysis.run_items for side in runs for run in side)
    kind: Quantity = asked.of or ("energy" if counted else "power")
    left, right = (
        sides.of_runs(side, [sides.of_whole(run, kind) for run in side], name, kind)
        for side, name in zip(runs, names, strict=True)
    )
    return _Matched(kind, [Pair("whole run", *_alone(runs, left, right))])


def _alone(runs: tuple[Runs, Runs], left: Side, right: Side) -> tuple[Side, Side]:
    """Return whole runs, one a side, as single values: nothing is known about how much runs vary."""
    if len(runs[0]) > 1 or len(runs[1]) > 1:
        return left, right
    return replace(left, separate=False, times_s=None), replace(right, separate=False, times_s=None)


def _by_title(runs: Runs, pick: Pick) -> dict[str, Rows]:
    """Return for each title the row of each run (None where it has none); labels without duration are left out."""
    found: dict[str, Rows] = {}
    for i, run in enumerate(runs):
        for row in pick.rows(run.analysis):
            if run.analysis.energies.seconds[row.index].any():
                found.setdefault(row.title, [None] * len(runs))[i] = row
    return found


def _renamed(rows: Mapping[str, Rows], a: Pick, b: Pick) -> dict[str, Rows]:
    """Return B's rows under A's label, so that `base (batch=8)` meets `small (batch=8)`."""
    if not a.label or not b.label or a.label == b.label:
        return dict(rows)
    return {a.label + title[len(b.label) :]: found for title, found in rows.items()}


def _pair(
    title: str,
    runs: tuple[Runs, Runs],
    rows: tuple[Rows, Rows],
    names: tuple[str, str],
    into: _Matched,
    asked: CompareOptions,
) -> Pair:
    """Return both sides of a row: each recording a repeat where there are several, else each event."""
    several = len(runs[0]) > 1 or len(runs[1]) > 1
    if several and asked.block:
        raise ConfigurationError("blocks by attribute are for one recording a side; with several, pair them")
    made: list[Side] = []
    for side, found, name in zip(runs, rows, names, strict=True):
        if several:
            means: list[Result | None] = []
            for run, row in zip(side, found, strict=True):
                try:
                    means.append(None if row is None else sides.mean_of(run, row, into.of, asked.warmup))
                except DataError as error:
                    means.append(None)
                    into.unknown.append(Note.withheld("label-unknown", str(error)))
            made.append(sides.of_runs(side, means, name, into.of))
        else:
            assert found[0] is not None
            made.append(sides.of_row(side[0], found[0], into.of, name, asked.block, asked.warmup))
    apart = runs[0][0].recording != runs[1][0].recording
    if not several and (apart or _overlap(runs[0][0], rows[0][0], rows[1][0])):
        made = [
            replace(side, times_s=None) for side in made
        ]  # turns are taken within one recording, one by one
    return Pair(title, *made)


def _overlap(run: Run, left: LabelRow | None, right: LabelRow | None) -> bool:
    """Return True if events of two labels run at once, or one within another: they took no turns."""
    if left is None or right is None:
        return False
    index = np.concatenate([left.index, right.index])
    whose = np.repeat([0, 1], [left.index.size, right.index.size])
    start, end = run.analysis.energies.start_ns[index], run.analysis.energies.end_ns[index]
    order = np.argsort(start, kind="stable")
    start, end, whose = start[order], end[order], whose[order]
    latest = [np.maximum.accumulate(np.where(whose == side, end, np.iinfo(np.int64).min)) for side in (1, 0)]
    return any(bool((start[whose == side] < latest[side][whose == side]).any()) for side in (0, 1))


def jointly(pairs: Sequence[Pair], asked: CompareOptions) -> tuple[Row, ...]:
    """Return the rows with verdicts that hold together: at most `LEVEL` that any of them is false (Holm 1979)."""
    alone = [contrast(p.left, p.right, paired=asked.paired, margin=asked.margin) for p in pairs]
    order = sorted(range(len(alone)), key=lambda i: 1.0 if (p := alone[i].p_value) is None else p)
    rows: list[Row | None] = [None] * len(pairs)
    significant, level = True, LEVEL
    for rank, i in enumerate(order):
        if significant:
            level = LEVEL / (len(order) - rank)
        pair = pairs[i]
        weighed = contrast(pair.left, pair.right, paired=asked.paired, margin=asked.margin, level=level)
        significant = significant and weighed.significant
        rows[i] = Row(pair.title, weighed)
    return tuple(row for row in rows if row is not None)


def _counted(runs: Iterable[Run]) -> str:
    return "; ".join(dict.fromkeys(f"{run.analysis.line.rail.name}: {run.analysis.covers}" for run in runs))
