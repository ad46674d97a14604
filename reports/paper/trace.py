"""The power over the whole run, its events below, on one clock."""

from __future__ import annotations

from typing import Any

from powermeter.units import prefix_of

from .. import figure_data, svg
from ..report_data import ReportData
from .canvas import BAND, COLOURS, GAP, TRACE, figure, text, watermark

TRACE_IN, LANE_IN, REST_IN = 1.7, 0.17, 0.65
UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))


def trace(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure."""
    panel = figure_data.run_panel(data)
    lanes = len(panel.lanes)
    drawn = figure(maker, columns, TRACE_IN + REST_IN + LANE_IN * lanes)
    ratios = [TRACE_IN, max(LANE_IN * lanes, 0.01)]
    top, below = drawn.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": ratios, "hspace": 0.02})
    step, prefix = prefix_of(panel.top_w, "W")
    second, unit = next(((s, u) for s, u in UNITS if panel.end - panel.start >= 2.5 * s), (1e-6, "µs"))
    _power(top, panel, step, second)
    _lanes(below, panel, second, 10 if columns == 1 else svg.WIDE.letters)
    a = data.analysis
    top.set_ylabel(f"power on {text(a.line.rail.name, 24)} ({prefix}W)")
    below.set_xlabel(f"time since the first sample ({unit})")
    watermark(drawn, a.energy.grade.value)
    return drawn


def _power(axes: Any, panel: figure_data.Panel, step: float, second: float) -> None:
    for curve in panel.curves:
        if curve.low is not None and curve.high is not None:
            axes.fill_between(
                curve.seconds / second, curve.low / step, curve.high / step, color=BAND, linewidth=0
            )
        axes.plot(curve.seconds / second, curve.watts / step, color=TRACE, linewidth=0.7)
    for start, end, _ in panel.gaps:
        axes.axvspan(start / second, end / second, color=GAP, alpha=0.12, linewidth=0, label="gap, bridged")
    if panel.gaps:
        axes.legend(handles=axes.get_legend_handles_labels()[0][:1], loc="lower right")
    axes.set_xlim(panel.start / second, panel.end / second)
    axes.set_ylim(panel.bottom_w * 1.06 / step, max(panel.top_w, 0.0) * 1.06 / step or 1.0)
    axes.grid(axis="y")
    axes.tick_params(axis="x", length=0)


def _lanes(axes: Any, panel: figure_data.Panel, second: float, letters: int) -> None:
    least = (panel.end - panel.start) / 2000
    for row, lane in enumerate(panel.lanes):
        colour = COLOURS[lane.colour % len(COLOURS)]
        spans = [(bar.start / second, max(bar.end - bar.start, least) / second) for bar in lane.bars]
        axes.broken_barh(spans, (row - 0.3, 0.6), color=colour, linewidth=0)
        if lane.marks:
            axes.plot(
                [mark / second for mark in lane.marks],
                [row] * len(lane.marks),
                "D",
                color=colour,
                markersize=3,
            )
    axes.set_ylim(len(panel.lanes) - 0.4, -0.6)
    axes.set_yticks(
        range(len(panel.lanes)), [text(svg.shortened(lane.name, letters)) for lane in panel.lanes]
    )
    axes.tick_params(axis="y", length=0)
