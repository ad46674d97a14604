"""The residual plot of a calibration: what is left between reference and corrected reading, point by point."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.recording.our_files import FIGURE_METADATA
from powermeter.result import Result
from powermeter.signals.correction import Correction

from .fit import CorrectionFit, Points

FORMATS = ("png", "svg", "pdf")


def plot(fits: list[tuple[CorrectionFit, Points, str]], form: str) -> bytes:
    """Return the figure's bytes, one panel a channel: residuals with ±2 u bars, the correction's own ±2 u band.

    Args:
        fits: Fit, its points and the channel's unit.
        form: One of `FORMATS`.

    Raises:
        ConfigurationError: It cannot be drawn in that format.
        NotInstalledError: matplotlib is missing.
    """
    if form not in FORMATS:
        raise ConfigurationError(f"a residual plot is a .png, .svg or .pdf file, not .{form}")
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError(
            "a residual plot needs matplotlib; run: pip install 'powermeter[report]', or leave out --plot"
        ) from error
    figure = Figure(figsize=(6.8, 2.6 * len(fits) + 0.3), dpi=160)
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(fits), 1, squeeze=False)[:, 0]
    for axes, (fit, points, unit) in zip(panels, fits, strict=True):
        draw_panel(axes, fit, points, unit)
    figure.tight_layout()
    file = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "powermeter"}):
        figure.savefig(file, format=form, metadata=FIGURE_METADATA[form])
    return file.getvalue()


def draw_panel(axes: Any, fit: CorrectionFit, points: Points, unit: str) -> None:
    """Draw the residuals of one channel, in the prefix that suits the largest."""
    correction = fit.correction
    bars = 2 * np.hypot(points.true_u, correction.gain * points.seen_u)
    x = np.linspace(correction.low, correction.high, 200)
    band = 2 * np.array([_own(correction, value) for value in x.tolist()])
    largest = float(max(np.max(np.abs(fit.residuals) + bars), np.max(band)))
    prefixed = Result.of(largest, unit).show().unit
    size = Result.of(1.0, prefixed).to(unit).value
    axes.axhline(0, color="#8a94a6", linewidth=0.8)
    axes.fill_between(
        x,
        -band / size,
        band / size,
        color="#9db9dc",
        alpha=0.5,
        linewidth=0,
        label="the correction's own ±2 u",
    )
    axes.errorbar(
        points.seen,
        fit.residuals / size,
        bars / size,
        fmt="o",
        color="#1f4e8c",
        markersize=3,
        linewidth=0.8,
        label="reference − corrected, ±2 u",
    )
    axes.set_xlabel(f"{_plain(correction.channel)} as recorded ({unit})", fontsize=8)
    axes.set_ylabel(f"residual ({prefixed})", fontsize=8)
    gain, offset = correction.gain, Result.of(correction.offset, unit)
    axes.set_title(
        f"gain × {gain:.6f}, offset {offset}, {points.seen.size} points, {correction.date}",
        fontsize=8,
        loc="left",
    )
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7, frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _own(correction: Correction, x: float) -> float:
    """Return the fit's own standard uncertainty at x, the reference's share left out (all points share it)."""
    powers = np.array([x**k for k in range(len(correction.coefficients))])
    return float(np.sqrt(max(powers @ np.asarray(correction.covariance) @ powers, 0.0)))


def _plain(text: str) -> str:
    """Return text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")
