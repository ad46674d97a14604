"""The disclosure of a Software Carbon Intensity (ISO/IEC 21031:2024), and the same carbon in the units of SCI for AI, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.subject import Subject
from powermeter.errors import DataError, plural
from powermeter.footprint import footprint
from powermeter.footprint.footprint_options import FootprintOptions, making_of
from powermeter.footprint.sci import Score, sci_of
from powermeter.footprint.sci_ai import CONSUMER_UNITS, AiScore, consumer
from powermeter.result import Result

from .headline_sentence import events_text
from .markdown_text import escaped
from .method import beside_limits, method
from .report_data import ReportData
from .wording import footprint_amount, left_out, show

KINDS = {"inference": "inference", "query": "inference"}
"""What an item is called here → kind of system of SCI for AI whose unit it is."""


class SCISheet:
    """An SCI disclosure."""

    suffix = ".sci.md"
    binary = False
    summary = "disclosure of a Software Carbon Intensity (ISO/IEC 21031) and SCI for AI, as Markdown"

    def render(self, data: ReportData) -> str:
        """Return the text.

        Raises:
            DataError: Nothing with an energy was marked, or its items are not known.
            ConfigurationError: The device is not known.
        """
        return "\n".join(_lines(data)) + "\n"


def score_of(data: ReportData) -> tuple[Score, AiScore | None]:
    """Return the score of the headline's events, and the same carbon in the units of SCI for AI where an item is one.

    Raises:
        DataError: Nothing with an energy was marked, or its items are not known.
        ConfigurationError: The device is not known.
    """
    found = _counted(data)
    if found is None or found.energy is None or not found.items or not found.energy.value >= 0:
        raise DataError(f"{data.path.name}: an SCI is per item of marked events, and none has an energy")
    place = data.footprint.place if data.footprint is not None else None
    making = making_of(FootprintOptions(device=data.device), found) if data.device else None
    whole = footprint(
        found.energy, place, chain=data.chain, making=() if making is None else making.allocated
    )
    method_text = f"energy {found.energy.grade.value} on {data.analysis.line.rail.name}, {data.path.name}"
    score = sci_of(whole, found.items, data.item, method_text)
    kind = KINDS.get(data.item)
    if kind not in CONSUMER_UNITS:
        return score, None
    row = data.headline
    of_next = row is not None and left_out(row) > 0
    shown = consumer(whole.carbon, found.items, kind)
    return score, replace(shown, digits=whole.digits("carbon"), of_next=of_next)


def _counted(data: ReportData) -> Subject | None:
    """Return what the score is of: items of the headline as the mean of further ones, or the whole run where the user counts its items."""
    row, a = data.headline, data.analysis
    if row is not None:
        each = _each(row)
        energy = None if each is None or not row.items else each.scaled(row.items)
        return Subject(row.title, energy, items=row.items, events=row.events, duration_s=row.seconds)
    if a.run_items is None:
        return None
    return Subject("the whole run", a.energy, items=a.run_items, duration_s=a.duration.value)


def _each(row: LabelRow) -> Result | None:
    """Return the energy of one item that is scored: the mean of further ones, or of these on average where that is only bounded."""
    each = row.per_item
    known = each is not None and math.isfinite(each.low) and math.isfinite(each.high)
    return each if known else row.these_per_item


def _lines(data: ReportData) -> Iterator[str]:
    score, ai = score_of(data)
    row = data.headline
    yield f"# Software Carbon Intensity of {escaped(data.title)}"
    yield ""
    if data.grade.value == "simulated":
        yield "**Simulated: no device drew this power.**"
        yield ""
    for line in score.disclosure().splitlines():
        yield f"- {escaped(line)}"
    yield ""
    yield "## E, as measured"
    yield ""
    if row is not None:
        yield f"- energy of {plural(row.events, 'event')} of {escaped(row.title)}: {show(row.energy).text}"
        yield f"- per {escaped(data.item)}: {show(_each(row)).text}"
        if left_out(row):
            yield f"- scored: {escaped(events_text(row))}"
    elif data.analysis.run_per_item is not None:
        yield f"- energy of the whole run: {show(data.analysis.energy).text}"
        yield f"- per {escaped(data.item)}: {show(data.analysis.run_per_item).text}"
    yield f"- {escaped(method(data))}"
    yield from (f"- {escaped(warning)}" for warning in beside_limits(data, data.warnings))
    yield ""
    yield "## SCI for AI"
    yield ""
    if ai is None:
        yield (
            f"Not stated: an item here is {escaped(data.item)}, none of the specification's units; use "
            "`powermeter footprint --ai KIND`."
        )
    else:
        yield from (f"- {escaped(line.strip())}" for line in ai.lines())
    yield ""
    yield "## Factors"
    yield ""
    if data.footprint is not None:
        carbon = data.footprint.accounts["carbon"]
        yield f"Carbon of the whole run: {footprint_amount(carbon.result, data.footprint.digits('carbon')).text}."
        yield ""
        yield from (f"- {escaped(factor.describe())}" for factor in data.footprint.factors_used)
