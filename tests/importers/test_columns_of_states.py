"""A column that states whether a battery charges is known by its cells, whatever its name is."""

from __future__ import annotations

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import convert

STATES = [
    ("charge", "charging", "discharging"),
    ("carga", "si", "no"),
    ("charge", "1", "0"),
    ("mode", "charge", "discharge"),
    ("Akku", "lädt", "entlädt"),
]


def log(tmp_path, name, cells):
    path = tmp_path / "log.csv"
    rows = "".join(f"{i},4.0,1.0,{cell}\n" for i, cell in enumerate(cells))
    path.write_text(f"time_s,voltage_V,current_A,{name}\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "into", "out"), STATES)
def test_a_battery_that_charges_in_between_is_no_load(tmp_path, name, into, out):
    with pytest.raises(ConfigurationError, match=r"charges in 5 rows \(lines 2–6\) and discharges in 6 rows"):
        convert(log(tmp_path, name, [into] * 5 + [out] * 6), tmp_path / "o.power")


def test_a_charge_in_numbers_stays_a_charge(tmp_path):
    with pytest.raises(ConfigurationError, match="charge=mAh"):
        convert(log(tmp_path, "charge", range(100, 111)), tmp_path / "o.power")


@pytest.mark.parametrize(
    ("name", "cells"), [("mode", ["full"] * 11), ("fan", ["1", "0"] * 6), ("mode", ["charge", "idle"] * 6)]
)
def test_states_of_other_things_mean_nothing(tmp_path, name, cells):
    convert(log(tmp_path, name, cells), tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(4 * (len(cells) - 1))
