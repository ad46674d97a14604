"""Energy over a steady voltage is a charge: worked by hand at 5 V."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.charge_from_energy import SteadyVoltage
from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import LAG
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import budget
from powermeter.channel import Quantity, Rail
from powermeter.result import Grade, Result
from powermeter.signals.trace import CommonError, Trace

NS = 1_000_000_000
RAIL = Rail("VIN")
VOLTAGE_GAIN = CommonError("gain:v", relative=0.02)
CURRENT_GAIN = CommonError("gain:i", relative=0.01)


def trace(
    quantity: Quantity, values: np.ndarray, *errors: CommonError, channels: tuple[str, ...] = ("i",)
) -> Trace:
    times = np.arange(values.size, dtype=np.int64) * (NS // 10)
    return Trace(times, values, quantity, rail=RAIL, errors=errors, channels=channels, interval_ns=NS // 10)


AMPERES = np.tile(np.repeat([0.2, 1.0], 20), 10)
CURRENT = trace(Quantity.CURRENT, AMPERES, CURRENT_GAIN)
POWER = trace(Quantity.POWER, 5 * AMPERES, CURRENT_GAIN, VOLTAGE_GAIN, channels=("v", "i"))
FIVE = trace(Quantity.VOLTAGE, np.full(AMPERES.size, 5.0), channels=("v",))


def steady(voltage: Trace | None = FIVE) -> SteadyVoltage:
    found = SteadyVoltage.of(POWER, CURRENT, voltage)
    assert found is not None
    return found


def test_a_voltage_that_moves_or_readings_of_other_channels_leave_the_charge_to_itself() -> None:
    moving = replace(FIVE, values=np.where(AMPERES > 0.5, 4.6, 5.0))
    assert SteadyVoltage.of(POWER, CURRENT, moving) is None
    assert SteadyVoltage.of(POWER, replace(CURRENT, channels=("q",)), FIVE) is None
    assert SteadyVoltage.of(POWER, CURRENT, None) is None  # no rail's voltage is stated
    stated = replace(POWER, rail=Rail("VIN", nominal_v=5.0))
    found = SteadyVoltage.of(stated, CURRENT, None)
    assert found is not None and (found.low, found.high, found.stray) == (5.0, 5.0, 0.0)


def test_a_span_of_2_percent_is_a_rectangle() -> None:
    sagging = replace(FIVE, values=np.where(AMPERES > 0.5, 4.95, 5.05))
    assert steady(sagging).stray == pytest.approx(0.02 / math.sqrt(12))


def test_a_run_whose_energy_is_known_better_has_the_gain_of_its_current_alone() -> None:
    """100 J at 5 V are 20 C; gains of 1 and 2 % leave 1 % of it: a limit, of which 0.95 √3 is 95 %."""
    gains = {"gain:i": 1.0, "gain:v": 2.0}
    energy = budget(100.0, "J", gains, limits=gains)
    found = steady().of_run(Result.of(21.0, "C", {"noise:i": 5.0}), energy, 5.0)
    assert found.value == pytest.approx(20.0) and found.unit == "C"
    assert found.parts == {"gain:i": pytest.approx(0.2)}
    assert found.high - found.value == pytest.approx(0.95 * math.sqrt(3) * 0.2, rel=0.02)


def test_a_run_whose_energy_is_open_has_an_open_charge() -> None:
    charge = Result.of(20.0, "C", {"gain:i": 0.2})
    least = Result(100.0, "J", 50.0, math.inf, Grade.ESTIMATED)
    found = steady().of_run(charge, least, 5.0)
    assert found.low == pytest.approx(10.0, rel=0.01) and found.high == math.inf
    assert found.grade is Grade.ESTIMATED
    known = Result.of(100.0, "J", {"gain:i": 10.0, "noise:p": 3.0})
    assert steady().of_run(charge, known, 5.0) is charge


def test_events_of_which_power_shows_a_reason_follow_it() -> None:
    starts = np.arange(2, 38, 4, dtype=np.int64) * NS + NS // 33
    ends, one_label = starts + 2 * NS, np.zeros(starts.size, np.int64)
    charge = measure(Integral.of(CURRENT), starts, ends, one_label)
    energy = measure(Integral.of(POWER), starts, ends, one_label)
    assert steady().events(charge, energy).value == pytest.approx(charge.value, rel=1e-9)
    twice = replace(
        energy, value=energy.value * 2, above=energy.value, groups=(replace(energy.groups[0], why=LAG),)
    )
    found = steady().events(charge, twice)
    np.testing.assert_allclose(found.value, energy.value * 2 / 5)
    np.testing.assert_allclose(found.above, energy.value / 5)
    total = found.combine(np.ones(starts.size), "all")
    assert total.unit == "C" and total.grade is Grade.ESTIMATED and "gain:v" not in total.parts
