"""Stages against their budgets, passed or failed, as a section of the page and of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from powermeter.battery.stages import WHOLE, StageOutcome
from powermeter.errors import plural

from .html_elements import Markup, element, join, quantity, table
from .markdown_text import escaped
from .markdown_text import table as rows_in_markdown
from .report_data import ReportData

TITLE = "Stages and their budgets"
COLUMNS = ("stage", "budget", "share used", "verdict")
UNCLEAR = "unclear: the interval holds the limit, record longer or calibrate"


def section(data: ReportData) -> Markup:
    """Return the section of the page; empty where no stage was asked for."""
    if not data.stages:
        return Markup("")
    rows = [
        (name, budget, quantity(share), element("strong", verdict))
        for name, budget, share, verdict in map(_row, data.stages)
    ]
    return join([element("h2", TITLE), table(COLUMNS, rows, numbers=(2,))])


def markdown(data: ReportData) -> Iterator[str]:
    """Return the section's lines in Markdown; none where no stage was asked for."""
    if not data.stages:
        return
    yield f"## {TITLE}"
    yield ""
    yield from rows_in_markdown(list(COLUMNS), ([escaped(cell) for cell in _row(one)] for one in data.stages))


def _row(outcome: StageOutcome) -> tuple[str, str, str, str]:
    stage = outcome.stage
    name = "whole recording" if stage.label == WHOLE else stage.label
    scale = "" if stage.repeats is None else f", {plural(stage.repeats, 'item')}"
    verdict = outcome.verdict.value
    return (
        f"{name}{scale}",
        stage.battery.convention_text,
        str(outcome.share.to("%")),
        UNCLEAR if verdict == "unclear" else verdict,
    )
