"""Two sides of a comparison: what each used per item, from 0, and the change with its 95 % interval beside it."""

from __future__ import annotations

import math
from typing import Any

from powermeter.comparison.compare import Comparison
from powermeter.comparison.multiple_comparisons import ComparisonRow
from powermeter.errors import DataError
from powermeter.result import Result, worst
from powermeter.units import prefix_of

from ..comparison import TITLES, change
from ..wording import verdict_text
from .canvas import COLOURS, GRID, INK, SOFT, figure, text, watermark

UNITS = {"energy": "J", "power": "W", "time": "s"}
MOST = 24


def comparison(maker: Any, found: Comparison, columns: int) -> Any:
    """Return the figure.

    Raises:
        DataError: There is no row to draw.
    """
    rows = found.rows[:MOST]
    if not rows:
        raise DataError("the comparison has no row to draw")
    drawn = figure(maker, columns, 0.85 + 0.36 * len(rows))
    left, right = drawn.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": [1.25, 1], "wspace": 0.03})
    _values(left, found, rows)
    _changes(right, rows)
    left.set_yticks(
        range(len(rows)), [text(row.title, 16 if columns == 1 else 32) for row in rows], color=INK
    )
    left.set_ylim(len(rows) - 0.4, -0.6)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
    drawn.legend(
        *left.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2,
        columnspacing=1.2,
        handletextpad=0.3,
    )
    watermark(drawn, worst(row.contrast.difference.grade for row in rows).value)
    return drawn


def _values(axes: Any, found: Comparison, rows: tuple[ComparisonRow, ...]) -> None:
    sides = [[row.contrast.mean_left for row in rows], [row.contrast.mean_right for row in rows]]
    most = max(_end(result) for side in sides for result in side)
    step, prefix = prefix_of(most, UNITS[found.of])
    names = (f"A: {text(found.left, 26)}", f"B: {text(found.right, 26)}")
    for number, (side, name) in enumerate(zip(sides, names, strict=True)):
        for place, result in enumerate(side):
            at = place + (number - 0.5) * 0.34
            label = name if not place else None
            axes.barh(at, result.value / step, 0.3, color=COLOURS[number], alpha=0.75, label=label)
            if math.isfinite(result.high - result.low):
                ends = [[(result.value - result.low) / step], [(result.high - result.value) / step]]
                axes.errorbar(result.value / step, at, xerr=ends, color=INK, capsize=1.8, linewidth=0.8)
    axes.set_xlim(min(0.0, *(r.value / step for side in sides for r in side)), 1.08 * most / step)
    axes.set_xlabel(f"{TITLES[found.of].lower()} ({prefix}{UNITS[found.of]})")


def _end(result: Result) -> float:
    return result.high if math.isfinite(result.high) else result.value


def _changes(axes: Any, rows: tuple[ComparisonRow, ...]) -> None:
    axes.axvline(0, color=SOFT, linewidth=0.8)
    down = up = 1.0
    for place, row in enumerate(rows):
        ratio = row.contrast.ratio
        if row.contrast.margin:
            down, up = (max(end, 100 * row.contrast.margin) for end in (down, up))
            axes.barh(place, 200 * row.contrast.margin, 0.9, -100 * row.contrast.margin, color=GRID, zorder=0)
        if ratio is None or not math.isfinite(ratio.high - ratio.low):
            axes.text(0, place, f"  {verdict_text(row.contrast)}", va="center", fontsize=6.5, color=INK)
            continue
        value, low, high = ((number - 1) * 100 for number in (ratio.value, ratio.low, ratio.high))
        down, up = max(down, -low), max(up, high)
        axes.errorbar(
            value,
            place,
            xerr=[[value - low], [high - value]],
            fmt="o",
            color=INK,
            capsize=2,
            markersize=3,
            linewidth=0.9,
        )
        verdict = f"{change(ratio)}, {verdict_text(row.contrast)}"
        axes.text(0.02, place - 0.2, verdict, transform=axes.get_yaxis_transform(), fontsize=6, color=INK)
    least = 0.2 * max(down, up)  # no change is to be seen apart from the frame
    axes.set_xlim(-1.3 * max(down, least), 1.3 * max(up, least))
    axes.set_xlabel("change, B against A (%)")
