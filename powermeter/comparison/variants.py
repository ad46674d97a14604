"""Variants of a model beside each other: what each is, how good, how fast, what it uses, and whether that is less than the baseline.

What a variant is comes from `powermeter.watch` (the mark `model`), from the attributes of its events and from those of the run; how good
it is from the measures of its events (`event.measure(accuracy=0.93)`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.measures import MeasureMean, measure_means
from powermeter.analysis.raised_events import RAISED
from powermeter.analysis.shares_of_overlapping import parents_of
from powermeter.comparison.compare import compare
from powermeter.comparison.contrast import Contrast
from powermeter.comparison.options import CompareOptions
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.result import Result
from powermeter.result.notes import Note, having

FACTS: Mapping[str, tuple[str, ...]] = {
    "parameters": ("parameters", "params"),
    "flops": ("flops", "flops_per_item"),
    "size_b": ("file_bytes", "model_bytes", "size", "size_b"),
}
"""Fact → the attributes it is looked for in, the first that is there."""

ACCURACY = ("accuracy", "acc", "eval_accuracy", "val_accuracy", "test_accuracy", "top1", "f1", "mAP", "map")
"""Measures that are taken for how good a variant is, where none is named; the first that any variant has, the same for all."""

_MODEL = "model"


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant.

    Attributes:
        name: Its value of the attribute that splits, its label, or its file; with its label where not all have the same.
        label: Of its events.
        path: The recording.
        parameters, flops, size_b: What is known of the model: numbers, FLOPs of a call, byte.
        accuracy: Mean of the measure over its events, weighted by their items; None where none has it.
        latency_s: Mean of one event.
        per_item: What further items will use on average, in J.
        items: Counted; None where not known.
        per_event: Items of an event on average; None where not known.
        against: Against the baseline; None for the baseline itself, or where they cannot be compared.
        why_not: Why they cannot.
        notes: What its recording warns of, why what was stated of the model is not printed, and of how many events the accuracy is.
    """

    name: str
    label: str
    path: Path
    parameters: float | None
    flops: float | None
    size_b: float | None
    accuracy: float | None
    latency_s: float | None
    per_item: Result | None
    items: float | None
    against: Contrast | None = None
    why_not: str = ""
    per_event: float | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Variants:
    """Variants, the baseline first.

    Attributes:
        rows: One for each variant.
        measure: The measure that stands for how good they are; empty where none was found.
    """

    rows: tuple[Variant, ...]
    measure: str


@dataclass(frozen=True, slots=True)
class _NotCompared:
    """A variant before it is compared.

    Attributes:
        pick: How `compare` names it.
        label: Of its events; empty where the label is the variant.
        measures: What its events noted.
        events: How many it has.
    """

    variant: Variant
    pick: str
    label: str
    measures: Mapping[str, MeasureMean]
    events: int


def variants(
    recordings: Sequence[str | os.PathLike[str]],
    *,
    label: str | None = None,
    by: str | None = None,
    baseline: str | None = None,
    measure: str | None = None,
    margin: float = 0.0,
    rail: str | None = None,
) -> Variants:
    """Return variants beside each other, each compared with the baseline where both are of one label.

    Args:
        recordings: One that holds all variants, or one for each.
        label: The label that is compared; in one recording without `by`, its labels are the variants.
        by: The attribute of the events that distinguishes variants, for example `variant`.
        baseline: The name of the variant the others are compared with; the first where None.
        measure: What stands for how good a variant is; the first known one that any of them has where None.
        margin: A difference up to this share does not count.
        rail: The rail to count.

    Raises:
        ConfigurationError: The baseline is not among them, or no event has the measure.
        DataError: A recording cannot be read, or holds nothing to compare.
    """
    found: list[_NotCompared] = []
    for path in recordings:
        with Recording.open(Path(path)) as recording:
            found += _of(recording, Path(path), (label, by, rail), alone=len(recordings) == 1)
    if not found:
        raise DataError("no event with an energy is in these recordings; mark the inferences first")
    measured = _measure_of(found, measure)
    found = [replace(one, variant=_judged(one, measured)) for one in found]
    names = [one.variant.name for one in found]
    if len(set(names)) < len(names):  # the same label in each file: the file distinguishes them
        found = [replace(one, variant=_renamed(one.variant)) for one in found]
        names = [one.variant.name for one in found]
    first = 0
    if baseline is not None:
        if baseline not in names:
            raise ConfigurationError(f"no variant {baseline!r}; there are {', '.join(names)}")
        first = names.index(baseline)
    found.insert(0, found.pop(first))
    if (
        len({one.label for one in found}) > 1
    ):  # not one kind of work: a reader must see whose numbers these are
        found = [
            replace(one, variant=replace(one.variant, name=f"{one.variant.name} ({one.label})"))
            for one in found
        ]
    rows = [found[0].variant, *(_compared(found[0], one, margin, rail) for one in found[1:])]
    return Variants(tuple(rows), measured)


