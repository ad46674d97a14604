"""Accuracy (or another measure that the events carry) against the energy of an item, a point for each row of labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from powermeter.errors import DataError
from powermeter.result import Result
from powermeter.units import prefix_of

from ..report_data import ReportData
from .canvas import COLOURS, INK, figure, text, watermark

PREFERRED = ("accuracy", "top1", "f1", "auc", "score", "bleu", "wer", "loss")


@dataclass(frozen=True, slots=True)
class Point:
    """A row of labels: what an item used, the mean of its measure over events, and the measure's range."""

    name: str
    energy: Result
    mean: float
    low: float
    high: float


def accuracy(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure.

    Raises:
        DataError: No label carries a measure together with an energy.
    """
    measure, points = points_of(data)
    drawn = figure(maker, columns, 2.5)
    axes = drawn.subplots()
    step, prefix = prefix_of(max(p.energy.value for p in points), "J")
    for place, p in enumerate(points):
        e = p.energy
        ends = [[max(e.value - e.low, 0.0) / step], [max(e.high - e.value, 0.0) / step]]
        spread = [[p.mean - p.low], [p.high - p.mean]]
        colour = COLOURS[place % len(COLOURS)]
        axes.errorbar(
            e.value / step,
            p.mean,
            xerr=ends,
            yerr=spread,
            fmt="o",
            color=colour,
            markersize=3.5,
            linewidth=0.9,
        )
        axes.annotate(
            text(p.name, 30),
            (e.value / step, p.mean),
            (4, 4),
            textcoords="offset points",
            fontsize=6.5,
            color=INK,
        )
    axes.set_xlim(0, 1.35 * max(p.energy.high for p in points if math.isfinite(p.energy.high)) / step)
    axes.margins(y=0.2)
    axes.grid()
    axes.set_xlabel(f"energy per item ({prefix}J), 95 % interval")
    axes.set_ylabel(text(measure, 30))
    watermark(drawn, data.grade.value)
    return drawn


def points_of(data: ReportData) -> tuple[str, list[Point]]:
    """Return the measure that is drawn and a point for each row that carries it and has an energy with an interval.

    Raises:
        DataError: There is none.
    """
    a = data.analysis
    names = dict.fromkeys(name for event in a.events for name in event.measures)
    ranked = sorted(
        names, key=lambda n: PREFERRED.index(n.lower()) if n.lower() in PREFERRED else len(PREFERRED)
    )
    for name in ranked:
        points = []
        for row in a.rows:
            found = [a.events[i].measures.get(name) for i in row.index.tolist()]
            values = np.array(
                [v for v in found if isinstance(v, (int, float)) and math.isfinite(v)], np.float64
            )
            energy = row.per_item
            if values.size and energy is not None and math.isfinite(energy.high - energy.low):
                low, high = float(values.min()), float(values.max())
                mean = min(max(float(values.mean()), low), high)  # equal values: a sum rounds beyond them
                points.append(Point(row.title, energy, mean, low, high))
        if points:
            return name, points
    raise DataError(
        f"{data.path.name}: no event carries a measure beside its energy; note one, for example event.measure(accuracy=0.91)"
    )
