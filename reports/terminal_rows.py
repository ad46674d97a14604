"""Names with a number and a remark each, for a terminal of any width: no number is cut or parted from its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .terminal_width import fits, folded

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

LEAST_REMARK = 18
"""Columns that a remark needs beside its number; with fewer it stands below."""


class FactsGrid:
    """Rows of name, number and remark in rich's markup; printed as columns, or one below the other where it is narrow."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str]] = []

    def add_row(self, name: str, number: str, remark: str = "") -> None:
        """Add a row; a long text is a remark, for only a remark wraps."""
        self._rows.append((name, number, remark))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        rows = [tuple(Text.from_markup(cell) for cell in row) for row in self._rows]
        if not rows:
            return
        name, number, remark = (max(row[i].cell_len for row in rows) for i in range(3))
        left = options.max_width - name - number - 4
        if left >= min(remark, LEAST_REMARK) and left >= -2:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(style="dim", no_wrap=True)
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            for title, value, beside in rows:
                grid.add_row(title, value, Text("\n").join(folded(beside, max(left, 1))))
            yield grid
            return
        for title, value, beside in rows:
            title.stylize("dim")
            yield from _stacked(title, value, name, options.max_width)
            if beside.cell_len:
                lines = Text("\n").join(folded(beside, options.max_width - 2))
                yield Padding(lines, (0, 0, 0, 2))


def _stacked(title: Text, value: Text, name: int, width: int) -> Iterator[RenderableType]:
    from rich.text import Text

    value.no_wrap, value.overflow = True, "ignore"
    title.no_wrap, title.overflow = False, "fold"
    if not value.cell_len:
        yield title
    elif name + 2 + value.cell_len <= width:
        yield Text.assemble(title, " " * (name + 2 - title.cell_len), value, no_wrap=True, overflow="ignore")
    else:
        yield title
        yield Text.assemble("  ", value, no_wrap=True, overflow="ignore")


def print_rows(console: Console, table: Table, rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """Print a table where it fits; else each of its rows as a title and a line per cell.

    Args:
        console: Where to.
        table: The rows as a table.
        rows: (title, [(head, cell), …]) of each row, in rich's markup.
    """
    if fits(table, console):
        console.print(table)
        return
    for title, cells in rows:
        console.print(f"[bold]{title}[/]", overflow="fold")
        grid = FactsGrid()
        for head, cell in cells:
            if cell:
                grid.add_row(f"  {head}", cell)
        console.print(grid)
