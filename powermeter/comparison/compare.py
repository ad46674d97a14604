"""Is B less than A?  Recordings, or labels in one, against each other: less, more or cannot tell.

`compare` is the one door.  Sides are made in `sides.py` and weighed in `contrast.py`; here labels
are matched, and verdicts on many labels are kept from being wrong by their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from powermeter.analysis.baseline import BaselineSpec
from powermeter.analysis.labels import LabelRow
from powermeter.comparison import sides
from powermeter.comparison.arguments import side
from powermeter.comparison.contrast import LEVEL, Contrast, contrast
from powermeter.comparison.designs import Side
from powermeter.comparison.sides import WHOLE, Pick, Run
from powermeter.errors import ConfigurationError, DataError

VERDICTS = ("less", "more", "cannot tell")


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
    def verdict(self) -> str:
        """`less`, `more` or `cannot tell`: B against A."""
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
        notes: What a reader must know: one sentence each.
        warnings: What may make the difference another one than that of the programs.
    """

    left: str
    right: str
    of: str
    rows: tuple[Row, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    counted: tuple[str, str]
    shared: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """The one verdict, where all rows agree; `mixed` otherwise."""
        found = {row.verdict for row in self.rows}
        return found.pop() if len(found) == 1 else "mixed"

    def row(self, title: str | None = None) -> Contrast:
        """Return what is said of a label; the only one where none is named.

        Raises:
            KeyError: There is no such row, or several and none is named.
        """
        found = [row.contrast for row in self.rows if title is None or title == row.title]
        if len(found) != 1:
            raise KeyError(f"{len(found)} rows; there are: {', '.join(row.title for row in self.rows)}")
        return found[0]

    def failing(self, *verdicts: str) -> tuple[Row, ...]:
        """Return the rows with one of these verdicts.

        Raises:
            ConfigurationError: One is no verdict.
        """
        for verdict in verdicts:
            if verdict not in VERDICTS:
                raise ConfigurationError(f"{verdict!r} is no verdict; there are: {', '.join(VERDICTS)}")
        return tuple(row for row in self.rows if row.verdict in verdicts)


def compare(
    a: Any,
    b: Any = None,
    *,
    label: str | tuple[str, str] | None = None,
    by: Sequence[str] = (),
    paired: bool | None = None,
    block: str | None = None,
    of: str | None = None,
    margin: float = 0.0,
    rail: str | tuple[str, str] | None = None,
    baseline: BaselineSpec = None,
    warmup: bool = True,
    same_instrument: bool | None = None,
) -> Comparison:
    """Compare B with A.

    Args:
        a, b: A recording (open, a path, `path:label`, or an `Analysis`), or a list of them: several
            repeats.  `b` None compares two labels within `a`.
        label: Only this label; a pair names A's and B's; `*` is the whole recording.  A label may carry
            attributes: `infer[model=small]`.
        by: Attributes that split labels into groups, which are compared one by one.
        paired: Whether the n-th repeat of A belongs to the n-th of B.  None pairs neighbours in time
            where the sides took turns at least five times (blocks); False never does.
        block: Attribute of the events that names the block (or the input) they belong to.
        of: `energy`, `power` or `time`; None is the energy per item, or the power where no label is
            compared.
        margin: A difference up to this share of A gets no verdict (0.05).
        rail: The rail to count; a pair names A's and B's.
        baseline: What to subtract, as for `analyse`.
        warmup: Whether first events that do not belong to the steady state are left out.
        same_instrument: Whether one instrument measured everything; None finds out.

    Raises:
        DataError: A recording cannot be read, or the sides have no label in common.
        ConfigurationError: An argument cannot be used.
    """
    if of is not None and of not in sides.UNITS:
        raise ConfigurationError(f"{of!r} cannot be compared; there are: {', '.join(sides.UNITS)}")
    if not 0 <= margin < 10:
        raise ConfigurationError(
            f"a margin of {margin:g} is not usable; write for example 5% (0.05 in Python)"
        )
    if block and paired is not None:
        raise ConfigurationError("either pairs or blocks, not both")
    labels = label if isinstance(label, tuple) else (label, label)
    rails = rail if isinstance(rail, tuple) else (rail, rail)
    if b is None and not (isinstance(label, tuple) and len(label) == 2):
        raise ConfigurationError("within one recording two labels are compared; name both: base and small")
    left, pick_a = side(a, labels[0], rails[0], baseline, by)
    right, pick_b = (
        (left, Pick.of(labels[1] or "")) if b is None else side(b, labels[1], rails[1], baseline, by)
    )
    if pick_b.group and b is None:
        right = side(a, labels[1], rails[1], baseline, by)[0]
    if same_instrument is not None:
        left, right = _instruments(left, same_instrument, "A"), _instruments(right, same_instrument, "B")
    names = _names(left, right, pick_a, pick_b)
    found, only_a, only_b, kind = _rows(left, right, pick_a, pick_b, names, of, block, paired, margin, warmup)
    found = _jointly(found)
    shared = len({run.instrument for run in (*left, *right)}) == 1
    return Comparison(
        left=names[0],
        right=names[1],
        of=kind,
        rows=tuple(found),
        only_left=only_a,
        only_right=only_b,
        counted=(_counted(left), _counted(right)),
        shared=shared,
        notes=_notes(left, right, found, shared),
        warnings=_warnings(left, right),
    )


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


def _rows(
    left: Sequence[Run],
    right: Sequence[Run],
    pick_a: Pick,
    pick_b: Pick,
    names: tuple[str, str],
    of: str | None,
    block: str | None,
    paired: bool | None,
    margin: float,
    warmup: bool,
) -> tuple[list[Row], tuple[str, ...], tuple[str, ...], str]:
    how: dict[str, Any] = {"paired": paired, "margin": margin, "block": block, "warmup": warmup}
    if (pick_a.label == WHOLE) != (pick_b.label == WHOLE):
        raise ConfigurationError("a whole recording is not compared with a label")
    by_a, by_b = _by_title(left, pick_a), _by_title(right, pick_b)
    nothing_named = pick_a.label is None and pick_b.label is None
    if pick_a.label == WHOLE or (nothing_named and not by_a and not by_b):
        if block:
            raise ConfigurationError(f"whole recordings have no attribute {block!r}")
        kind = of or "power"
        pair = [
            sides.of_runs(r, [sides.of_whole(x, kind) for x in r], n, kind)
            for r, n in zip((left, right), names, strict=True)
        ]
        return [Row("whole run", _weigh(pair[0], pair[1], paired, margin))], (), (), kind
    kind = of or "energy"
    for runs, pick, have in ((left, pick_a, by_a), (right, pick_b, by_b)):
        if not have and pick.label is not None:
            known = ", ".join(dict.fromkeys(r.label for run in runs for r in run.analysis.rows)) or "none"
            raise ConfigurationError(f"{runs[0].name}: no events {pick.title!r}; there are: {known}")
    if len(by_a) == 1 and len(by_b) == 1 and not nothing_named:
        (title_a, rows_a), (title_b, rows_b) = next(iter(by_a.items())), next(iter(by_b.items()))
        title = title_a if title_a == title_b else f"{title_a} → {title_b}"
        return [Row(title, _row(left, right, rows_a, rows_b, names, kind, **how))], (), (), kind
    by_b = _renamed(by_b, pick_a, pick_b)
    both = [title for title in by_a if title in by_b]
    if not both:
        raise DataError(f"no label is in both: {', '.join(by_a) or 'none'} and {', '.join(by_b) or 'none'}")
    found = [Row(title, _row(left, right, by_a[title], by_b[title], names, kind, **how)) for title in both]
    return found, tuple(t for t in by_a if t not in by_b), tuple(t for t in by_b if t not in by_a), kind


Rows = list["LabelRow | None"]


def _by_title(runs: Sequence[Run], pick: Pick) -> dict[str, Rows]:
    """Return for each title the row of each run (None where it has none); labels without duration are left out."""
    found: dict[str, Rows] = {}
    for i, run in enumerate(runs):
        for row in pick.rows(run.analysis):
            if row.seconds > 0:
                found.setdefault(row.title, [None] * len(runs))[i] = row
    return found


def _renamed(rows: dict[str, Rows], a: Pick, b: Pick) -> dict[str, Rows]:
    """Return B's rows under A's label, so that `base (batch=8)` meets `small (batch=8)`."""
    if not a.label or not b.label or a.label == b.label:
        return rows
    return {a.label + title[len(b.label) :]: found for title, found in rows.items()}


def _row(
    left: Sequence[Run],
    right: Sequence[Run],
    rows_a: Rows,
    rows_b: Rows,
    names: tuple[str, str],
    of: str,
    *,
    paired: bool | None,
    margin: float,
    block: str | None,
    warmup: bool,
) -> Contrast:
    several = len(left) > 1 or len(right) > 1
    pair: list[Side] = []
    for runs, rows, name in ((left, rows_a, names[0]), (right, rows_b, names[1])):
        if several:
            if block:
                raise ConfigurationError(
                    "blocks by attribute are for one recording a side; with several, pair them"
                )
            means = [
                None if row is None else sides.mean_of(run, row, of, warmup)
                for run, row in zip(runs, rows, strict=True)
            ]
            pair.append(sides.of_runs(runs, means, name, of))
        else:
            assert rows[0] is not None
            pair.append(sides.of_row(runs[0], rows[0], of, name, block, warmup))
    together = several or left[0].recording == right[0].recording
    return _weigh(pair[0], pair[1], paired, margin, take_turns=together)


def _weigh(a: Side, b: Side, paired: bool | None, margin: float, take_turns: bool = True) -> Contrast:
    if paired is None and not a.blocks and take_turns and a.told is None and b.told is None:
        a, b = sides.alternating(a, b) or (a, b)
    elif not take_turns:
        a, b = replace(a, times_s=None), replace(b, times_s=None)
    return contrast(a, b, paired=paired, margin=margin)


def _jointly(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with verdicts that hold together: at most `LEVEL` that any of them is false (Holm 1979)."""
    judged = sorted((r.contrast.p_value, i) for i, r in enumerate(rows) if r.contrast.p_value is not None)
    result = list(rows)
    told, level = True, LEVEL
    for rank, (p, i) in enumerate(judged):
        level = LEVEL / (len(judged) - rank) if told else level
        told = told and p <= level
        result[i] = replace(rows[i], contrast=rows[i].contrast.at(level, told))
    return result


def _counted(runs: Iterable[Run]) -> str:
    return "; ".join(dict.fromkeys(f"{run.analysis.line.rail.name}: {run.analysis.covers}" for run in runs))


def _notes(left: Sequence[Run], right: Sequence[Run], rows: Sequence[Row], shared: bool) -> tuple[str, ...]:
    notes = []
    if shared:
        notes.append("one instrument measured both sides: its gain and offset are common and cancel")
    elif not {run.instrument for run in left} & {run.instrument for run in right}:
        notes.append("two instruments: the errors of both are in the interval")
    else:
        notes.append("several instruments: only what they share cancels")
    designs = {row.contrast.design for row in rows}
    if "blocks" in designs:
        notes.append("neighbours in time are compared (blocks): what drifts, such as temperature, falls out")
    if len(left) == 1 and len(right) == 1 and "single" not in designs:
        if left[0].recording != right[0].recording:
            notes.append(
                "one recording a side: what changes from run to run (temperature, other programs) is in the "
                "difference and not in the interval; several a side would show it"
            )
        elif "unpaired" in designs:
            notes.append("the sides did not take turns: a drift (temperature) would count as a difference")
    elif 1 in (len(left), len(right)) and len(left) != len(right):
        notes.append("one side is a single recording: it is taken to vary from run to run as the other does")
    elif min(len(left), len(right)) == 2:
        notes.append(
            "two recordings a side hardly tell how much they vary; three or more give far narrower intervals"
        )
    for row in rows:
        cut = row.contrast.warmup_left, row.contrast.warmup_right
        if any(cut):
            notes.append(f"{row.title}: the first {cut[0]} of A and {cut[1]} of B are warm-up and left out")
    if len(rows) > 1:
        notes.append(f"{len(rows)} labels: the verdicts hold together, each ± by itself (Holm)")
    return tuple(notes)


def _warnings(left: Sequence[Run], right: Sequence[Run]) -> tuple[str, ...]:
    warnings = []
    boundaries = [{run.analysis.line.rail.boundary.value for run in runs} for runs in (left, right)]
    if boundaries[0] != boundaries[1]:
        what = " and ".join("/".join(sorted(found)) for found in boundaries)
        warnings.append(
            f"the sides do not cover the same ({what}): the difference is also what is not covered"
        )
    for run in (*left, *right):
        if any(note.startswith("the board reported") for note in run.analysis.notes):
            warnings.append(f"{run.name}: the board held itself back while it ran; powermeter show says when")
    return tuple(dict.fromkeys(warnings))
