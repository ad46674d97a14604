"""The power trace under its events as a figure for a paper or a slide: PNG, PDF or SVG."""

from __future__ import annotations

import io
from typing import Any, ClassVar

from powermeter.errors import NotInstalledError
from powermeter.units import prefix_of

from . import figures, svg
from .figures import Panel
from .report_data import ReportData

COLOURS = ("#2a6fbb", "#d9822b", "#2e9e6b", "#b0489c", "#7a62c9", "#c44536", "#4a9bb5", "#8a7a2f")
WIDTH_IN, TRACE_IN, LANE_IN = 6.8, 2.2, 0.19
DOTS_PER_INCH = 200


class SVGFigure:
    """The figure as SVG; needs no library."""

    suffix = ".svg"
    binary = False
    summary = "the power trace under its events, as SVG"

    def render(self, data: ReportData) -> str:
        """Return the figure as a file of its own."""
        return svg.alone(svg.power_figure(figures.run_panel(data), f"Power of {data.title}, events below"))


class PNGFigure:
    """The figure drawn by matplotlib as pixels."""

    suffix: ClassVar[str] = ".png"
    binary = True
    summary: ClassVar[str] = "the power trace under its events, as PNG"
    format: ClassVar[str] = "png"

    def render(self, data: ReportData) -> bytes:
        """Return the file's bytes.

        Raises:
            NotInstalledError: matplotlib is missing.
        """
        return draw(figures.run_panel(data), data, self.format)


class PDFFigure(PNGFigure):
    """The figure drawn by matplotlib as a vector page."""

    suffix = ".pdf"
    summary = "the power trace under its events, as PDF"
    format = "pdf"


def draw(panel: Panel, data: ReportData, form: str) -> bytes:
    """Return a panel as the bytes of a PNG or PDF.

    Raises:
        NotInstalledError: matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError(
            f"a {form.upper()} figure needs matplotlib; run: pip install 'powermeter[report]', or write .svg"
        ) from error
    lanes = len(panel.lanes)
    height = TRACE_IN + 0.75 + LANE_IN * lanes
    figure = Figure(figsize=(WIDTH_IN, height), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    ratios = [TRACE_IN, max(LANE_IN * lanes, 0.01)]
    top, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": ratios, "hspace": 0.06})
    step, prefix = prefix_of(panel.top_w, "W")
    _trace(top, panel, step)
    _lanes(below, panel)
    a = data.analysis
    top.set_ylabel(f"power on {_plain(a.line.rail.name)} ({prefix}W)", fontsize=8)
    top.set_title(f"{_plain(data.title)}, {a.energy.grade.value}", fontsize=8, loc="left")
    below.set_xlabel("time since the first sample (s)", fontsize=8)
    for axes in (top, below):
        axes.tick_params(labelsize=7)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    file = io.BytesIO()
    figure.savefig(
        file, format=form, bbox_inches="tight", metadata={"Creator": "powermeter"} if form == "pdf" else None
    )
    return file.getvalue()


def _plain(text: str) -> str:
    """Return text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")


def _trace(axes: Any, panel: Panel, step: float) -> None:
    for curve in panel.curves:
        if curve.low is not None and curve.high is not None:
            axes.fill_between(
                curve.seconds, curve.low / step, curve.high / step, color="#9db9dc", linewidth=0
            )
        axes.plot(curve.seconds, curve.watts / step, color="#1f4e8c", linewidth=0.8)
    for start, end, _ in panel.gaps:
        axes.axvspan(start, end, color="#b54708", alpha=0.12, linewidth=0)
    axes.set_xlim(panel.start, panel.end)
    axes.set_ylim(panel.bottom_w * 1.06 / step, max(panel.top_w, 0.0) * 1.06 / step or 1.0)
    axes.grid(axis="y", color="#d9dee7", linewidth=0.5)
    axes.set_axisbelow(True)


def _lanes(axes: Any, panel: Panel) -> None:
    for row, lane in enumerate(panel.lanes):
        colour = COLOURS[lane.colour % len(COLOURS)]
        spans = [(bar.start, max(bar.end - bar.start, (panel.end - panel.start) / 2000)) for bar in lane.bars]
        axes.broken_barh(spans, (row - 0.3, 0.6), color=colour, linewidth=0)
        if lane.marks:
            axes.plot(lane.marks, [row] * len(lane.marks), "D", color=colour, markersize=3)
    axes.set_ylim(len(panel.lanes) - 0.4, -0.6)
    axes.set_yticks(range(len(panel.lanes)), [_plain(svg.shortened(lane.name)) for lane in panel.lanes])
    axes.tick_params(axis="y", length=0)
