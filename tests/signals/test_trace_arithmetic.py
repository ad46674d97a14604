"""Products, sums and work of traces, each part of what they carry by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Gap, Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.trace import CommonError, Trace
from powermeter.signals.trace_arithmetic import multiply, scaled, total, work

S = 10**9


def trace(values: object, quantity: Quantity = Quantity.POWER, **more: Any) -> Trace:
    """One reading a second."""
    found = np.asarray(values, np.float64)
    return Trace(np.arange(found.size) * S, found, quantity, interval_ns=S, **more)


def test_a_product_has_the_worse_grade_both_noises_all_gaps_and_one_reading_a_row() -> None:
    """5 V ± 30 mV times 2 A ± 10 mA: 5 × 0.01 and 2 × 0.03 W, in squares."""
    early, late = Gap(1 * S, 2 * S, "missed", ""), Gap(3 * S, 4 * S, "missed", "")
    volts = trace([5.0] * 6, Quantity.VOLTAGE, noise=0.03, grade=Grade.ESTIMATED, saturated=3, gaps=(early,))
    amps = trace([2.0] * 6, Quantity.CURRENT, noise=0.01, saturated=1, gaps=(late,))
    power = multiply(volts, amps)
    assert power.noise == pytest.approx(math.hypot(0.05, 0.06))
    assert power.grade is Grade.ESTIMATED and power.saturated == 3
    assert set(power.gaps) == {early, late}


def test_voltage_read_a_quarter_of_an_interval_after_current_is_seen_in_a_sagging_supply() -> None:
    """5 V behind 0.5 Ω under a load that jumps between 1 and 3 A, each level 20 to 200 quarters of a row long."""
    rng = np.random.default_rng(12)
    levels = np.repeat(rng.permutation(np.tile([1.0, 3.0], 400)), rng.integers(20, 200, 800))
    rows = 4 * np.arange(levels.size // 4 - 1)
    power = multiply(
        trace(5 - 0.5 * levels[rows + 1], Quantity.VOLTAGE), trace(levels[rows], Quantity.CURRENT)
    )
    assert power.skew_ns == pytest.approx(0.25 * S, rel=0.15) and power.clock_ns == power.skew_ns


def test_noises_of_a_sum_add_in_squares_and_its_readings_at_the_ranges_end_are_all_parts() -> None:
    both = total(
        [trace([3.0] * 4, noise=3e-3, saturated=2), trace([1.0] * 4, noise=4e-3, saturated=3)], Rail("ALL")
    )
    assert both.noise == pytest.approx(5e-3) and both.saturated == 5


def test_a_scaled_code_is_in_the_new_unit() -> None:
    """2.5 mA a code at 4 V: 10 mW."""
    assert scaled(trace([1.0] * 3, Quantity.CURRENT, code=2.5e-3), 4.0, Quantity.POWER).code == pytest.approx(
        0.01
    )


def test_an_offset_of_a_voltage_is_its_share_of_the_work_of_a_charge() -> None:
    """40 mV of 4 V: 1 % of all that is moved."""
    charge = trace([0.0, 1.0, 2.0], Quantity.CHARGE, kind=Kind.COUNTER)
    volts = trace(
        [4.0] * 3, Quantity.VOLTAGE, channels=("v",), errors=(CommonError("offset:v", absolute=0.04),)
    )
    found = work(charge, volts)
    assert found.values.tolist() == [0.0, 4.0, 8.0]
    by: dict[str, object] = {e.key: (e.relative, e.absolute) for e in found.errors}
    assert by == {"offset:v": (pytest.approx(0.01), 0.0)}


def test_what_a_voltage_is_cut_by_is_a_share_of_the_work_and_no_offset() -> None:
    errors = (CommonError("rounding:v", 0.0, 0.2, limit=False), CommonError("offset:v", 0.0, 0.1))
    charge = trace(np.arange(9.0), Quantity.CHARGE, kind=Kind.COUNTER)
    found = work(charge, trace(np.full(9, 5.0), Quantity.VOLTAGE, errors=errors))
    shares = {error.key.partition(":")[0]: (error.relative, error.limit) for error in found.errors}
    assert shares == {"rounding": (pytest.approx(0.04), False), "offset": (pytest.approx(0.02), True)}


def test_readings_of_a_sum_are_as_far_apart_as_those_that_its_parts_share() -> None:
    """One column each second, the other one each 10 s: the sum is read each 10 s, in either order; and so is their product."""
    often = trace([3.0] * 31)
    seldom = Trace(10 * np.arange(4) * S, np.full(4, 2.0), Quantity.POWER, interval_ns=10 * S)
    assert {total(both, Rail("ALL")).interval_ns for both in ([often, seldom], [seldom, often])} == {10 * S}
    volts = replace(seldom, quantity=Quantity.VOLTAGE)
    assert multiply(volts, replace(often, quantity=Quantity.CURRENT)).interval_ns == 10 * S
