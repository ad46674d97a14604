"""A comparison as tables for a terminal or a pipe, and as plain values for JSON: what `powermeter compare` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from powermeter.comparison.compare import Comparison
from powermeter.comparison.contrast import Contrast, sure
from powermeter.comparison.multiple_comparisons import ComparisonRow
from powermeter.comparison.obstacles import Obstacle, obstacle_of
from powermeter.comparison.percent_change import change_in_percent
from powermeter.comparison.verdict import Verdict
from powermeter.result import Result, plain, worst
from powermeter.result.formatting import DASH
from powermeter.result.notes import Severity
from powermeter.units import format_number, format_percent, format_quantity

from . import terminal_width
from .comparison_numbers import in_print as numbers_of
from .most_rows import heaviest, most_rows, rest
from .terminal_look import NARROW, as_text, grade_text, print_text, safe, section, table_frame
from .terminal_rows import print_rows
from .terminal_width import fits
from .wording import verdict_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

VERSION = 2
"""Of the layout of `record`; raised when a name changes its meaning."""

TITLES = {"energy": "Energy per item", "power": "Mean power", "time": "Time per item"}
COLOURS = {Verdict.LESS: "green", Verdict.MORE: "red", Verdict.SAME: "cyan", Verdict.CANNOT_TELL: "yellow"}
NO_NUMBER = "no number"
Cell = Callable[[Contrast], str]
Column = tuple[str, Cell]
Layout = list[tuple[str, list[Column]]]
_POWER = "Statistical power"


def in_print(comparison: Comparison) -> str:
    """Return what `print` shows of a comparison."""
    return terminal_width.in_print(lambda width: to_text(comparison, width), NARROW)


def to_text(comparison: Comparison, width: int = NARROW) -> str:
    """Return the tables as plain text without colours."""
    return as_text(lambda console: print_comparison(comparison, console), width)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print both sides, the verdicts, how they were reached, and what must be known about them."""
    c = comparison
    console.print(f"[bold]{safe(c.right)}[/] against [bold]{safe(c.left)}[/]")
    named = [(side, name) for side, name in (("A", c.left), ("B", c.right)) if _head(side, name) == side]
    for side, name in named:
        if not name.startswith(f"{side} ("):
            console.print(f"[dim]{side} is[/] {safe(name)}")
    if c.counted[0] == c.counted[1]:
        console.print(f"[dim]counted {safe(c.counted[0])}[/]")
    else:
        console.print(f"[dim]A counts {safe(c.counted[0])}[/]\n[dim]B counts {safe(c.counted[1])}[/]")
    beside = f"{grade_text(worst(row.contrast.difference.grade for row in c.rows))}, ± is 95 %"
    console.print(section(TITLES[c.of], beside))
    sure = [-2.0 if row.contrast.p_value is None else -row.contrast.p_value for row in c.rows]
    rows = [c.rows[i] for i in heaviest(sure, most_rows(console.width))]
    for title, columns in _layout(console, rows, c):
        if title:
            console.print(section(title))
        print_rows(console, _rows(rows, columns), _stacked(rows, columns))
    if len(rows) < len(c.rows):
        left = rest(len(c.rows) - len(rows), "label", "differ less surely", "--json lists all")
        console.print(f"[dim]{left}[/]")
    console.print()
    for note in c.notes:
        if note.severity is not Severity.INFO:
            print_text(console, note.text, sign="! ", look="yellow")
    for text in (*remarks(c), *design_remarks(c)):
        print_text(console, text, sign="• ", look="dim")


def _stacked(
    rows: Sequence[ComparisonRow], columns: Sequence[Column]
) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(safe(row.title), [(safe(head), cell(row.contrast)) for head, cell in columns]) for row in rows]


def _layout(console: Console, rows: Sequence[ComparisonRow], c: Comparison) -> Layout:
    """Return the widest layout whose tables all fit, else the last, whose rows are printed one below the other: each has every number."""
    layouts = _layouts(c)
    return next(
        (layout for layout in layouts if all(fits(_rows(rows, columns), console) for _, columns in layout)),
        layouts[-1],
    )


def _layouts(c: Comparison) -> list[Layout]:
    """Return all columns in one table, then in two and three: the first stands under the heading of the page."""
    a, b, difference, ratio, verdict = results = _results(c)
    design = design_columns()
    return [
        [("", [*results, *design])],
        [("", results), (_POWER, design)],
        [("", [a, b, ratio, verdict]), (f"Difference and {_POWER.lower()}", [difference, *design])],
        [("", [a, b, verdict]), ("Difference", [difference, ratio]), (_POWER, design)],
        [("", results), (_POWER, design)],
    ]


def _results(c: Comparison) -> list[Column]:
    return [
        (_head("A", c.left), lambda r: numbers_of(r).left.text),
        (_head("B", c.right), lambda r: numbers_of(r).right.text),
        ("B − A", lambda r: numbers_of(r).difference.text),
        ("change", lambda r: change(r.ratio)),
        ("verdict", lambda r: f"[{COLOURS[r.found]}]{verdict_text(r)}[/]"),
    ]


