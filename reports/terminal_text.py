"""The tables of a terminal, printed or as text: for `show`, `Meter.summary`, a file, a test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .ascii_output import spell_out
from .python_spelling import in_python
from .report_data import ReportData, gather
from .report_options import ReportOptions
from .terminal import print_report
from .terminal_look import NARROW, as_text
from .terminal_width import columns, width_of

if TYPE_CHECKING:
    from powermeter.analysis.above_baseline import BaselineSpec
    from powermeter.battery.battery import Battery

_FILE = 110
"""Columns of a text that goes into a file."""


class TextReport:
    """The terminal's tables as a text file."""

    suffix = ".txt"
    binary = False
    summary = "what `powermeter show` prints, as a text file"

    def render(self, data: ReportData) -> str:
        """Return the whole text."""
        return to_text(data, _FILE)

    def printed(self, data: ReportData) -> str:
        """Return it as wide as standard output is, where that is a terminal."""
        return to_text(data, width_of(sys.stdout, _FILE))


def to_text(data: ReportData, width: int = NARROW) -> str:
    """Return the tables as plain text without colours."""
    return as_text(lambda console: print_report(data, console), width)


def summary_text(
    path: str | Path,
    *,
    battery: str | Battery | None = None,
    place: str | None = None,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
    rail_voltage_v: float | str | None = None,
    width: int | None = None,
) -> str:
    """Return the tables of a recording as plain text, as wide as a terminal that it is printed to; the keywords are those of `ReportOptions`.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    from powermeter.recording import Recording

    options = ReportOptions(
        battery=battery, place=place, rail=rail, baseline=baseline, by=by, rail_voltage_v=rail_voltage_v
    )
    with Recording.open(path) as opened:
        data = gather(opened, options)
    data = replace(data, warnings=in_python(data.warnings), notes=in_python(data.notes))
    return to_text(data, width or width_of(sys.stdout))


def print_tables(data: ReportData, *, error: bool = False) -> None:
    """Print the tables to standard output, or error, styled where that is a terminal."""
    from rich.console import Console

    spell_out()
    console = Console(highlight=False, stderr=error)
    console.width = columns(console.width, sys.stderr if error else sys.stdout)
    if console.is_terminal:
        print_report(data, console)
    else:
        print(to_text(data, console.width), file=sys.stderr if error else sys.stdout)
