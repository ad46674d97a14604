"""Which files of a hwmon device are a rail, by the driver's name; facts of kernel 6.1 and later: what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from hwmon_device import INA219, device

from powermeter.drivers.hwmon import Hwmon
from powermeter.drivers.system.hwmon_rails import INA_RAILS, chip_name
from powermeter.errors import ConfigurationError
from powermeter.source import Address


def opened(root: Path, url: str) -> Hwmon:
    source = Hwmon(Address.parse(url), root)
    source.open()
    return source


def test_two_of_a_name_must_be_told_apart(tmp_path):
    device(tmp_path, 0, INA219, "1-0040")
    device(tmp_path, 1, INA219, "1-0041")
    with pytest.raises(ConfigurationError, match="ina219-i2c-1-41"):
        opened(tmp_path, "hwmon://ina219")
    assert opened(tmp_path, "hwmon://ina219-i2c-1-41").info()["device"] == "ina219-i2c-1-41"
    assert chip_name(tmp_path / "hwmon0") == "ina219-i2c-1-40"


def test_rails_of_an_ina_are_found_by_the_names_that_kernel_drivers_carry() -> None:
    """Documentation/hwmon/ina209, ina2xx, ina238 and ina3221 of Linux, and the device names of their tables."""
    of_one = "ina219 ina220 ina226 ina230 ina231 ina234 ina260"  # ina2xx.c
    newer = "ina228 ina236 ina237 ina238 ina700 ina780"  # ina238.c
    assert set(INA_RAILS) == {*of_one.split(), *newer.split(), "ina3221"}
    for name, rails in INA_RAILS.items():
        if name == "ina3221":
            assert list(rails) == [(n, n, f"shunt{n}_resistor") for n in (1, 2, 3)]
        else:
            assert list(rails) == [(1, 1, "shunt_resistor")]
