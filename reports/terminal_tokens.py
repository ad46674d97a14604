"""The terminal's table of language models' tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import tokens
from .report_data import ReportData
from .terminal_labels import name_width
from .terminal_look import grades_text, print_text, safe, section, table_frame
from .terminal_rows import print_rows
from .terminal_width import fits

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from powermeter.analysis.tokens.table import TokenTable


def _stacked_tokens(cells: Sequence[str], wanted: Sequence[int]) -> tuple[str, list[tuple[str, str]]]:
    return f"{safe(cells[0])}, {cells[1]}", [(tokens.HEADS[i], safe(cells[i])) for i in wanted]


def print_tokens(data: ReportData, found: TokenTable, console: Console) -> None:
    """Print what the phases of language models used, in as few tables as the console's width allows."""
    rows = tokens.lines(found)
    where = f"{grades_text(row.each for row in rows)} on {safe(found.rail)}, ± is 95 %"
    console.print(section("Language models", where))

    def made(wanted: Sequence[int]) -> Table:
        table = table_frame()
        for i in wanted:
            text = tokens.HEADS[i] in ("model", "phase", "per")
            table.add_column(
                tokens.HEADS[i],
                justify="left" if text else "right",
                no_wrap=i > 0,
                overflow="fold",
                max_width=None if i else name_width(console.width),
            )
        before = ""
        for row in rows:
            cells = [safe(cell) for cell in row.cells()]
            cells[0] = "" if cells[0] == before else cells[0]
            before = safe(row.model)
            table.add_row(*(cells[i] for i in wanted))
        return table

    parts: list[list[int]] = [[]]
    filled = tokens.columns(rows)[2:]
    for i in filled:
        if parts[-1] and not fits(made((0, 1, *parts[-1], i)), console):
            parts.append([])
        parts[-1].append(i)
    if all(fits(made((0, 1, *part)), console) for part in parts):
        for part in parts:
            console.print(made((0, 1, *part)))
    else:
        print_rows(console, made((0, 1, *filled)), [_stacked_tokens(row.cells(), filled) for row in rows])
    for text in tokens.sentences(data):
        print_text(console, text, "dim")
