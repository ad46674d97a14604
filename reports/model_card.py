"""The energy section of a model card or README: YAML front matter that a hub reads, one sentence, one table, how it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator

from powermeter.units import format_count

from . import wording
from .headline_sentence import quality, sentence
from .markdown_text import escaped, table
from .method import beside_limits, counted, measured_machine, method
from .report_data import ReportData
from .wording import footprint_amount, show


class ModelCard:
    """A section for a model card or README."""

    suffix = ".card.md"
    binary = False
    summary = "the energy section of a model card or README: front matter, a sentence, a table"

    def render(self, data: ReportData) -> str:
        """Return the text."""
        return "\n".join([*_front(data), *_lines(data)]) + "\n"


def _front(data: ReportData) -> Iterator[str]:
    """Yield `co2_eq_emissions`, which hubs read: grams of the run, with where they come from; nothing where not known."""
    if data.footprint is None or data.grade.value == "simulated":
        return
    place = data.footprint.place
    yield "---"
    yield "co2_eq_emissions:"
    carbon, digits = data.footprint.carbon, data.footprint.digits("carbon")
    unknown = f"; place not known: {footprint_amount(carbon, digits).text}" if place is None else ""
    yield f"  emissions: {carbon.value:.{3 if place is not None else digits}g}"
    yield f"  source: {json.dumps(f'powermeter, energy {data.grade.value}{unknown}')}"
    if place is not None:
        yield f"  geographical_location: {json.dumps(place.name)}"
    if measured_machine(data) or (data.machine and counted(data).on_host):
        yield f"  hardware_used: {json.dumps(escaped(data.machine))}"
    yield "---"
    yield ""


def _lines(data: ReportData) -> Iterator[str]:
    yield "## Energy"
    yield ""
    if data.grade.value == "simulated":
        yield "**Simulated: no device drew this power.**"
        yield ""
    yield f"**{escaped(sentence(data))}** {escaped(quality(data).text)}"
    yield ""
    a = data.analysis
    yield from table(
        ["label", "items", "energy per item", "charge per item", wording.time_head(a.rows), "grade"],
        (
            [
                escaped(row.title),
                format_count(wording.items_counted(row)),
                show(row.per_item).text,
                show(data.charge_each(row), "Ah", 1 / 3600).text,
                wording.seconds(row.latency_mean),
                row.energy.grade.value if row.energy is not None else "",
            ]
            for row in a.rows
        ),
    )
    warnings = beside_limits(data, data.warnings)
    if warnings:
        yield from (f"- {escaped(warning)}" for warning in warnings)
        yield ""
    if data.item_footprint is not None:
        carbon = data.item_footprint.accounts["carbon"].result
        shown = footprint_amount(carbon, data.item_footprint.digits("carbon")).text
        place = data.item_footprint.place
        where = "place not known" if place is None else place.name
        yield f"Carbon of one {escaped(data.item)}: {shown}, from {data.quoted_grade.value} energy; grid: {escaped(where)}."
        yield ""
        yield from (
            f"- {escaped(factor.describe())}" for factor in data.item_footprint.accounts["carbon"].factors
        )
        yield ""
    yield f"<details><summary>How it was measured</summary>\n\n{escaped(method(data))}\n\n</details>"
