"""The tables of a terminal, printed or as text: for `show`, `Meter.summary`, a file, a test."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .report_data import ReportData, gather
from .report_options import ReportOptions

if TYPE_CHECKING:
    from powermeter.analysis.baseline import BaselineSpec
    from powermeter.battery.battery import Battery
from .plain_output import columns, spell_out
from .terminal import print_report
from .terminal_look import NARROW


class TextReport:
    """The terminal's tables as a text file."""

    suffix = ".txt"
    binary = False
    summary = "what `powermeter show` prints, as a text file"

    def render(self, data: ReportData) -> str:
        """Return the whole text."""
        return to_text(data, 110)


def to_text(data: ReportData, width: int = NARROW) -> str:
    """Return the tables as plain text without colours."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file, width=width, no_color=True, highlight=False, legacy_windows=False, force_terminal=False
    )
    console.is_jupyter = False  # else it prints into the notebook's cell in place of the file
    print_report(data, console)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def summary_text(
    path: str | Path,
    *,
    battery: str | Battery | None = None,
    place: str | None = None,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
    rail_voltage_v: float | str | None = None,
    width: int = 100,
) -> str:
    """Return the tables of a recording as plain text; the keywords are those of `ReportOptions`.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    from powermeter.recording import Recording

    options = ReportOptions(
        battery=battery, place=place, rail=rail, baseline=baseline, by=by, rail_voltage_v=rail_voltage_v
    )
    with Recording.open(path) as opened:
        data = gather(opened, options)
    return to_text(data, width)


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
