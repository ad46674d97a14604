"""2 W at 5 V for 10 s is 4 C; without a current it is energy over voltage, and the grade follows the voltage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import charge_per_item, find
from powermeter.battery.assessment import assess
from powermeter.battery.budget_options import BudgetOptions
from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert
from powermeter.recording import Recording
from powermeter.reports.items_per_charge import BUDGET_V, Charges
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade, Result
from tests.reports.conftest import infer


def test_a_recorded_current_is_the_charge(make, twenty) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make(events=twenty)), "4Ah")
    assert found.whole is not None and found.whole.value == pytest.approx(4.0)
    assert found.voltage_known and found.rail_voltage_v == pytest.approx(5.0)
    (row,) = found.analysis.rows
    held = found.items_held(row)
    assert held is not None and held.value == pytest.approx(14_400 / (0.125 / 5))


@pytest.mark.parametrize(("share", "grade"), [(None, Grade.MEASURED), (0.5, Grade.DERIVED)])
def test_of_one_event_the_charge_per_item_has_the_interval_of_the_charge(make, share, grade) -> None:  # type: ignore[no-untyped-def]
    """What the voltage adds to the energy's interval is none of the charge's, which stands beside it."""
    (row,) = analyse(make(events=[infer(1, 2, 4)])).rows
    assert row.expected_per_item is None and row.energy_per_item is not None and row.charge is not None
    wide = Result.of(row.energy_per_item.value, "J", {"gain:voltage": 0.1 * row.energy_per_item.value})
    found = charge_per_item(replace(row, energy_per_item=wide, share=share))
    part = (share or 1.0) / 4
    assert found is not None and found.grade is grade
    assert (found.value, found.low, found.high) == pytest.approx(
        (row.charge.value * part, row.charge.low * part, row.charge.high * part)
    )


def test_the_charge_of_an_item_leaves_open_what_a_nominal_voltage_does(make, twenty) -> None:  # type: ignore[no-untyped-def]
    """A rail said to have 5 V within 5 % printed 9.6 ± 0.5 Ah of its events and 1.111 ± 0.011 mAh of one of them."""
    (row,) = analyse(make(events=twenty)).rows
    assert row.charge_per_item is not None and row.energy_per_item is not None
    nominal = Result.of(
        row.charge_per_item.value, "C", {"nominal voltage": 0.025 * row.charge_per_item.value}
    )
    found = charge_per_item(replace(row, charge_per_item=nominal))
    assert found is not None and found.value == pytest.approx(row.charge_per_item.value, rel=1e-3)
    assert found.half_width / found.value == pytest.approx(0.05, rel=0.05)


def test_without_a_voltage_the_budgets_stands_in_and_is_assumed(make) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make(volts=False)))
    assert (found.rail_voltage_v, found.voltage_known) == (BUDGET_V, False)
    assert found.whole is not None and found.whole.value == pytest.approx(20.0 / BUDGET_V)
    assert found.whole.grade is Grade.ASSUMED


def test_a_battery_by_energy_takes_joules(make) -> None:  # type: ignore[no-untyped-def]
    found = Charges.of_analysis(analyse(make()), "4Ah@3.85V")
    assert found.taken.unit == "J" and found.taken.value == pytest.approx(20.0)


@pytest.fixture
def plug(tmp_path):  # type: ignore[no-untyped-def]
    """A log of a plug: what is counted is drawn at the socket."""
    rows = "".join(f"sensor.plug_power,{60 + i % 3},2026-01-02T03:0{i}:00.000Z\n" for i in range(9))
    (tmp_path / "plug.csv").write_text("entity_id,state,last_changed\n" + rows)
    convert(tmp_path / "plug.csv", tmp_path / "plug.power", choices=Choices(unit="W"))
    with Recording.open(tmp_path / "plug.power") as recording:
        yield recording


def test_what_is_drawn_at_the_socket_is_not_set_against_ampere_hours(plug) -> None:  # type: ignore[no-untyped-def]
    data = gather(plug)
    assert data.budget is None
    assert any(note.code == "no-budget" and "socket" in note for note in data.warnings)


def test_a_battery_in_watt_hours_and_a_stated_low_voltage_are(plug) -> None:  # type: ignore[no-untyped-def]
    by_energy = gather(plug, ReportOptions(battery="20Wh")).budget
    by_charge = gather(plug, ReportOptions(rail_voltage_v=5.0)).budget
    assert by_energy is not None and by_energy.share_used is not None
    assert by_charge is not None and by_charge.share_used is not None
    assert by_charge.share_used.value == pytest.approx(by_energy.share_used.value)


def test_the_voltage_of_the_mains_is_not_that_of_a_battery(plug) -> None:  # type: ignore[no-untyped-def]
    assert gather(plug, ReportOptions(rail_voltage_v=230.0)).budget is None


def test_no_charge_is_assumed_of_what_is_drawn_at_the_socket(make) -> None:  # type: ignore[no-untyped-def]
    """A plug of 60 W and no voltage: neither a charge at 5 V nor a share of 4 Ah, and the note names the way out."""
    found = Charges.of_analysis(analyse(make(volts=False)))
    wall = replace(found.analysis.line.rail, boundary=Boundary.WALL)
    plug = replace(found, analysis=replace(found.analysis, line=replace(found.analysis.line, rail=wall)))
    assert found.whole is not None and plug.whole is None and plug.taken is None
    assert plug.held(found.analysis.energy) is None
    assert all(plug.of(row) is None and plug.each(row) is None for row in plug.analysis.rows)


def test_no_charge_is_assumed_of_a_graphics_card_or_of_more_than_a_supply_of_5_v_delivers(make) -> None:  # type: ignore[no-untyped-def]
    """Of 2 W on a board, 5 V may stand in; of a card's, and of 60 W (12 A), no charge is counted and a voltage is asked for."""
    card = Rail("gpu0", covers="the card", boundary=Boundary.DEVICE)
    for path in (make("card.power", volts=False, rail=card), make("60w.power", volts=False, watts=60.0)):
        found = Charges.of_analysis(analyse(path))
        assert found.whole is None and found.taken is None and "--rail-voltage 12V" in found.refused
        with Recording.open(path) as recording:
            data, given = gather(recording), gather(recording, ReportOptions(rail_voltage_v=12.0))
        assert data.charge is None and data.budget is None
        assert sum("no charge is counted" in note for note in data.warnings) == 1
        assert given.charge is not None and given.charge.value == pytest.approx(
            found.analysis.energy.value / 12
        )
        with pytest.raises(ConfigurationError, match="no charge is counted"):
            assess(find(path, Asked()), BudgetOptions(battery="4Ah"))
        assert assess(find(path, Asked()), BudgetOptions(battery="20Wh")).record()["share_used"] is not None
    assert not Charges.of_analysis(analyse(make(volts=False))).refused
