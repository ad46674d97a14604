"""Gain and offset of a channel against something better: a reference meter, known loads, another recording.

A straight line with errors in both readings (York, Evensen, Martinez and Delgado, Am. J. Phys. 72,
2004), the covariance kept; a second-order term only where the points ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.result.notes import Note
from powermeter.signals.correction import Correction

Floats = NDArray[np.floating[Any]]

_LEAST_POINTS = 3
_SIGNIFICANT = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Readings and what they should have been; arrays of shape (n,), SI.

    Attributes:
        seen: The channel's readings (its own scale and offset applied).
        true: The reference's.
        seen_u, true_u: Standard uncertainties, independent from point to point.
        temperature_c: Temperatures, where they were recorded.
    """

    seen: Floats
    true: Floats
    seen_u: Floats
    true_u: Floats
    temperature_c: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CorrectionFit:
    """A fitted correction.

    Attributes:
        correction: To be stored and applied.
        residuals: true − corrected for each point, SI.
        chi2: Reduced chi-square of the points.
        widened: Whether the covariance was widened because the points scatter more than they claim.
        notes: What to know about it.
    """

    correction: Correction
    residuals: Floats
    chi2: float
    widened: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a calibration notes of itself.

    Attributes:
        instrument: The reference.
        shunt_ohm: The shunt that the channel was read with.
        note: In the user's words.
        day: ISO date; today where None.
    """

    instrument: str = ""
    shunt_ohm: float | None = None
    note: str = ""
    day: str | None = None


def fit(
    channel: str,
    points: Points,
    *,
    order: int | None = None,
    temperature_channel: str | None = None,
    reference_gain: float = 0.0,
    reference_offset: float = 0.0,
    about: About | None = None,
) -> CorrectionFit:
    """Return the correction that fits some points.

    Args:
        channel: The channel's name.
        order: 1 or 2; None takes 2 only where the second-order term is larger than four of its
            standard uncertainties and five points are there.
        temperature_channel: Fit a temperature slope too, of this channel's temperatures.
        reference_gain, reference_offset: Standard uncertainties of the reference common to all points.
        about: What the calibration notes of itself.

    Raises:
        DataError: Too few points, no spread between them, or a gain that is not above zero.
    """
    _check(points)
    about = about or About()
    notes: list[Note] = []
    beta, covariance = york(points)
    chi2 = _chi2(points, beta)
    if order == 2 or (order is None and points.seen.size >= 5):
        square, square_cov = _second_order(points, beta)
        size = abs(square[2]) / math.sqrt(square_cov[2, 2]) if square_cov[2, 2] > 0 else 0.0
        curved = max(1.0, _chi2(points, square))
        if order == 2 or size / math.sqrt(curved) > _SIGNIFICANT:
            beta, covariance, chi2 = square, square_cov, _chi2(points, square)
            notes.append(Note.info("second-order", "a second-order term was needed"))
    widened = chi2 > 1
    if widened:
        covariance = covariance * chi2
    slope, middle = 0.0, None
    if temperature_channel is not None and points.temperature_c is not None:
        slope, middle = _temperature(points, beta, notes)
    correction = Correction(
        channel=channel,
        coefficients=tuple(float(b) for b in beta),
        covariance=tuple(tuple(float(c) for c in row) for row in covariance),
        low=float(points.seen.min()),
        high=float(points.seen.max()),
        reference_gain=reference_gain,
        reference_offset=reference_offset,
        temperature_slope=slope,
        temperature_c=middle,
        temperature_channel=temperature_channel if slope else None,
        date=about.day or date.today().isoformat(),
        instrument=about.instrument,
        shunt_ohm=about.shunt_ohm,
        note=about.note,
    )
    residuals = points.true - correction.apply(points.seen, points.temperature_c)
    if chi2 > 4:
        text = f"the points scatter {math.sqrt(chi2):.1f} times as much as their stated uncertainty; the covariance is widened"
        notes.append(Note.warning("scatter", text))
    return CorrectionFit(correction, residuals, chi2, widened, tuple(notes))


def _check(points: Points) -> None:
    n = points.seen.size
    if n < _LEAST_POINTS:
        raise DataError(f"{n} points are too few for gain and offset; at least {_LEAST_POINTS} are needed")
    numbers = np.concatenate([points.seen, points.true, points.seen_u, points.true_u])
    if not np.isfinite(numbers).all():
        raise DataError("a calibration point is not a finite number")
    if (points.seen_u < 0).any() or (points.true_u < 0).any() or (points.seen_u + points.true_u <= 0).any():
        raise DataError("a calibration point claims to have no uncertainty at all")
    span = float(np.ptp(points.seen))
    if span <= 4 * float(np.median(np.hypot(points.seen_u, points.true_u))):
        raise DataError("the calibration points lie too close together to separate gain from offset")


def york(points: Points) -> tuple[Floats, Floats]:
    """Return (offset, gain) and their covariance by York's unified equations, errors independent.

    Raises:
        DataError: It does not settle, or the gain is not above zero.
    """
    x, y = points.seen, points.true
    floor = 1e-12 * max(float(np.ptp(y)), 1e-30)
    wx = 1 / np.maximum(points.seen_u, floor) ** 2
    wy = 1 / np.maximum(points.true_u, floor) ** 2
    b = float(np.polyfit(x, y, 1)[0])
    for _ in range(200):
        w = wx * wy / (wx + b * b * wy)
        xm, ym = float(w @ x / w.sum()), float(w @ y / w.sum())
        u, v = x - xm, y - ym
        beta = w * (u / wy + b * v / wx)
        new = float((w * beta) @ v / ((w * beta) @ u))
        settled = abs(new - b) <= 1e-14 * abs(new)
        b = new
        if settled:
            break
    if not math.isfinite(b) or b <= 0:
        raise DataError(
            "these points yield a gain that is not above zero: are both readings of the same rail?"
        )
    w = wx * wy / (wx + b * b * wy)
    xm, ym = float(w @ x / w.sum()), float(w @ y / w.sum())
    beta = w * ((x - xm) / wy + b * (y - ym) / wx)
    adjusted = xm + beta
    am = float(w @ adjusted / w.sum())
    vb = 1 / float(w @ (adjusted - am) ** 2)
    va = 1 / float(w.sum()) + am * am * vb
    return np.array([ym - b * xm, b]), np.array([[va, -am * vb], [-am * vb, vb]])


def _second_order(points: Points, line: Floats) -> tuple[Floats, Floats]:
    """Return a weighted quadratic; the readings' own errors enter through the line's slope."""
    sigma = np.hypot(points.true_u, line[1] * points.seen_u)
    centre = float(points.seen.mean())
    x = points.seen - centre
    matrix = np.column_stack([np.ones_like(x), x, x * x])
    scaled = matrix / sigma[:, None]
    covariance = np.linalg.inv(scaled.T @ scaled)
    local = covariance @ (scaled.T @ (points.true / sigma))
    # Back from x − centre to x.
    back = np.array([[1.0, -centre, centre**2], [0.0, 1.0, -2 * centre], [0.0, 0.0, 1.0]])
    return back @ local, back @ covariance @ back.T


def _chi2(points: Points, beta: Floats) -> float:
    value = sum(c * points.seen**k for k, c in enumerate(beta.tolist()))
    slope = sum(k * c * points.seen ** (k - 1) for k, c in enumerate(beta.tolist()) if k)
    sigma2 = points.true_u**2 + (slope * points.seen_u) ** 2
    freedom = points.seen.size - beta.size
    return float(np.sum((points.true - value) ** 2 / sigma2)) / freedom if freedom > 0 else 1.0


def _temperature(points: Points, beta: Floats, notes: list[Note]) -> tuple[float, float | None]:
    assert points.temperature_c is not None
    t = points.temperature_c - points.temperature_c.mean()
    value = sum(c * points.seen**k for k, c in enumerate(beta.tolist()))
    usable = np.abs(value) > 0.1 * float(np.max(np.abs(value)))
    if float(np.ptp(t)) < 2 or usable.sum() < 5:
        notes.append(
            Note.info("one-temperature", "the temperature hardly changed: no slope is taken from it")
        )
        return 0.0, None
    relative = (points.true - value)[usable] / value[usable]
    tu = t[usable] - t[usable].mean()
    slope = float(tu @ relative / (tu @ tu))
    left = relative - relative.mean() - slope * tu
    spread = math.sqrt(float(left @ left) / max(left.size - 2, 1) / float(tu @ tu))
    if abs(slope) < _SIGNIFICANT * spread:
        notes.append(Note.info("no-temperature-slope", "no significant change with temperature"))
        return 0.0, None
    notes.append(
        Note.info("temperature-slope", f"a temperature slope of {slope * 1e6:.0f} ppm/°C was needed")
    )
    return slope, float(points.temperature_c.mean())


def from_loads(steps: Sequence[tuple[float, float, float, float]]) -> Points:
    """Return the points of loads typed in: (true, its standard uncertainty, mean reading, its uncertainty)."""
    table = np.array(steps, float).reshape(-1, 4)
    return Points(table[:, 2], table[:, 0], table[:, 3], table[:, 1])


def shunt(
    voltage_v: Sequence[float], current_a: Sequence[float], voltage_u: float, current_u: float
) -> tuple[float, float]:
    """Return a shunt's resistance in ohm and its standard uncertainty from known currents through it.

    A line through the measured voltages: an offset of the voltage reading falls out.

    Raises:
        DataError: Fewer than three loads, or currents too close together.
    """
    n = len(voltage_v)
    points = Points(
        np.array(current_a, float), np.array(voltage_v, float), np.full(n, current_u), np.full(n, voltage_u)
    )
    _check(points)
    beta, covariance = york(points)
    widen = max(1.0, _chi2(points, beta))
    return float(beta[1]), math.sqrt(float(covariance[1, 1]) * widen)
