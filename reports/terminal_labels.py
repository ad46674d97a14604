"""A terminal's tables of labels: which are listed, how long names are folded, and how columns are parted by the width."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import InShort, in_short
from powermeter.analysis.measures import means
from powermeter.result.formatting import DASH
from powermeter.units import format_count, format_quantity, format_short

from . import wording
from .most_rows import MOST_ROWS, heaviest, most_rows, rest
from .terminal_look import grade_text, grades_text, print_text, safe, section, table_frame
from .terminal_rows import print_rows
from .terminal_width import fits, spare
from .wording import show

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from .report_data import ReportData

Cell = Callable[[LabelRow], str]
Column = tuple[str, Cell]
_EMPTY: Column = ("", lambda row: "")

LONGEST_NAME = 120
"""Characters of a label that is printed whole in a table."""

MOST_OF_A_NAME = 480
"""Characters of a longer label that are printed below the tables; the rest stands in the recording and in JSON."""


def print_labels(data: ReportData, console: Console) -> None:
    """Print the labels that used most, the instants, and what is not listed."""
    labels, known = data.analysis.rows, in_short(data.analysis.rows)
    lasting = [i for i, one in enumerate(known) if one.lasts]
    instants = [i for i, one in enumerate(known) if not one.lasts]
    used = [math.inf if _is_headline(data, i, known[i]) else known[i].energy_j or 0.0 for i in lasting]
    rows = [labels[lasting[k]] for k in heaviest(used, most_rows(console.width))]
    if rows:
        _label_tables(data, rows, console)
    for row in rows:
        beside = means(data.analysis.events.at(row.index))
        if beside:
            listed = ", ".join(f"{name_of(name)} {format_short(value, 4)}" for name, value in beside.items())
            console.print(f"{name_of(row.title)}: {listed} [dim](mean)[/]")
    if instants:
        listed = ", ".join(f"{name_of(known[i].title)} {known[i].events:,}" for i in instants[:MOST_ROWS])
        console.print(f"[dim]instants, which use nothing: {listed}[/]")
    if len(rows) < len(lasting):
        left = rest(len(lasting) - len(rows), "label", "used less each", "show --json and report list all")
        console.print(f"[dim]{left}[/]")
    for line in in_full([*(row.label for row in rows), *(known[i].label for i in instants[:MOST_ROWS])]):
        console.print(line, overflow="fold")


def _is_headline(data: ReportData, i: int, known: InShort) -> bool:
    """Return whether the headline is about a label, whose row is made only if it has that title."""
    about = data.headline
    return about is not None and known.title == about.title and data.analysis.rows[i] is about


def _label_tables(data: ReportData, rows: Sequence[LabelRow], console: Console) -> None:
    energy: list[Column] = [
        ("per item", lambda r: show(r.per_item).text),
        ("meter alone", wording.meter_part),
        ("median", lambda r: show(r.energy_median).bare),
        ("p95", lambda r: show(r.energy_p95).bare),
        ("std dev", lambda r: format_quantity(r.spread_j, "J", 2)),
    ]
    if data.analysis.baseline is not None:
        energy[2:2] = [("above baseline", lambda r: show(r.per_item_above).text)]
    if wording.has_items(rows):
        energy[:0] = [("items", lambda r: format_count(wording.items_counted(r)))]
    energy[:0] = [("events", wording.events)]
    use: list[Column] = [
        ("total", lambda r: show(r.total).text),
        ("charge", lambda r: show(data.charge_of(r), "Ah", 1 / 3600).text),
        ("charge per item", lambda r: show(data.charge_each(r), "Ah", 1 / 3600).text),
        ("power", lambda r: show(r.power).text),
        ("per charge", lambda r: show(data.per_charge(r)).bare),
    ]
    time: list[Column] = [
        ("mean", lambda r: wording.seconds(r.latency_mean)),
        ("p50", lambda r: wording.seconds(r.latency_p50)),
        ("p95", lambda r: wording.seconds(r.latency_p95)),
        ("p99", lambda r: wording.seconds(r.latency_p99)),
        ("peak memory", lambda r: wording.size(r.peak_memory)),
    ]
    where = f"{grades_text(r.energy for r in rows)} on {safe(data.analysis.line.rail.name)}, ± is 95 %"
    charged = data.charge_grade(rows)
    charge = f"charge {grade_text(charged)}" if charged else ""
    joined = [*energy, *use, *time]
    takes, free = _room_of_columns(rows, joined, console)
    if sum(takes.values()) <= free:
        console.print(
            section("Energy, charge and latency by label", f"{where}; {charge}" if charge else where)
        )
        console.print(_widened(rows, joined, console))
        _print_remarks(rows, console)
        return
    parts = (("Energy per item", where, energy), ("Energy, charge and power", charge, use))
    for title, beside, columns in (*parts, ("Latency and memory", "", time)):
        console.print(section(title, beside))
        for part in _parted(columns, takes, free):
            stacked = [(name_of(row.title), [(head, cell(row)) for head, cell in part]) for row in rows]
            print_rows(console, _widened(rows, part, console), stacked)
    _print_remarks(rows, console)


def _print_remarks(rows: Sequence[LabelRow], console: Console) -> None:
    for text in wording.remarks(rows):
        print_text(console, text, "dim")


def _room_of_columns(
    rows: Sequence[LabelRow], columns: Sequence[Column], console: Console
) -> tuple[dict[Column, int], int]:
    """Return how many characters of a line each column takes, and how many the labels' own leave to them."""
    empty = spare(_cells(rows, [_EMPTY]), console)
    takes = {column: empty - spare(_cells(rows, [_EMPTY, column]), console) for column in columns}
    return takes, spare(_label_table(rows, (), console.width), console)


