"""The energy per item of each label with its 95 % interval, from 0; a bound is drawn as a bound."""

from __future__ import annotations

import math
from typing import Any

from powermeter.analysis.label_row import LabelRow
from powermeter.errors import DataError
from powermeter.units import prefix_of

from ..report_data import ReportData
from ..wording import show
from .canvas import COLOURS, INK, SOFT, figure, text, watermark

MOST = 24
"""Labels in one figure: those that used most."""


def label_energies(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure.

    Raises:
        DataError: No label has an energy.
    """
    rows = [
        row for row in data.analysis.rows if row.per_item is not None and math.isfinite(row.per_item.value)
    ]
    if not rows:
        raise DataError(
            f"{data.path.name}: no label has an energy to draw; the trace can be drawn: --figure trace"
        )
    by_use = sorted(rows, key=lambda r: -(r.energy.value if r.energy is not None else 0.0))[:MOST]
    rows = [row for row in rows if row in by_use]
    drawn = figure(maker, columns, 0.62 + 0.22 * len(rows))
    axes = drawn.subplots()
    ends = [_end(row) for row in rows]
    step, prefix = prefix_of(max(ends), "J")
    for place, row in enumerate(rows):
        _bar(axes, row, place, step, max(ends))
    axes.set_yticks(
        range(len(rows)), [text(row.title, 22 if columns == 1 else 44) for row in rows], color=INK
    )
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(
        min(
            0.0,
            *(row.per_item.low / step for row in rows if row.per_item and math.isfinite(row.per_item.low)),
            0.0,
        ),
        1.45 * max(ends) / step,
    )
    axes.grid(axis="x")
    axes.set_xlabel(f"energy per item ({prefix}J), 95 % interval")
    watermark(drawn, data.grade.value)
    return drawn


def _end(row: LabelRow) -> float:
    assert row.per_item is not None
    return row.per_item.high if math.isfinite(row.per_item.high) else row.per_item.value


def _bar(axes: Any, row: LabelRow, place: int, step: float, most: float) -> None:
    result = row.per_item
    assert result is not None
    shown = show(result)
    if shown.half or shown.span:
        axes.barh(place, result.value / step, 0.62, color=COLOURS[0], alpha=0.75)
        ends = [[(result.value - result.low) / step], [(result.high - result.value) / step]]
        axes.errorbar(result.value / step, place, xerr=ends, color=INK, capsize=2, linewidth=0.9)
    else:  # at most, at least: the end that is known, without a middle
        axes.barh(
            place, _end(row) / step, 0.62, facecolor="none", edgecolor=SOFT, linestyle="--", linewidth=0.8
        )
    axes.text((_end(row) + 0.02 * most) / step, place, shown.text, va="center", fontsize=6.5, color=INK)
