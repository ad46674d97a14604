"""Heat, light, sound and what a shaft or an antenna puts out are no power that was drawn."""

import pytest

from powermeter.errors import DataError
from powermeter.importers import Choices, open_log

KINDS = (
    "Thermal power (W)",
    "cooling_power_W",
    "heat_output_W",
    "Optical power (mW)",
    "TX power (mW)",
    "RF power (W)",
    "Mechanical power (W)",
    "Shaft power (kW)",
    "Sound power (W)",
    "laser_power_mW",
)


def table(*names):
    return f"time_s,{','.join(names)}\n" + "".join(
        f"{i},{','.join(str(6 + i % 3) for _ in names)}\n" for i in range(12)
    )


def rails(path, **stated):
    (source,) = open_log(path, choices=Choices(**stated)).sources
    return [channel.rail.name for channel in source.channels if channel.rail]


@pytest.mark.parametrize("name", KINDS)
def test_one_alone_is_not_counted_and_the_message_states_how_it_would_be(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(table(name))
    unit = "mW" if "mW" in name else "kW" if "kW" in name else "W"
    with pytest.raises(DataError, match=rf"--column '?{name[:5]}.*={unit}'?\Z"):
        open_log(path)
    assert len(rails(path, columns={name: unit})) == 1


@pytest.mark.parametrize("name", KINDS)
def test_beside_an_electric_one_it_is_not_the_whole(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(table(name, "Total power (W)"))
    log = open_log(path)
    assert log.facts["whole"]["rail"] == "total"


@pytest.mark.parametrize(
    "name", ["Heat pump (W)", "Cooling fan power (W)", "light_kitchen_W", "RF module (mW)"]
)
def test_a_machine_that_draws_power_is_a_rail(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(table(name))
    assert len(rails(path)) == 1


def test_cooling_beside_computers_is_a_rail_of_its_own(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(table("it_power_W", "cooling_power_W", "total_power_W"))
    assert set(rails(path)) == {"it", "cooling", "total"}
