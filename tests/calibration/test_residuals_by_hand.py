"""What the residual plot of a calibration draws: each bar is ±2 u of its point, the band ±2 u of the line itself."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from powermeter.calibration.fit import CorrectionFit, Points
from powermeter.calibration.residuals import draw_panel
from powermeter.signals.correction import Correction


def test_bars_and_band() -> None:
    """u of the reference 3 mA, of the reading 2 mA times a gain of 2: √(3² + 4²) = 5 mA, so a bar reaches 10 mA.

    The line's own at 1 A: √(u₀² + 2 r + u₁²) with 1, 0.5 and 4 in (mA)²: √6 mA, at 0 A 1 mA.
    """
    covariance = ((1e-6, 0.5e-6), (0.5e-6, 4e-6))
    correction = Correction("vdd.current", (0.0, 2.0), covariance, 0.0, 1.0, date="2026-01-02")
    points = Points(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.full(2, 0.002), np.full(2, 0.003))
    fit = CorrectionFit(correction, np.array([0.004, -0.004]), 1.0, False, ())
    axes: Any = MagicMock()
    draw_panel(axes, fit, points, "A")
    seen, residuals, bars = axes.errorbar.call_args.args
    assert axes.set_ylabel.call_args.args[0] == "residual (mA)"
    assert seen.tolist() == [0.0, 1.0]
    assert residuals.tolist() == pytest.approx([4.0, -4.0]) and bars.tolist() == pytest.approx([10.0, 10.0])
    x, low, high = axes.fill_between.call_args.args
    assert (x[0], x[-1]) == (0.0, 1.0)
    assert high[[0, -1]].tolist() == pytest.approx([2.0, 2 * np.sqrt(6)]) and (low == -high).all()
