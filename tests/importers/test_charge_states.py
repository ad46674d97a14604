"""Logs of batteries that charge: what flows in is never counted as used, nor taken from it."""

import pytest

import powermeter
from powermeter.errors import ConfigurationError
from powermeter.importers import convert
from powermeter.importers.log import Choices


def log(path, states, column="status", header="power_W"):
    rows = [f"{second},4.0,{state}\n" for second, state in enumerate(states)]
    path.write_text(f"time_s,{header},{column}\n" + "".join(rows))
    return path


@pytest.mark.parametrize("column", ["status", "Battery_State", "charging state"])
def test_a_log_that_charges_and_discharges_is_refused_with_the_line_to_cut_at(tmp_path, column):
    path = log(tmp_path / "b.csv", ["Discharging"] * 11 + ["Charging"] * 10, column)
    with pytest.raises(ConfigurationError, match=r"10 rows and discharges in 11.* at line 13,"):
        convert(path, tmp_path / "b.power")
    assert not (tmp_path / "b.power").exists()


def test_one_that_only_charges_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="never discharges"):
        convert(log(tmp_path / "b.csv", ["Charging"] * 9 + ["Full"] * 2), tmp_path / "b.power")


def test_one_that_discharges_and_one_whose_state_is_left_out_are_read(tmp_path):
    """4 W for 20 s are 80 J."""
    states = ["Discharging"] * 21
    convert(log(tmp_path / "d.csv", states), tmp_path / "d.power")
    mixed = log(tmp_path / "m.csv", states[:11] + ["Charging"] * 10)
    convert(mixed, tmp_path / "m.power", choices=Choices(columns={"status": "-"}))
    for name in ("d", "m"):
        assert powermeter.analyse(tmp_path / f"{name}.power").plain_energy == pytest.approx(80.0)


def test_a_column_of_other_states_means_nothing(tmp_path):
    convert(log(tmp_path / "o.csv", ["ok"] * 21), tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(80.0)
