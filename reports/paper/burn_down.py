"""What is left of one battery charge over time: the run as measured, then on at its mean power until it is empty."""

from __future__ import annotations

import math
from typing import Any

from powermeter.errors import DataError

from ..report_data import ReportData
from ..wording import show
from .canvas import BAND, COLOURS, INK, TRACE, figure, text, watermark

UNITS = ((24.0 * 365.25, "years"), (24.0, "days"), (1.0, "h"), (1 / 60, "min"))


def burn_down(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure.

    Raises:
        DataError: The share of a charge, or how long it lasts, is not known.
    """
    budget = data.budget
    if budget is None or budget.hours is None or budget.share_used is None or not budget.hours.value > 0:
        raise DataError(
            f"{data.path.name}: how long the battery lasts is not known, so its burn-down is not drawn"
        )
    hours, used = budget.hours, budget.share_used
    measured_h = data.analysis.duration.value / 3600
    low = hours.low if math.isfinite(hours.low) and hours.low > 0 else hours.value
    high = hours.high if math.isfinite(hours.high) else hours.value
    step, unit = next(((s, u) for s, u in UNITS if high >= 2 * s), UNITS[-1])
    drawn = figure(maker, columns, 2.1)
    axes = drawn.subplots()
    axes.fill(
        [0, low / step, high / step], [100, 0, 0], color=BAND, alpha=0.8, linewidth=0, label="95 % interval"
    )
    axes.plot(
        [0, hours.value / step],
        [100, 0],
        color=TRACE,
        linewidth=1.0,
        linestyle="--",
        label="at the run's mean power",
    )
    left = 100 * (1 - used.value)
    axes.plot(
        [0, measured_h / step],
        [100, left],
        color=COLOURS[1],
        linewidth=2.2,
        solid_capstyle="butt",
        label=f"this run, {used.grade.value}",
    )
    axes.set_xlim(0, 1.08 * high / step)
    axes.set_ylim(0, 104)
    axes.grid(axis="y")
    axes.set_xlabel(f"time ({unit})")
    axes.set_ylabel(f"left of {text(data.battery_name, 24)} (%)")
    note = f"lasts {show(hours).text}\nthis run: {show(used, '1', 100).text} %"
    behind = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5}
    axes.text(0.03, 0.05, note, transform=axes.transAxes, fontsize=6.5, color=INK, bbox=behind)
    axes.legend(loc="upper right")
    watermark(drawn, data.grade.value)
    return drawn