def design_columns() -> list[Column]:
    """Return the columns of how it was compared: repeats, design, effect, and what could be detected."""
    return [
        ("repeats A", lambda r: f"{r.repeats_left:,}"),
        ("repeats B", lambda r: f"{r.repeats_right:,}"),
        ("design", lambda r: str(r.design)),
        ("effect size", lambda r: DASH if r.effect is None else format_number(r.effect, 2)),
        ("detectable", _detectable),
        ("repeats needed", lambda r: needed(r) or "none"),
    ]


_BESIDE = {"repeats B": "B"}
"""Heads that are shorter where they stand beside the one before."""


def _rows(rows: Sequence[ComparisonRow], columns: Sequence[Column]) -> Table:
    table = table_frame()
    table.add_column("label", overflow="fold", min_width=8)
    for title, _ in columns:
        table.add_column(
            _BESIDE.get(title, safe(title)),
            justify="left" if title in ("verdict", "design") else "right",
            no_wrap=True,
        )
    for row in rows:
        table.add_row(f"[bold]{safe(row.title)}[/]", *(cell(row.contrast) for _, cell in columns))
    return table


def _head(side: str, name: str) -> str:
    short = _short(name)
    return side if name.startswith(f"{side} (") or short is None else f"{side} {short}"


def _short(name: str) -> str | None:
    """Return a name for a column's head, `base-0 +4` for `base-0.power and 4 more`; None where it has no room: the title names it."""
    first, _, others = name.partition(" and ")
    first = first.removesuffix(".power")
    if len(first) > 10:
        return None
    return f"{first} +{others.removesuffix(' more')}" if others.endswith(" more") else first


def change(ratio: Result | None) -> str:
    """Return a ratio as a change in percent; a dash where there is none."""
    return DASH if ratio is None else change_in_percent(ratio).text


def _detectable(r: Contrast) -> str:
    if r.detectable is None:
        return DASH
    if r.mean_left.value:
        return format_percent(r.detectable / abs(r.mean_left.value))
    return format_quantity(r.detectable, r.difference.unit, 2)


def needed(r: Contrast) -> str:
    """Return what it would take to find the difference seen: `40 a side`; empty where it was found."""
    if r.verdict in (Verdict.LESS, Verdict.MORE) or r.found is Verdict.SAME:
        return ""
    if r.plan is None:
        return "3 runs a side"
    return NO_NUMBER if r.repeats_needed is None else f"{r.repeats_needed:,} a side"


def remarks(c: Comparison) -> list[str]:
    """Return how the verdicts were reached, and what only one side has, a sentence each."""
    found = [note.text for note in c.notes if note.severity is Severity.INFO]
    margin = c.rows[0].contrast.margin if c.rows else 0.0
    if margin:
        found.append(f"differences up to {format_percent(margin, 3)} of A do not count (--margin)")
    found.append(f"a verdict is right in {sure()} of such comparisons")
    for side, names in (("A", c.only_left), ("B", c.only_right)):
        if names:
            found.append(f"only in {side}: {', '.join(names)}")
    return found


_NO_NUMBER = {
    Obstacle.MARGIN: "the difference does not exceed the margin",
    Obstacle.SENSORS: "the sensors' own errors are as large as the difference, and no repeat narrows them",
    Obstacle.ORDER: "how the repeats of a run follow one another leaves more open than the difference, however many there "
    "are; record more runs",
    Obstacle.BOUND: "a side is known to a bound that is as wide as the difference, and no repeat narrows it",
    Obstacle.NO_DIFFERENCE: "the difference seen is next to nothing beside the spread of the repeats",
}


def design_remarks(c: Comparison) -> list[str]:
    """Return what `repeats needed` and `detectable` are, a sentence each, for who prints them."""
    rows = [row.contrast for row in c.rows]
    obstacles = {obstacle_of(row) for row in rows if needed(row) == NO_NUMBER}
    found = [f"{NO_NUMBER}: {text}" for obstacle, text in _NO_NUMBER.items() if obstacle in obstacles]
    if any(row.repeats_needed and needed(row) for row in rows):
        found.append(
            "repeats needed: in turns (A B B A), to find a difference of this size in 80 % of such comparisons"
        )
    return [*found, "detectable: found in 80 % of such comparisons, in turns"]


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
        "verdict": None if c.verdict is None else c.verdict.value,
        "rows": [_record(row) for row in c.rows],
        "only_in_a": list(c.only_left),
        "only_in_b": list(c.only_right),
        "notes": [note.to_dict() for note in c.notes],
    }


def _record(row: ComparisonRow) -> dict[str, Any]:
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
        "design": r.design.value,
        "repeats": {"a": r.repeats_left, "b": r.repeats_right},
        "warmup": {"a": r.warmup_left, "b": r.warmup_right},
        "repeats_needed": r.repeats_needed,
        "detectable": r.detectable,
        "margin": r.margin,
    }
