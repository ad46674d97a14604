"""How the mean energy of an item settles as events are added: the running mean with its 95 % interval."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.student_t import student_95
from powermeter.errors import DataError

from .. import figure_data
from ..report_data import ReportData
from ..svg import meter_ends
from .canvas import BAND, INK, SOFT, TRACE, figure, text, watermark


def convergence(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure.

    Raises:
        DataError: Single events have no energy, or there are fewer than four after the warm-up.
    """
    items = figure_data.items_of(data, data.headline, sys.maxsize) if data.headline is not None else None
    steady = items.joules[items.numbers > items.warmup] if items is not None else np.empty(0)
    if items is None or steady.size < 4:
        raise DataError(
            f"{data.path.name}: convergence needs at least four events that the sampling resolves, after the warm-up"
        )
    if not np.isfinite(items.high):
        raise DataError(
            f"{data.path.name}: each energy is known from below only, so their mean does not settle: use a larger range or a smaller shunt"
        )
    numbers = items.numbers[items.numbers > items.warmup]
    count = np.arange(1, steady.size + 1)
    mean = np.cumsum(steady) / count
    spread = np.sqrt(
        np.maximum(np.cumsum(steady**2) / count - mean**2, 0.0) * count / np.maximum(count - 1, 1)
    )
    repeats = student_95(np.maximum(count - 1, 1)) * spread / np.sqrt(count)
    low, high = (
        mean + side * np.hypot(repeats, end - items.mean)
        for side, end in zip((-1, 1), meter_ends(items), strict=True)
    )
    drawn = figure(maker, columns, 2.1)
    axes = drawn.subplots()
    step, unit = items.unit
    single, later = _some(items.numbers.size), _some(steady.size, 2)
    axes.plot(
        items.numbers[single], items.joules[single] / step, ".", color=SOFT, markersize=2.5, label="one event"
    )
    axes.fill_between(
        numbers[later],
        low[later] / step,
        high[later] / step,
        color=BAND,
        alpha=0.7,
        linewidth=0,
        label="95 % interval, events taken as independent",
    )
    settling = np.concatenate([[0, 1], later])
    axes.plot(numbers[settling], mean[settling] / step, color=TRACE, linewidth=1.0, label="mean so far")
    last = float(items.numbers[-1])
    printed = [items.low / step, items.high / step]
    axes.plot(
        [last, last], printed, "-_", color=INK, linewidth=1.2, markersize=5, label="interval as printed"
    )
    if items.warmup:
        axes.axvline(items.warmup + 0.5, color=INK, linewidth=0.7, linestyle=":")
        axes.annotate(
            " warm-up ends", (items.warmup + 0.5, 0.02), xycoords=("data", "axes fraction"), fontsize=6.5
        )
    ends = np.concatenate([low[later], high[later], np.quantile(steady, [0.02, 0.98])]) / step
    ends = np.append(ends, printed)
    room = 0.15 * float(ends.max() - ends.min())
    bottom = float(ends.min()) - room
    if items.joules.min() >= 0:
        bottom = max(bottom, 0.0)
    axes.set_ylim(bottom, float(ends.max()) + (3 if columns == 2 else 6) * room)  # of the legend's rows
    axes.set_xlim(0, 1.01 * last + 1)
    axes.grid(axis="y")
    axes.set_xlabel(f"events of {text(items.label, 30)}")
    axes.set_ylabel(f"energy per item ({unit})" + ("\naxis not from 0" if bottom > 0 else ""))
    axes.legend(loc="upper right", ncols=2 if columns == 2 else 1)
    watermark(drawn, data.grade.value)
    return drawn


def _some(events: int, first: int = 0) -> NDArray[np.int64]:
    """Return which events from the `first` on are drawn: evenly picked, with both ends."""
    return np.linspace(first, events - 1, min(events - first, figure_data.MAX_POINTS)).astype(np.int64)
