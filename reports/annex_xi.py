"""Energy for the technical documentation of a general-purpose AI model: Regulation (EU) 2024/1689, Annex XI, section 1, point 2.

Point 2 (d) asks for the computational resources and time of training, 2 (e) for the known or estimated energy consumption
of the model.  What a recording cannot know (operations, hardware-hours elsewhere) is left to be filled in, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from powermeter.analysis.label_row import LabelRow
from powermeter.result import Grade, Result
from powermeter.result.formatting import DASH
from powermeter.units import format_count, format_duration

from . import event_tree
from .machine_facts import machine
from .markdown_text import escaped, table
from .method import beside_limits, limits, method
from .report_data import ReportData
from .wording import footprint_amount, items_counted, show

TRAINING = ("train", "fit", "finetune", "fine_tune", "fine-tune", "pretrain", "epoch", "step", "backward")
"""Beginnings of labels that are training; all others are use."""

WORDS = {
    Grade.MEASURED: "known (measured)",
    Grade.DERIVED: "known (derived from measurements)",
    Grade.ESTIMATED: "estimated",
    Grade.ASSUMED: "estimated (from assumed values)",
    Grade.SIMULATED: "not usable: simulated",
}
"""Grade → known or estimated, which the Annex asks to distinguish."""

BLANK = "*to be filled in*"

_NESTED = "Some events lie inside others and are counted in those too: the rows do not add up to the whole."


class AnnexXISheet:
    """Energy of a model for its technical documentation in the EU."""

    suffix = ".annex-xi.md"
    binary = False
    summary = "energy of a model for the EU AI Act's Annex XI (technical documentation), as Markdown"

    def render(self, data: ReportData) -> str:
        """Return the text."""
        return "\n".join(_lines(data)) + "\n"


def is_training(row: LabelRow) -> bool:
    """Return whether a label's events are training, by the beginning of their name."""
    return row.label.lower().startswith(TRAINING)


def _lines(data: ReportData) -> Iterator[str]:
    a = data.analysis
    yield f"# Energy of the model: {escaped(data.title)}"
    yield ""
    yield (
        "For the technical documentation under Article 53(1)(a) of Regulation (EU) 2024/1689, Annex XI, section 1, "
        "points 2 (d) and 2 (e). One recording, not the whole life of the model."
    )
    yield ""
    if data.grade is Grade.SIMULATED:
        yield "**Simulated: no device drew this power. Not for a technical documentation.**"
        yield ""
    training = [row for row in a.rows if is_training(row)]
    use = [row for row in a.rows if not is_training(row)]
    yield "## 2 (d) Computational resources of training"
    yield ""
    rows = [
        ["floating-point operations", BLANK],
        ["training time in this recording", _time(training)],
        ["training time, all runs", BLANK],
        *(
            [name, escaped(value)]
            for name, value in machine(data)
            if name in ("Board", "Processor", "Memory", "Frameworks installed")
        ),
    ]
    yield from table(["", "value"], rows, left=2)
    yield "## 2 (e) Energy consumption"
    yield ""
    whole = [["this recording, whole", *_energy(a.energy), format_duration(a.duration.value)]]
    whole += [[f"training: {escaped(row.title)}", *_energy(row.energy), _time([row])] for row in training]
    whole += [[f"use: {escaped(row.title)}", *_energy(row.energy), _time([row])] for row in use]
    yield from table(["what", "energy", "in Wh", "known or estimated", "time"], whole)
    if event_tree.tree_of(a):
        yield _NESTED
        yield ""
    yield from table(
        ["label", "items", "energy per item", "known or estimated"],
        (
            [
                escaped(row.title),
                format_count(items_counted(row)),
                show(row.per_item).text,
                WORDS[row.per_item.grade] if row.per_item is not None else DASH,
            ]
            for row in a.rows
        ),
    )
    if data.footprint is not None:
        carbon = data.footprint.accounts["carbon"].result
        place = data.footprint.place.name if data.footprint.place else "place not known: world range"
        shown = footprint_amount(carbon, data.footprint.digits("carbon")).text
        yield f"Carbon of the electricity of this recording: {shown} ({escaped(place)}; {carbon.grade.value})."
        yield ""
    yield f"The rail {escaped(a.line.rail.name)} covers {escaped(a.covers)}. ± and ranges are 95 % intervals."
    yield ""
    yield "Energy of training outside this recording: " + BLANK + "."
    yield ""
    yield "## Method of measurement"
    yield ""
    yield escaped(method(data))
    yield ""
    yield "## Limits of these numbers"
    yield ""
    yield from (f"- {escaped(text)}" for text in (*beside_limits(data, data.warnings), *limits(data)))


def _energy(result: Result | None) -> list[str]:
    if result is None:
        return [DASH, DASH, DASH]
    return [show(result).text, show(result, "Wh", 1 / 3600).text, WORDS[result.grade]]


def _time(rows: Sequence[LabelRow]) -> str:
    return format_duration(sum(row.seconds for row in rows)) if rows else "none marked"
