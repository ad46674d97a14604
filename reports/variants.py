"""Variants in print: a table as text, Markdown or CSV, and the plots of what each is, how good, how fast and what it uses."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from powermeter.comparison.percent_change import change_in_percent
from powermeter.comparison.variants import Variant, Variants
from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.recording.our_files import FIGURE_METADATA
from powermeter.result import Grade, Result, plain
from powermeter.units import format_duration, format_number, format_quantity, format_short

from .html_elements import harmless
from .markdown_text import escaped, table
from .table_formats import harmless_cell

_DASH = "–"
_MOST_AXES = 5
THESE_RUNS = (
    "one recording a side shows what these runs used; for the programs record each several times, in turns "
    "(A B B A), or let powermeter.sweep and powermeter.versus take turns in Python"
)
QUANTITIES: dict[str, tuple[str, Callable[[Variant], float | None], float]] = {
    "accuracy": ("accuracy", lambda v: v.accuracy, 1.0),
    "parameters": ("parameters", lambda v: v.parameters, 1.0),
    "flops": ("FLOPs of a call", lambda v: v.flops, 1.0),
    "latency": ("latency of an event, ms", lambda v: v.latency_s, 1e3),
    "energy": ("energy per item, mJ", lambda v: v.per_item.value if v.per_item else None, 1e3),
}
"""What is drawn against what: its title, its value in SI, and the factor to the axis."""


def cells(found: Variants) -> list[list[str]]:
    """Return the table for people, its head first; columns that nobody has are left out."""
    head = [
        "",
        "size",
        "parameters",
        "FLOPs",
        found.measure or "accuracy",
        "latency of an event" if any(v.per_event not in (None, 1.0) for v in found.rows) else "latency",
        "energy per item, 95 %",
        "against it",
    ]
    rows = [
        [
            v.name,
            _DASH if v.size_b is None else format_quantity(v.size_b, "B", 3),
            _DASH if v.parameters is None else f"{v.parameters:,.0f}",
            _DASH if v.flops is None else format_number(v.flops, 3),
            _DASH if v.accuracy is None else format_short(v.accuracy, 4),
            _DASH if v.latency_s is None else format_duration(v.latency_s),
            _DASH if v.per_item is None else _graded(v.per_item),
            "baseline" if i == 0 else _verdict(v),
        ]
        for i, v in enumerate(found.rows)
    ]
    kept = [c for c in range(len(head)) if c in (0, 6, 7) or any(row[c] != _DASH for row in rows)]
    return [[line[c] for c in kept] for line in (head, *rows)]


def _graded(result: Result) -> str:
    """Return a result in print, marked where no device drew it."""
    return f"{result}, simulated" if result.grade is Grade.SIMULATED else str(result)


def _verdict(variant: Variant) -> str:
    row = variant.against
    if row is None:
        return _DASH
    change = f" ({change_in_percent(row.ratio).text})" if row.ratio else ""
    return f"{row.found}{change}" + ("" if row.design.about_programs else ", these runs")


def to_text(found: Variants, width: int = 200) -> str:
    """Return the table as text, with why what could not be compared; where it is too wide, a block for each variant."""
    lines_of = cells(found)
    widths = [max(len(line[c]) for line in lines_of) for c in range(len(lines_of[0]))]
    whole = sum(widths) + 2 * (len(widths) - 1)
    if whole <= width:
        lines = [
            "  ".join(
                cell.ljust(w) if c == 0 else cell.rjust(w)
                for c, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines_of
        ]
        lines.insert(1, "─" * whole)
    else:
        (_, *heads), *rows = lines_of
        wide = max(map(len, heads))
        lines = []
        for name, *values in rows:
            lines.append(name)
            lines += [f"  {head:{wide}}  {value}" for head, value in zip(heads, values, strict=True) if value]
    return "\n".join(line.rstrip() for line in (*lines, *_remarks(found)))


def _remarks(found: Variants) -> list[str]:
    """Return the lines below the table: what is not printed of a variant or not compared, and why."""
    lines = [f"{v.name}: {text}" for v in found.rows for text in (*v.notes, v.why_not) if text]
    return [*lines, f"these runs: {THESE_RUNS}"] if any(map(_is_of_runs, found.rows)) else lines


def _is_of_runs(variant: Variant) -> bool:
    """Return whether its verdict is about what these runs used, not about the programs."""
    return variant.against is not None and not variant.against.design.about_programs


def to_markdown(found: Variants) -> str:
    """Return the table in Markdown, with the lines below it."""
    head, *rows = cells(found)
    named = [[escaped(name), *values] for name, *values in rows]
    remarks = [f"- {escaped(text)}" for text in _remarks(found)]
    return "\n".join([*table([escaped(cell) for cell in head], named), *remarks]).rstrip("\n") + "\n"


def to_csv(found: Variants) -> str:
    """Return the table unrounded, in SI."""
    file = io.StringIO()
    rows = record(found)
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: harmless_cell(cell) for name, cell in row.items()} for row in rows)
    return file.getvalue()


def record(found: Variants) -> list[dict[str, Any]]:
    """Return plain values for JSON and CSV: one flat row for each variant."""
    return [
        {
            "variant": v.name,
            "label": v.label,
            "file": str(v.path),
            "size_b": v.size_b,
            "parameters": v.parameters,
            "flops": v.flops,
            found.measure or "accuracy": v.accuracy,
            "latency_s": v.latency_s,
            "items": v.items,
            **{f"per_item_{k}": (plain(v.per_item) or {}).get(n) for k, n in _ENDS},
            "grade": None if v.per_item is None else v.per_item.grade.value,
            "verdict": None if v.against is None else str(v.against.found),
            "ratio": None if v.against is None or v.against.ratio is None else v.against.ratio.value,
            "why_not_compared": v.why_not or None,
            "notes": "; ".join((*v.notes, *([THESE_RUNS] * _is_of_runs(v)))) or None,
        }
        for v in found.rows
    ]


_ENDS = (("j", "value"), ("low_j", "low"), ("high_j", "high"))


def draw(path: Path, found: Variants, form: str | None = None) -> None:
    """Draw each quantity that two variants have against each other; energy has its interval.

    Raises:
        NotInstalledError: matplotlib is missing.
        ConfigurationError: Fewer than two quantities are known, or the extension is not a picture's.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError("a plot needs matplotlib; run: pip install 'powermeter[report]'") from error
    known = [
        one
        for one in QUANTITIES.values()
        if sum(one[1](v) is not None for v in found.rows) >= min(2, len(found.rows))
    ][-_MOST_AXES:]
    pairs = list(itertools.combinations(known, 2))
    if not pairs:
        raise ConfigurationError(
            "fewer than two of accuracy, parameters, FLOPs, latency and energy are known: nothing to plot"
        )
    columns = min(len(pairs), 3)
    rows = -(-len(pairs) // columns)
    figure = Figure(figsize=(4 * columns, 3.3 * rows), layout="constrained")
    for place, (x, y) in enumerate(pairs):
        draw_variants(figure.add_subplot(rows, columns, place + 1), found, x, y)
    if any(v.per_item is not None and v.per_item.grade is Grade.SIMULATED for v in found.rows):
        figure.text(
            0.5, 0.5, "simulated", fontsize=60, color="0.5", alpha=0.25, ha="center", va="center", rotation=30
        )
    form = form or path.suffix[1:].lower()
    try:
        figure.savefig(path, format=form, dpi=150, metadata=FIGURE_METADATA.get(form))
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def draw_variants(axes: Any, found: Variants, x: Any, y: Any) -> None:
    """Draw a point for each variant that has both quantities, and name it."""
    for i, v in enumerate(found.rows):
        at, height = x[1](v), y[1](v)
        if at is None or height is None:
            continue
        bars = None
        if y[0].startswith("energy") and v.per_item is not None and not v.per_item.is_bound:
            bars = [[(height - v.per_item.low) * y[2]], [(v.per_item.high - height) * y[2]]]
        axes.errorbar(
            at * x[2], height * y[2], yerr=bars, marker="s" if i == 0 else "o", capsize=3, color=f"C{i % 10}"
        )
        axes.annotate(
            harmless(v.name, 60),
            (at * x[2], height * y[2]),
            xytext=(5, 5),
            textcoords="offset points",
            fontsize=8,
            parse_math=False,
        )
    axes.set(xlabel=x[0], ylabel=y[0])
    axes.margins(0.2)
    if y[0].startswith("energy"):
        axes.set_ylim(bottom=0)
