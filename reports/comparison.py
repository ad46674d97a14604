"""A comparison as tables for a terminal or a pipe, and as plain values for JSON: what `powermeter compare` prints."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from powermeter.comparison.compare import Comparison, Row
from powermeter.comparison.contrast import Contrast, sure
from powermeter.formatting import DASH, format_interval
from powermeter.result import Result, plain, worst
from powermeter.units import format_number, format_quantity

from .terminal import NARROW, grade_text, safe, section, table_frame
from .wording import show

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

VERSION = 1
"""Of the layout of `record`; raised when a name changes its meaning."""

TITLES = {"energy": "Energy per item", "power": "Mean power", "time": "Time per item"}
COLOURS = {"less": "green", "more": "red", "cannot tell": "yellow"}
Cell = Callable[[Contrast], str]


def to_text(comparison: Comparison, width: int = NARROW) -> str:
    """Return the tables as plain text without colours."""
    from rich.console import Console

    file = io.StringIO()
    print_comparison(
        comparison, Console(file=file, width=width, no_color=True, highlight=False, legacy_windows=False)
    )
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print both sides, the verdicts, how they were reached, and what must be known about them."""
    c = comparison
    console.print(f"[bold]{safe(c.right)}[/] against [bold]{safe(c.left)}[/]")
    if c.counted[0] == c.counted[1]:
        console.print(f"[dim]counted {safe(c.counted[0])}[/]")
    else:
        console.print(f"[dim]A counts {safe(c.counted[0])}[/]\n[dim]B counts {safe(c.counted[1])}[/]")
    grade = worst(row.contrast.difference.grade for row in c.rows)
    told: list[tuple[str, Cell]] = [
        (f"A {_short(c.left)}", lambda r: show(r.mean_left).bare),
        (f"B {_short(c.right)}", lambda r: show(r.mean_right).bare),
        ("B − A", lambda r: signed(r.difference)),
        ("change", lambda r: change(r.ratio)),
        ("verdict", lambda r: f"[{COLOURS[r.verdict]}]{r.verdict}[/]"),
    ]
    how: list[tuple[str, Cell]] = [
        ("repeats A", lambda r: f"{r.repeats_left:,}"),
        ("B", lambda r: f"{r.repeats_right:,}"),
        ("design", lambda r: r.design),
        ("effect size", lambda r: DASH if r.effect is None else format_number(r.effect, 2)),
        ("tells from", _detectable),
        ("would take", needed),
    ]
    beside = f"{grade_text(grade)}, ± is 95 %"
    joined = _rows(c.rows, [*told, *how])
    if console.measure(joined, options=console.options.update(max_width=10_000)).maximum <= console.width:
        console.print(section(TITLES[c.of], beside))
        console.print(joined)
    else:
        console.print(section(TITLES[c.of], beside))
        console.print(_rows(c.rows, told))
        console.print(section("How well it is told"))
        console.print(_rows(c.rows, how))
    console.print()
    for text in c.warnings:
        console.print(f"[yellow]![/] {safe(text)}", soft_wrap=False)
    for text in _remarks(c):
        console.print(f"[dim]·[/] {safe(text)}", soft_wrap=False)


def _rows(rows: Sequence[Row], columns: Sequence[tuple[str, Cell]]) -> Table:
    table = table_frame()
    table.add_column("label", overflow="fold", min_width=8)
    for title, _ in columns:
        table.add_column(
            safe(title), justify="left" if title in ("verdict", "design") else "right", no_wrap=True
        )
    for row in rows:
        table.add_row(f"[bold]{safe(row.title)}[/]", *(cell(row.contrast) for _, cell in columns))
    return table


def _short(name: str) -> str:
    """Cut a name to what a column's head has room for."""
    name = name.removesuffix(".power")
    return name if len(name) <= 10 else f"{name[:9]}…"


def signed(result: Result) -> str:
    """Return `+0.20 ± 0.03 J`."""
    return show(replace(result, signed=True), plus=True).text


def change(ratio: Result | None) -> str:
    """Return a ratio as its change: `-3.2 ± 0.5 %`, or its ends where they are not centred; a dash without."""
    if ratio is None:
        return DASH
    value, low, high = ((number - 1) * 100 for number in (ratio.value, ratio.low, ratio.high))
    return format_interval(value, low, high, "%", signed=True, plus=True).text


def _detectable(r: Contrast) -> str:
    if r.detectable is None:
        return DASH
    if r.mean_left.value:
        return f"{format_number(100 * r.detectable / abs(r.mean_left.value), 2)} %"
    return format_quantity(r.detectable, r.difference.unit, 2)


def needed(r: Contrast) -> str:
    """Return what it would take to tell: `40 a side`; empty where it is told."""
    if r.verdict != "cannot tell":
        return ""
    if r.design == "single":
        return "3 a side"
    return "no number" if r.repeats_needed is None else f"{r.repeats_needed:,} a side"


def _remarks(c: Comparison) -> list[str]:
    remarks = list(c.notes)
    if any(row.contrast.design == "single" for row in c.rows):
        remarks.append(
            "without repeats nobody knows how much they vary, so no difference is told; three a side are the least"
        )
    if any(row.contrast.repeats_needed is None and row.contrast.plan for row in c.rows):
        remarks.append("no number: the sensors' own errors, or a margin, are as large as the difference")
    margin = c.rows[0].contrast.margin if c.rows else 0.0
    if margin:
        remarks.append(f"differences up to {margin:.3g} of A do not count (--margin)".replace(" of A", "× A"))
    told = any(row.verdict != "cannot tell" for row in c.rows)
    remarks.append(
        f'a verdict is given at {sure()}; "tells from" and "would take" are for 80 % of such comparisons'
        if not told or any(row.contrast.repeats_needed for row in c.rows)
        else f'a verdict is given at {sure()}; "tells from": told in 80 % of such comparisons'
    )
    for side, names in (("A", c.only_left), ("B", c.only_right)):
        if names:
            remarks.append(f"only in {side}: {', '.join(names)}")
    return remarks


def record(comparison: Comparison) -> dict[str, Any]:
    """Return everything `powermeter compare` prints, unrounded, in SI."""
    c = comparison
    return {
        "version": VERSION,
        "a": c.left,
        "b": c.right,
        "of": c.of,
        "counted": {"a": c.counted[0], "b": c.counted[1]},
        "one_instrument": c.shared,
        "verdict": c.verdict,
        "rows": [_record(row) for row in c.rows],
        "only_in_a": list(c.only_left),
        "only_in_b": list(c.only_right),
        "notes": list(c.notes),
        "warnings": list(c.warnings),
    }


def _record(row: Row) -> dict[str, Any]:
    r = row.contrast
    return {
        "label": row.title,
        "verdict": r.verdict,
        "a": plain(r.mean_left),
        "b": plain(r.mean_right),
        "difference": plain(r.difference),
        "ratio": plain(r.ratio),
        "effect_size": r.effect,
        "p_value": r.p_value,
        "design": r.design,
        "repeats": {"a": r.repeats_left, "b": r.repeats_right},
        "warmup": {"a": r.warmup_left, "b": r.warmup_right},
        "drift_per_s": r.drift_per_s,
        "repeats_needed": r.repeats_needed,
        "detectable": r.detectable,
        "margin": r.margin,
    }
