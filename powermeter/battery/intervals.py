"""Intervals of what a battery yields: of a falling function, and widened by the range of packs of one name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from powermeter.result import COVERAGE_95, Grade, Result, worst
from powermeter.result.formatting import prints_bound

_NORMAL_95 = 1.6448536269514722
"""Standard normal quantile at 95 %: where low and high of a range stand."""


def bounded(amount: Result) -> Result:
    """Return an amount with an interval from 0 where it prints as `at most`: what follows from it is one-sided too."""
    if math.isinf(amount.high) or not prints_bound(amount.value, amount.low, amount.high, amount.unit):
        return amount
    return replace(amount, low=min(amount.low, 0.0))


def left_of(used: Result) -> Result:
    """Return the share that a used one leaves: without an upper end where at most so much was used, else without a lower where at least."""
    parts = {name: -part for name, part in used.parts.items()}
    from_zero = math.isfinite(used.high) and prints_bound(used.value, used.low, used.high, used.unit)
    highest = math.inf if from_zero else 1 - used.low
    return Result(1 - used.value, "1", 1 - used.high, highest, used.grade, parts)


def falling(function: Callable[[float], float], of: Result, unit: str) -> Result:
    """Return a falling function of a result: the interval's ends change places.

    Of what is only known from below nothing but an upper end is left, however much its repeats tell of one another.
    """
    value = function(of.value)
    step = 1e-5 * of.value
    rise = function(of.value + step) - function(of.value - step)
    slope = rise / (2 * step) if step and math.isfinite(rise) else 0.0
    parts = {} if math.isinf(of.high) else {name: part * slope for name, part in of.parts.items()}
    return Result(value, unit, function(of.high), function(of.low), of.grade, parts)


def widened(result: Result, spread: tuple[float, float], sign: int = 1) -> Result:
    """Return a result with the range of the pack in its interval, log-normal on each side."""
    if spread == (1.0, 1.0) or result.value <= 0:
        return result
    low, high = (COVERAGE_95 / _NORMAL_95 * abs(math.log(end)) for end in spread)
    below = math.hypot(low, math.log(result.value / result.low)) if result.low > 0 else math.inf
    above = math.hypot(high, math.log(result.high / result.value)) if math.isfinite(result.high) else math.inf
    part = sign * result.value * math.log(spread[1] / spread[0]) / (2 * _NORMAL_95)
    return replace(
        result,
        low=result.value * math.exp(-below) if math.isfinite(below) else min(result.low, 0.0),
        high=result.value * math.exp(above),
        grade=worst((result.grade, Grade.ASSUMED)),
        parts={**result.parts, "factor:battery.capacity": part},
    )