def _parted(columns: Sequence[Column], takes: Mapping[Column, int], free: int) -> list[list[Column]]:
    """Return the columns in as few tables as the room for them allows, of about as many columns each."""
    parts = _filled(columns, takes, free)
    if 2 * len(parts) > len(columns):  # a column or two each: below one another every label stands once
        return [list(columns)]
    each = -(-len(columns) // len(parts))
    even = [list(columns[first : first + each]) for first in range(0, len(columns), each)]
    fit = all(sum(takes[column] for column in part) <= free for part in even)
    return even if fit else parts


def _filled(columns: Sequence[Column], takes: Mapping[Column, int], free: int) -> list[list[Column]]:
    """Return the columns in tables as wide as fit, one after the other."""
    parts: list[list[Column]] = [[]]
    left = free
    for column in columns:
        if parts[-1] and takes[column] > left:
            parts.append([])
            left = free
        parts[-1].append(column)
        left -= takes[column]
    return parts


def _widened(rows: Sequence[LabelRow], columns: Sequence[Column], console: Console) -> Table:
    """Return a table whose labels are folded only where the console's width leaves no room for them."""
    narrow = _label_table(rows, columns, console.width)
    free = spare(narrow, console)
    if free <= 0:
        return narrow
    wider = _label_table(rows, columns, console.width, name_width(console.width) + free)
    return wider if fits(wider, console) else narrow


def _cells(rows: Sequence[LabelRow], columns: Sequence[Column]) -> Table:
    """Return a table of these columns alone."""
    table = table_frame()
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(cell(row) for _, cell in columns))
    return table


def _label_table(rows: Sequence[LabelRow], columns: Sequence[Column], width: int, most: int = 0) -> Table:
    table = table_frame()
    most = most or name_width(width)
    table.add_column("label", overflow="fold", min_width=8, max_width=most)
    for name in dict.fromkeys(key for row in rows for key in row.group):
        table.add_column(safe(name), overflow="fold", max_width=most)
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        start = [f"[bold]{name_of(row.label)}[/]", *(name_of(_value(v)) for v in row.group.values())]
        table.add_row(*start, *(cell(row) for _, cell in columns))
    return table


def _value(value: Any) -> str:
    return DASH if value is None else str(value)


def in_full(labels: Iterable[str]) -> list[str]:
    """Return the lines below a table that print the labels which it shortens."""
    long = dict.fromkeys(label for label in labels if len(label) > LONGEST_NAME)
    return [f"[dim]{name_of(label)}, in full: {safe(_most_of(label))}[/]" for label in long]


def _most_of(label: str) -> str:
    return label if len(label) <= MOST_OF_A_NAME else f"{label[:MOST_OF_A_NAME]}… (show --json has it whole)"


def name_of(text: object) -> str:
    """Return a label that cannot steer a terminal; of one longer than a few lines its ends and its length.

    Where a table shows a label so, the label stands below it, as far as `MOST_OF_A_NAME`.
    """
    name = str(text)
    if len(name) <= LONGEST_NAME:
        return safe(name)
    return f"{safe(name[:16])}…{safe(name[-8:])} ({len(name):,} characters)"


def name_width(width: int) -> int:
    """Return where a label is folded in a table of that width, so that its numbers stay beside it."""
    return max(12, width * 3 // 10)