def _of(
    recording: Recording,
    path: Path,
    asked: tuple[str | None, str | None, str | None],
    *,
    alone: bool,
) -> list[_NotCompared]:
    label, by, rail = asked
    analysis = analyse(recording, rail=rail, by=(by,) if by else ())
    rows = [row for row in analysis.rows if row.seconds > 0 and label in (None, row.label)]
    if label is None and len(rows) > 1 and not by:
        # Parts of others are not variants: keep what stands alone, of nested events the outermost.
        around = parents_of(analysis.events)
        rows = [row for row in rows if not (around[row.index] >= 0).all()] or rows
        if not alone and len(rows) > 1:
            rows = [max(rows, key=lambda row: row.seconds)]
    found = []
    for row in rows:
        if by:
            name = "–" if row.group[by] is None else str(row.group[by])
        else:
            name = row.label if alone else path.stem
        pick = f"{row.label}[{by}={row.group[by]}]" if by else row.label
        whose = "" if alone and not by else row.label
        events = analysis.events.at(row.index)
        variant = _variant(name, path, row, _facts(recording, analysis, row, events))
        found.append(_NotCompared(variant, pick, whose, measure_means(events), len(events)))
    return found


def _variant(
    name: str, path: Path, row: LabelRow, known: tuple[dict[str, float | None], tuple[Note, ...]]
) -> Variant:
    facts, notes = known
    return Variant(
        name=name,
        label=row.label,
        path=path,
        parameters=facts["parameters"],
        flops=facts["flops"],
        size_b=facts["size_b"],
        accuracy=None,
        latency_s=row.latency_mean,
        per_item=row.per_item,
        items=row.items,
        per_event=row.items_per_event,
        notes=notes,
    )


def _facts(
    recording: Recording, analysis: Analysis, row: LabelRow, events: Sequence[Event]
) -> tuple[dict[str, float | None], tuple[Note, ...]]:
    """Return what is known of a variant's model, of its events before the mark with its name before the run, and why what was stated is not used."""
    marks = [e.attributes for e in analysis.events if e.is_mark and e.name == _MODEL]
    names = {row.label, *map(str, row.group.values())}
    own = [m for m in marks if str(m.get(_MODEL)) in names or row.label.startswith(f"{m.get(_MODEL)}.")]
    if not own and len(marks) == 1:
        own = marks
    beside: dict[str, Any] = dict((recording.metadata or {}).get("attributes") or {})
    for attributes in own:
        beside.update(attributes)
    known = {**beside, **(events[-1].attributes if events else {})}
    facts, notes = {}, []
    for fact, written in FACTS.items():
        facts[fact] = first_known(known, written)
        name = next((n for n in written if first_known(known, (n,)) is not None), "")
        if not name:
            notes += [_unusable(n, known[n]) for n in written if known.get(n) is not None][:1]
            continue
        stated = [first_known({**beside, **e.attributes}, (name,)) for e in events]
        if not any(name in e.attributes for e in events):
            stated = [first_known(m, (name,)) for m in own]
        values = set(stated) - {None}
        if len(values) > 1:
            facts[fact] = None
            text = (
                f"{name} has {len(values)} values within it, so that none is printed; its energy, latency and accuracy are means over all: "
                f"separate them with --by {_separating(events, name)}"
            )
            notes.append(Note.warning("variants-in-one-row", text))
    return facts, (*analysis.warnings, *having(analysis.notes, RAISED), *notes)


