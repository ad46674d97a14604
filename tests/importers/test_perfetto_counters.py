"""Counters of a Perfetto trace as a query wrote them: power rails in µW s, batteries in the units that they name."""

import pytest
from tool_log import load

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import open_log

S = 10**9


def table(*counters, head="ts,name,value", count=11):
    rows = "".join(
        f'{7 * S + i * S},"{name}",{start + step * i:.6f}\n'
        for i in range(count)
        for name, start, step in counters
    )
    return f"{head}\n{rows}"


def test_a_rail_is_a_running_total_in_microjoules(tmp_path):
    """2 W for 10 s."""
    log, energies, headline = load(tmp_path, table(("power.rails.cpu.big", 9_000_000, 2_000_000)), "t.csv")
    assert log.format == "perfetto-counters" and energies == {"rails.cpu.big": pytest.approx(20.0)}
    assert headline == "rails.cpu.big"


def test_several_rails_are_not_added_up_unasked(tmp_path):
    """2 W and 0.5 W for 10 s; the unit at the end of a name is none of it."""
    text = table(("power.VPH_PWR_OLED_uws", 5, 500_000), ("power.S1C_uws", 9, 2_000_000))
    with pytest.raises(ConfigurationError, match="--rail VPH_PWR_OLED"):
        load(tmp_path, text, "t.csv")
    _, energies, headline = load(tmp_path, text, "t.csv", add_up=True)
    assert energies[headline] == pytest.approx(25.0)


@pytest.mark.parametrize("head", ["ts,name,value", '"ts","track_name","value"'])
def test_a_battery_is_the_whole(tmp_path, head):
    """0.25 A out of 4 V for 10 s; Android's sign is negative for discharge."""
    counters = (
        ("batt.current_ua", -250_000, 0),
        ("batt.voltage_uv", 4_000_000, 0),
        ("batt.capacity_pct", 80, 0),
    )
    log, energies, headline = load(
        tmp_path, table(*counters, ("power.rails.gpu", 0, 100), head=head), "t.csv"
    )
    assert headline == "battery" and energies["battery"] == pytest.approx(10.0)
    assert log.facts["whole"]["rail"] == "battery"


def test_charge_without_a_voltage_is_a_charge(tmp_path):
    """36 mA is 10 µAh a second, 3.6 C in 100 s."""
    (tmp_path / "t.csv").write_text(table(("batt.charge_uah", 2_000_000, -10), count=101))
    log = open_log(tmp_path / "t.csv")
    (channel,) = log.sources[0].channels
    codes = log.sources[0].codes[0]
    assert channel.quantity is Quantity.CHARGE and (codes[-1] - codes[0]) * channel.scale == pytest.approx(
        3.6
    )


def test_damaged_rows_are_counted(tmp_path):
    text = table(("power.rails.gpu", 0, 1_000_000)) + "oops\n18000000000,power.rails.gpu,n/a\n"
    log, energies, _ = load(tmp_path, text, "t.csv")
    assert energies["rails.gpu"] == pytest.approx(10.0)
    assert any("2 damaged lines were left out (lines 13, 14)" in note.text for note in log.warnings)


def test_counters_without_power_are_no_log(tmp_path):
    (tmp_path / "t.csv").write_text(table(("batt.status", 1, 0)))
    with pytest.raises(DataError, match=r"query power\.% and batt\.%"):
        open_log(tmp_path / "t.csv")


@pytest.mark.parametrize("text", ["", "time,power\n0,1\n1,2\n"])
def test_another_table_by_that_name_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match="first line names no columns ts, name and value"):
        open_log(tmp_path / "t.csv", format="perfetto-counters")


def test_a_blank_line_before_the_header_is_none_of_it(tmp_path):
    _, energies, _ = load(tmp_path, "\n" + table(("power.rails.gpu", 0, 1_000_000)), "t.csv")
    assert energies["rails.gpu"] == pytest.approx(10.0)
