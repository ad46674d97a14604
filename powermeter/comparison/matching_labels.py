"""Which labels of two sides stand against each other, and what each side's repeats are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from powermeter.analysis.item_count import WHOLE
from powermeter.analysis.label_choice import LabelChoice
from powermeter.analysis.label_row import LabelRow
from powermeter.comparison import sides
from powermeter.comparison.options import Compared, CompareOptions
from powermeter.comparison.pairs_and_turns import Side
from powermeter.comparison.runs import AnalysedRun
from powermeter.errors import ConfigurationError, DataError
from powermeter.errors.suggestions import some_of
from powermeter.result import Result
from powermeter.result.notes import Note

Runs: TypeAlias = "Sequence[AnalysedRun]"
Rows: TypeAlias = "list[LabelRow | None]"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of one row, not weighed yet."""

    title: str
    left: Side
    right: Side


@dataclass(slots=True)
class Matched:
    """The labels that both sides have, and what is left over."""

    of: Compared
    pairs: list[Pair] = field(default_factory=list)
    only_left: tuple[str, ...] = ()
    only_right: tuple[str, ...] = ()
    unknown: list[Note] = field(default_factory=list)


def match(
    runs: tuple[Runs, Runs],
    picks: tuple[LabelChoice, LabelChoice],
    names: tuple[str, str],
    asked: CompareOptions,
) -> Matched:
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
    made = Matched(asked.of or "energy")
    for side, pick, have in ((runs[0], picks[0], by_a), (runs[1], picks[1], by_b)):
        if not have and pick.label is not None:
            every = [row for run in side for row in run.analysis.rows]
            raise ConfigurationError(f"{side[0].name}: no events {pick.title!r}; {pick.unknown(every)}")
    if len(by_a) == 1 and len(by_b) == 1 and not nothing_named:
        (title_a, rows_a), (title_b, rows_b) = next(iter(by_a.items())), next(iter(by_b.items()))
        title = title_a if title_a == title_b else f"{title_a} → {title_b}"
        made.pairs.append(_pair(title, runs, (rows_a, rows_b), names, made, asked))
        return made
    by_b = _renamed(by_b, *picks)
    both = [title for title in by_a if title in by_b]
    if not both:
        raise DataError(
            f"no label is in both: A has {_listed(by_a)}, B has {_listed(by_b)}"
            + (
                "; set two beside each other with --label of A --label of B"
                if by_a and by_b
                else "; mark what is compared"
            )
        )
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


def _whole_runs(runs: tuple[Runs, Runs], names: tuple[str, str], asked: CompareOptions) -> Matched:
    if asked.block:
        raise ConfigurationError(f"whole recordings have no attribute {asked.block!r}")
    counted = all(run.analysis.run_items for side in runs for run in side)
    kind: Compared = asked.of or ("energy" if counted else "power")
    left, right = (
        sides.of_runs(side, [sides.of_whole(run, kind) for run in side], name, kind)
        for side, name in zip(runs, names, strict=True)
    )
    return Matched(kind, [Pair("whole run", *_alone(runs, left, right))])


def _alone(runs: tuple[Runs, Runs], left: Side, right: Side) -> tuple[Side, Side]:
    """Return whole runs, one a side, as single values: nothing is known about how much runs vary."""
    if len(runs[0]) > 1 or len(runs[1]) > 1:
        return left, right
    return replace(left, separate=False, times_s=None), replace(right, separate=False, times_s=None)


def _by_title(runs: Runs, pick: LabelChoice) -> dict[str, Rows]:
    """Return for each title the row of each run (None where it has none); labels without duration are left out."""
    found: dict[str, Rows] = {}
    for i, run in enumerate(runs):
        for row in pick.rows(run.analysis.rows):
            if run.analysis.energies.seconds[row.index].any():
                found.setdefault(row.title, [None] * len(runs))[i] = row
    return found


def _listed(titles: Mapping[str, Rows]) -> str:
    return some_of(list(titles)) or "no events"


def _renamed(rows: Mapping[str, Rows], a: LabelChoice, b: LabelChoice) -> dict[str, Rows]:
    """Return B's rows under A's label, so that `base (batch=8)` meets `small (batch=8)`."""
    if not a.label or not b.label or a.label == b.label:
        return dict(rows)
    return {a.label + title[len(b.label) :]: found for title, found in rows.items()}


def _pair(
    title: str,
    runs: tuple[Runs, Runs],
    rows: tuple[Rows, Rows],
    names: tuple[str, str],
    into: Matched,
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


def _overlap(run: AnalysedRun, left: LabelRow | None, right: LabelRow | None) -> bool:
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
