"""The power of short events seen by a slow meter: regression of what it read on what the program did.

A sample of a slow meter is a mean over its window.  If the program was busy for different shares of
different windows, the power of each kind of event, and of idling, follows by least squares although
no event is resolved:

    reading = idle + Σ (share of the window in events of kind k) × (power above idle of kind k) + noise
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import budget, common_parts, limit_names
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.result import Grade, Result, worst

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LEAST_SAMPLES = 20
_WORST = 0.5
_COLLINEAR = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """What the regression found.

    Attributes:
        idle: Power beside all events, in W (A for a charge).
        power: By group, the mean power during its events (idle included), in W; None where refused.
        energy: By group, the mean energy of one event (idle included), in J; None where refused.
        above: By group, the same above idle.
        refused: By group, why it is not told; empty where it is.
        correlation: Of neighbouring residuals (what is left after it is taken into account).
        explained: Share of the readings' variance that the events explain.
        delay_ns: By how much the readings were found to lag, or 0.
        samples: Readings used.
    """

    idle: Result
    power: tuple[Result | None, ...]
    energy: tuple[Result | None, ...]
    above: tuple[Result | None, ...]
    refused: tuple[str, ...]
    correlation: float
    explained: float
    delay_ns: int
    samples: int


def activity(times_ns: Times, start_ns: Times, end_ns: Times) -> Floats:
    """Return for each time the seconds spent in events up to it; overlapping ones count each."""
    start, end = np.sort(start_ns), np.sort(end_ns)
    base = int(times_ns[0]) if times_ns.size else 0

    def ramp(edges: Times) -> Floats:
        relative = (edges - base) * 1e-9
        sums = np.concatenate([[0.0], np.cumsum(relative)])
        k = np.searchsorted(edges, times_ns, side="right")
        total: Floats = k * ((times_ns - base) * 1e-9) - sums[k]
        return total

    return ramp(start) - ramp(end)


def regress(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    group: NDArray[np.int64],
    names: Sequence[str],
    *,
    find_delay: bool = False,
) -> Regression:
    """Return the mean power and energy of each group of events.

    Neighbouring residuals that resemble each other (drift, a meter's own filter) are taken into
    account: a first-order autoregression is taken out, and the covariance is that of Newey and West.

    Args:
        group: 0 … len(names) − 1 for each event.
        find_delay: Look for a lag of the readings of up to three sample intervals.

    Raises:
        DataError: Fewer than 20 readings, or no event inside them.
    """
    windows = _windows(integral)
    first, last, seen = windows
    size = len(names)
    if seen.size < _LEAST_SAMPLES:
        raise DataError(f"{seen.size} readings are too few for a regression; {_LEAST_SAMPLES} are the least")
    counts = np.bincount(group, minlength=size).astype(float)
    lengths = np.bincount(group, (end_ns - start_ns) * 1e-9, size) / np.maximum(counts, 1)

    def design(delay_ns: int) -> Floats:
        width = (last - first) * 1e-9
        columns = [np.ones(seen.size)]
        for g in range(size):
            mine = group == g
            busy = activity(last - delay_ns, start_ns[mine], end_ns[mine])
            busy = busy - activity(first - delay_ns, start_ns[mine], end_ns[mine]) if first.size else busy
            columns.append(busy / width)
        return np.column_stack(columns)

    delay = _lag(design, seen, integral.trace.interval_ns) if find_delay else 0
    x = design(delay)
    refused = _separable(x, names)
    use = [0, *(g + 1 for g in range(size) if not refused[g])]
    if len(use) < 2:
        raise DataError("; ".join(reason for reason in refused if reason))
    weights = np.sqrt((last - first) / float(np.mean(last - first)))
    beta, covariance, rho, left = _fit(x[:, use] * weights[:, None], seen * weights)
    whole = float(np.var(seen))
    found = dict(zip(use, range(len(use)), strict=True))
    power: list[Result | None] = []
    energy: list[Result | None] = []
    above: list[Result | None] = []
    freedom = max(seen.size * (1 - rho) / (1 + rho) - len(use), 3.0)
    reasons = list(refused)
    for g in range(size):
        k = found.get(g + 1)
        if k is None or not counts[g]:
            power.append(None)
            energy.append(None)
            above.append(None)
            continue
        mix = np.zeros(len(use))
        mix[0], mix[k] = 1.0, 1.0
        value = float(mix @ beta)
        spread = math.sqrt(max(float(mix @ covariance @ mix), 0.0))
        if value <= 0 or 1.96 * spread > _WORST * value:
            reasons[g] = (
                f"{names[g]}: the readings tell its power only to ±{1.96 * spread:.2g} W; measure for longer"
            )
            power.append(None)
            energy.append(None)
            above.append(None)
            continue
        one = math.sqrt(max(float(covariance[k, k]), 0.0))
        power.append(_result(integral, value, spread, 1.0, names[g], freedom, "W"))
        energy.append(
            _result(integral, value * lengths[g], spread * lengths[g], lengths[g], names[g], freedom, "J")
        )
        above.append(
            _result(integral, float(beta[k]) * lengths[g], one * lengths[g], 0.0, names[g], freedom, "J")
        )
    idle = _result(
        integral, float(beta[0]), math.sqrt(max(float(covariance[0, 0]), 0.0)), 1.0, "idle", freedom, "W"
    )
    explained = 1 - float(np.var(left)) / whole if whole else 0.0
    return Regression(
        idle, tuple(power), tuple(energy), tuple(above), tuple(reasons), rho, explained, delay, int(seen.size)
    )


def _windows(integral: Integral) -> tuple[Times, Times, Floats]:
    """Return start, end and mean of what each reading speaks for; those across gaps are left out."""
    trace = integral.trace
    times = trace.times_ns
    if trace.kind is Kind.INSTANT:
        half = max((trace.window_ns or 0) // 2, 1)
        return times - half, times + half, trace.values
    rates = integral.rates(np.arange(1, times.size))
    first, last = times[:-1], times[1:]
    good = (last > first) & (integral.gap_seconds(first, last) == 0)
    return first[good], last[good], rates[good]


def _lag(design: Any, seen: Floats, interval_ns: int) -> int:
    """Return the delay, a tenth of an interval fine, that explains most; 0 unless it explains clearly more."""
    delays = np.arange(-10, 31) * interval_ns // 10
    left = np.array([_rest(design(int(d)), seen) for d in delays])
    best = int(np.argmin(left))
    gain = seen.size * math.log(max(left[10], 1e-300) / max(left[best], 1e-300))
    return int(delays[best]) if gain > 10 else 0


def _rest(x: Floats, y: Floats) -> float:
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    return float(np.sum((y - x @ beta) ** 2))


def _separable(x: Floats, names: Sequence[str]) -> list[str]:
    """Say for each group why it cannot be told apart from idling or from another group; empty if it can."""
    reasons = []
    for g, name in enumerate(names):
        column = x[:, g + 1]
        centred = column - column.mean()
        power = float(centred @ centred)
        share = float(column.mean())
        if share <= 0:
            reasons.append(f"{name}: no event lies inside the readings")
            continue
        if math.sqrt(power / column.size) < 0.01 * share:
            reasons.append(
                f"{name}: it keeps every window equally busy; pause now and then to tell it from idling"
            )
            continue
        others = np.delete(x, g + 1, axis=1)
        beta, *_ = np.linalg.lstsq(others, column, rcond=None)
        rest = float(np.sum((column - others @ beta) ** 2))
        if rest < (1 - _COLLINEAR**2) * power:
            reasons.append(
                f"{name}: it always runs together with another event; vary their order to tell them apart"
            )
            continue
        reasons.append("")
    return reasons


def _fit(x: Floats, y: Floats) -> tuple[Floats, Floats, float, Floats]:
    """Return coefficients, covariance, autocorrelation and residuals of generalised least squares."""
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    left = y - x @ beta
    bottom = float(left[:-1] @ left[:-1])
    rho = float(left[1:] @ left[:-1]) / bottom if bottom > 0 else 0.0
    rho = min(max(rho, 0.0), 0.98)
    if rho > 2 / math.sqrt(y.size):
        xs, ys = x[1:] - rho * x[:-1], y[1:] - rho * y[:-1]
    else:
        rho, xs, ys = 0.0, x, y
    beta, *_ = np.linalg.lstsq(xs, ys, rcond=None)
    inner = ys - xs @ beta
    bread = np.linalg.pinv(xs.T @ xs)
    scores = xs * inner[:, None]
    meat = scores.T @ scores
    reach = max(1, int(4 * (ys.size / 100) ** (2 / 9)))
    for lag in range(1, reach + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (reach + 1.0)) * (cross + cross.T)
    small = ys.size / max(ys.size - xs.shape[1], 1)
    plain = bread * float(inner @ inner) / max(ys.size - xs.shape[1], 1)
    robust = bread @ meat @ bread * small
    # The larger of the two: Newey and West fall short where few windows carry the information.
    covariance = robust if np.trace(robust) > np.trace(plain) else plain
    return beta, covariance, rho, y - x @ beta


def _result(
    integral: Integral, value: float, spread: float, seconds: float, name: str, freedom: float, unit: str
) -> Result:
    trace = integral.trace
    parts = common_parts(trace.errors, value, seconds)
    own = f"noise:{'+'.join(trace.channels)} regression {name}"
    parts[own] = spread
    unit = unit if integral.is_energy else {"W": "A", "J": "C"}[unit]
    return budget(
        value,
        unit,
        parts,
        grade=worst((trace.grade, Grade.DERIVED)),
        limits=limit_names(trace.errors),
        counted={own: freedom},
    )
