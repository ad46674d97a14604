"""The voltage that turns energy into charge: energy over charge, else measured, else nominal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.analysis.rail_voltage import ChargeOrigin, at_the_socket, charge_origin, rail_voltage
from powermeter.channel import Boundary, Quantity
from powermeter.result import Grade, Result


class Volts:
    values = np.array([4.9, 5.1, 5.0])

    def __len__(self) -> int:
        return 3


def analysis(charge: float | None, volts: Volts | None, nominal: float | None) -> Any:
    return SimpleNamespace(
        energy=Result.of(10.0, "J"),
        charge=None if charge is None else Result.of(charge, "C"),
        voltage_trace=volts,
        line=SimpleNamespace(rail=SimpleNamespace(nominal_v=nominal)),
    )


@pytest.mark.parametrize(
    ("charge", "volts", "nominal", "expected"),
    [
        (2.0, Volts(), 3.3, 5.0),
        (2.5, Volts(), 3.3, 4.0),
        (0.0, Volts(), 3.3, 5.0),
        (None, Volts(), 3.3, 5.0),
        (None, None, 3.3, 3.3),
        (None, None, None, None),
    ],
)
def test_the_best_that_is_known_counts(charge, volts, nominal, expected) -> None:
    found = rail_voltage(analysis(charge, volts, nominal))
    assert found == expected if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("boundary", "volts", "at_socket"),
    [
        (Boundary.WALL, None, True),
        (Boundary.WALL, 230.0, True),
        (Boundary.WALL, 5.0, False),
        (Boundary.BOARD, None, False),
        (Boundary.BOARD, 48.0, False),
        (Boundary.BOARD, 120.0, True),
        (Boundary.BATTERY, 400.0, False),
    ],
)
def test_ampere_hours_of_the_mains_are_not_those_of_a_battery(boundary, volts, at_socket):
    assert at_the_socket(boundary, volts) is at_socket


@pytest.mark.parametrize("grade", [Grade.MEASURED, Grade.SIMULATED])
@pytest.mark.parametrize(
    ("sensed", "origin"),
    [
        ({Quantity.CURRENT, Quantity.VOLTAGE}, ChargeOrigin.CURRENT),
        ({Quantity.CHARGE}, ChargeOrigin.CURRENT),
        ({Quantity.POWER, Quantity.VOLTAGE}, ChargeOrigin.ENERGY),
    ],
)
def test_a_charge_comes_from_the_channel_that_sensed_it(
    sensed: set[Quantity], origin: ChargeOrigin, grade: Grade
) -> None:
    line = SimpleNamespace(direct=lambda quantity: quantity if quantity in sensed else None)
    found: Any = SimpleNamespace(charge=Result.of(1.0, "C", grade=grade), line=line)
    assert charge_origin(found) is origin
    found.charge = None
    assert charge_origin(found) is None


@pytest.mark.parametrize(
    ("joules", "coulombs", "volts", "found"),
    [
        (0.5, 0.1, [3.0, 5.0], 5.0),  # both known, however small
        (0.0, 0.1, [3.0, 5.0], 4.0),
        (0.5, 0.0, [3.0, 5.0], 4.0),
        (-0.5, -0.1, [3.0, 5.0], 4.0),
        (0.5, None, [3.0, 5.0], 4.0),
        (0.5, None, None, 3.3),
        (0.5, None, [], 3.3),
    ],
)
def test_energy_over_charge_then_the_mean_voltage_then_the_nominal_one(
    joules: float, coulombs: float | None, volts: list[float] | None, found: float
) -> None:
    class Read(SimpleNamespace):
        def __len__(self) -> int:
            return int(self.values.size)

    made: Any = SimpleNamespace(
        energy=SimpleNamespace(value=joules),
        charge=None if coulombs is None else SimpleNamespace(value=coulombs),
        voltage_trace=None if volts is None else Read(values=np.array(volts)),
        line=SimpleNamespace(rail=SimpleNamespace(nominal_v=3.3)),
    )
    assert rail_voltage(made) == pytest.approx(found)
