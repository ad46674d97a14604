"""What a rail's energy and charge come from: a counter before power, power before voltage × current."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.counter_or_power import current_of, power_of
from powermeter.signals.trace import Trace

TIMES = np.arange(5, dtype=np.int64) * 10**9
WATTS, VOLTS, AMPERES = np.full(5, 6.0), np.full(5, 4.0), np.array([1.0, 2.0, 1.5, 1.0, 0.5])
JOULES, COULOMBS = np.arange(5) * 6.0, np.arange(5) * 1.5
VALUES = {
    Quantity.ENERGY: JOULES,
    Quantity.POWER: WATTS,
    Quantity.VOLTAGE: VOLTS,
    Quantity.CURRENT: AMPERES,
    Quantity.CHARGE: COULOMBS,
}


def measured(*quantities: Quantity) -> dict[Quantity, Trace]:
    counters = (Quantity.ENERGY, Quantity.CHARGE)
    return {
        one: Trace(TIMES, VALUES[one], one, Kind.COUNTER if one in counters else Kind.INSTANT, Rail("r"))
        for one in quantities
    }


@pytest.mark.parametrize(
    ("quantities", "wanted", "values"),
    [
        (tuple(VALUES), Quantity.ENERGY, JOULES),
        ((Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT), Quantity.POWER, WATTS),
        ((Quantity.VOLTAGE, Quantity.CURRENT, Quantity.CHARGE), Quantity.POWER, VOLTS * AMPERES),
        ((Quantity.VOLTAGE, Quantity.CHARGE), Quantity.ENERGY, COULOMBS * 4.0),
    ],
)
def test_energy_comes_from_the_first_that_is_measured(
    quantities: tuple[Quantity, ...], wanted: Quantity, values: np.ndarray
) -> None:
    found = power_of(measured(*quantities), Rail("r"), "m/r")
    assert found is not None and found.quantity is wanted
    assert found.values - found.values[0] == pytest.approx(values - values[0])


def test_a_nominal_voltage_takes_the_place_of_one_that_is_not_measured_and_is_derived() -> None:
    found = power_of(measured(Quantity.CURRENT), Rail("r", nominal_v=5.0), "m/r")
    assert found is not None and found.grade is Grade.DERIVED
    assert found.values == pytest.approx(5.0 * AMPERES)
    assert power_of(measured(Quantity.CURRENT), Rail("r"), "m/r") is None
    assert power_of(measured(Quantity.VOLTAGE), Rail("r", nominal_v=5.0), "m/r") is None


def test_charge_comes_from_its_counter_then_the_current_then_power_over_voltage() -> None:
    have = measured(Quantity.CHARGE, Quantity.CURRENT)
    assert current_of(have, None, Rail("r"), "m/r") is have[Quantity.CHARGE]
    have = measured(Quantity.POWER, Quantity.VOLTAGE)
    found = current_of(have, have[Quantity.POWER], Rail("r", nominal_v=5.0), "m/r")
    assert found is not None and found.values == pytest.approx(6.0 / 4.0)
    assert current_of({}, None, Rail("r", nominal_v=5.0), "m/r") is None
