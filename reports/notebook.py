"""What a notebook shows of an analysis and of a meter: one small table, and the summary to unfold."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Protocol

from powermeter.analysis.energy import Analysis
from powermeter.errors import PowermeterError
from powermeter.result import Result
from powermeter.units import format_duration

from .most_rows import MOST_ROWS
from .wording import events

_DASH = "–"


class Recorded(Protocol):
    """What a notebook shows of a Meter."""

    problem: str

    @property
    def path(self) -> Path:
        """The recording."""

    def analysis(self) -> Analysis:
        """Return its energies."""

    def summary(self) -> str:
        """Return what `show` prints."""


def analysis_html(analysis: Analysis) -> str:
    """Return a table: the whole run, then a row per label, each energy with its 95 % interval and grade."""
    return "".join(_table(analysis, ""))


def meter_html(meter: Recorded) -> str:
    """Return the table of a meter's recording, with the text of `summary()` to unfold; what went wrong in its place."""
    try:
        analysis = meter.analysis()
        text = meter.summary()
    except PowermeterError as error:
        return f"<p>{escape(str(error))}</p>"
    problem = f"<p><b>{escape(meter.problem)}</b></p>" if meter.problem else ""
    unfold = f"<details><summary>all of it</summary><pre>{escape(text)}</pre></details>"
    return "".join(_table(analysis, str(meter.path))) + problem + unfold


def _table(analysis: Analysis, path: str) -> Iterator[str]:
    yield "<table><thead><tr>"
    for head in ("", "events", "items", "energy per item, 95 %", "energy", "latency", "grade"):
        yield f"<th>{head}</th>"
    yield "</tr></thead><tbody>"
    duration = format_duration(analysis.duration.value)
    yield _row("whole run", _DASH, _DASH, _DASH, _shown(analysis.energy), duration, _grade(analysis.energy))
    rows = [row for row in analysis.rows if row.seconds > 0]
    for row in rows[:MOST_ROWS]:
        yield _row(
            row.title,
            events(row),
            _DASH if row.items is None else f"{row.items:,}",
            _shown(row.per_item),
            _shown(row.energy),
            _DASH if row.latency_mean is None else format_duration(row.latency_mean),
            _grade(row.per_item or row.energy),
        )
    yield "</tbody></table>"
    if len(rows) > MOST_ROWS:
        yield f"<p>and {len(rows) - MOST_ROWS} more</p>"
    if path:
        yield f"<p><code>{escape(path)}</code></p>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _shown(result: Result | None) -> str:
    return _DASH if result is None else str(result)


def _grade(result: Result | None) -> str:
    return _DASH if result is None else result.grade.value
