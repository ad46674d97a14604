"""The terminal's table of events inside events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import event_tree
from .most_rows import most_rows
from .report_data import ReportData
from .terminal_labels import name_of, name_width
from .terminal_look import print_text, section, table_frame
from .terminal_rows import print_rows

if TYPE_CHECKING:
    from rich.console import Console


def print_nesting(data: ReportData, console: Console) -> None:
    """Print the tree of events inside events; nothing where no event lies in another."""
    tree = event_tree.tree_of(data.analysis, most_rows(console.width))
    if not tree:
        return
    made = table_frame()
    for number, head in enumerate(event_tree.HEADS):
        most = None if number else name_width(console.width)
        made.add_column(
            head, justify="right" if number else "left", no_wrap=number > 0, overflow="fold", max_width=most
        )
    stacked = []
    for line in event_tree.lines(data.analysis, tree):
        name = f"{'  ' * min(line.depth, 8)}{name_of(line.label)}"
        made.add_row(name, *line.cells)
        stacked.append((name, list(zip(event_tree.HEADS[1:], line.cells, strict=True))))
    console.print(section("Events inside events"))
    print_rows(console, made, stacked)
    for text in tree.remarks:
        print_text(console, text, "dim")
