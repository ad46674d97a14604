"""Options of a budget: the battery that was typed, the recording's own, or 4 Ah."""

from __future__ import annotations

import pytest

from powermeter.battery.budget_options import BudgetOptions
from powermeter.battery.converter import EfficiencyCurve
from powermeter.errors import ConfigurationError


@pytest.mark.parametrize(
    ("typed", "recorded", "named"),
    [(None, None, "4Ah"), (None, "2Ah", "2Ah"), ("18650", "2Ah", "18650"), (None, {"odd": 1}, "4Ah")],
)
def test_what_is_typed_goes_before_what_was_recorded(typed: str | None, recorded: object, named: str) -> None:
    assert BudgetOptions(battery=typed).pack(recorded)[1] == named


def test_what_reduces_a_charge_is_of_the_battery() -> None:
    wanted = BudgetOptions(
        battery="4Ah@3.85V", efficiency="0.1W:0.6,1W:0.85", usable="90%", health="0.8", self_discharge="2%"
    )
    battery, _ = wanted.pack()
    assert isinstance(battery.efficiency, EfficiencyCurve)
    assert (battery.kept, battery.self_discharge) == (pytest.approx(0.72), 0.02)


def test_a_temperature_needs_a_chemistry() -> None:
    assert BudgetOptions(battery="18650", temperature=0.0).pack()[0].derating < 1.0
    with pytest.raises(ConfigurationError, match="preset"):
        BudgetOptions(battery="4Ah", temperature=0.0).pack()