def _unusable(name: str, value: Any) -> Note:
    return Note.warning(
        "fact-not-a-number",
        f"{name}={str(value)[:40]!r} is not used, because it is not a number above zero; write it without a unit (sizes in byte)",
    )


def _separating(events: Sequence[Event], name: str) -> str:
    """Return the attribute of fewest values each of which has only one value of `name`; NAME where there is none."""
    facts = {one for written in FACTS.values() for one in written}
    found: dict[str, int] = {}
    for key in events[-1].attributes.keys() - facts:
        seen: dict[str, str] = {}
        if all(
            seen.setdefault(str(e.attributes.get(key)), value) == value
            for e in events
            for value in (str(e.attributes.get(name)),)
        ):
            found[key] = len(seen)
    few = [(count, key) for key, count in found.items() if 1 < count < len(events)]
    return min(few)[1] if few else "NAME"


def first_known(known: Mapping[str, Any], names: Sequence[str]) -> float | None:
    for name in names:
        value = known.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return float(value)
    return None


def _measure_of(found: Sequence[_NotCompared], measure: str | None) -> str:
    """Return the one measure by which all variants are judged; empty where none has a known one."""
    seen = {name for one in found for name in one.measures}
    if measure is not None and measure not in seen:
        there = ", ".join(sorted(seen)) or "none at all"
        raise ConfigurationError(f"no event of these variants has a number as {measure!r}; there are {there}")
    return measure or next((name for name in ACCURACY if name in seen), "")


def _judged(one: _NotCompared, measure: str) -> Variant:
    """Return a variant with how good it is, and of how many of its events that is."""
    mean, notes = one.measures.get(measure), [*one.variant.notes]
    if measure and mean is None:
        others = ", ".join(sorted(one.measures))
        beside = f"; they have {others}, see --measure" if others else ""
        text = f"none of its {plural(one.events, 'event')} has a number as {measure}{beside}"
        notes.append(Note.warning("measure-missing", text))
    elif mean is not None and mean.having < mean.events:
        text = f"{measure} is the mean of {mean.having} of {plural(mean.events, 'event')}; the others have no number as {measure}"
        notes.append(Note.warning("measure-incomplete", text))
    if mean is not None and mean.is_by_event:
        text = f"{measure} counts each event alike, because some have no known number of items; mark them with n="
        notes.append(Note.warning("measure-by-event", text))
    return replace(one.variant, accuracy=None if mean is None else mean.value, notes=tuple(notes))


def _renamed(variant: Variant) -> Variant:
    return replace(variant, name=f"{variant.path.stem} {variant.name}")


def _compared(base: _NotCompared, other: _NotCompared, margin: float, rail: str | None) -> Variant:
    left, right = base.variant, other.variant
    picks = (base.pick, other.pick)
    if base.label != other.label:
        return replace(
            right,
            why_not=f"not compared: its label is {other.label!r}, the baseline's {base.label!r}; "
            "name one that each has with --label",
        )
    options = CompareOptions(margin=margin)
    try:
        if left.path == right.path:
            row = compare(str(left.path), label=picks, rail=rail, options=options).row()
        else:
            row = compare(str(left.path), str(right.path), label=picks, rail=rail, options=options).row()
    except (DataError, ConfigurationError, KeyError) as error:
        return replace(right, why_not=str(error))
    return replace(right, against=row)
