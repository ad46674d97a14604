"""2 W at 5 V for 10 s is 4 C; without a current it is energy over voltage, and the grade follows the voltage."""

from __future__ import annotations

import pytest

from powermeter.analysis.energy import analyse
from powermeter.reports.charges import BUDGET_V, Charges
from powermeter.result import Grade


def test_a_recorded_current_is_the_charge(make, twenty) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make(events=twenty)), "4Ah")
    assert found.whole is not None and found.whole.value == pytest.approx(4.0)
    assert found.voltage_known and found.rail_voltage_v == pytest.approx(5.0)
    (row,) = found.analysis.rows
    held = found.items_held(row)
    assert held is not None and held.value == pytest.approx(14_400 / (0.125 / 5))


def test_without_a_voltage_the_budgets_stands_in_and_is_assumed(make) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make(volts=False)))
    assert (found.rail_voltage_v, found.voltage_known) == (BUDGET_V, False)
    assert found.whole is not None and found.whole.value == pytest.approx(20.0 / BUDGET_V)
    assert found.whole.grade is Grade.ASSUMED


def test_a_battery_by_energy_takes_joules(make) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make()), "4Ah@3.85V")
    assert found.taken.unit == "J" and found.taken.value == pytest.approx(20.0)
