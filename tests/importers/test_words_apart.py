"""Headers whose words are written as one, or whose unit is written as two."""

import pytest

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log
from powermeter.importers.headers import heading
from powermeter.importers.words_apart import apart


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("loadvoltage", "load voltage"),
        ("BatteryCurrent", "Battery Current"),
        ("loadpower_W", "load power_W"),
        ("PowerMilliWatts", "PowerMilliwatts"),
        ("milli_seconds", "milliseconds"),
        ("empower", "empower"),
        ("loadpowered", "loadpowered"),
        ("batterypercentage", "batterypercentage"),
    ],
)
def test_words_stand_by_themselves(text, read):
    assert apart(text) == read


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("busvoltage_V", Quantity.VOLTAGE),
        ("loadcurrent (mA)", Quantity.CURRENT),
        ("totalpower [W]", Quantity.POWER),
    ],
)
def test_a_unit_behind_them_is_theirs(text, quantity):
    assert heading(text).quantity is quantity


def test_units_of_a_solar_logger_are_asked_for_and_lead_to_its_load(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "time_s,loadvoltage,loadcurrent,loadpower\n" + "".join(f"{i},12.0,0.5,6.{i % 3}\n" for i in range(12))
    )
    with pytest.raises(ConfigurationError, match="loadvoltage=V --column loadcurrent=A --column loadpower=W"):
        open_log(path)
    units = {"loadvoltage": "V", "loadcurrent": "A", "loadpower": "W"}
    assert open_log(path, choices=Choices(columns=units)).facts["whole"]["rail"] == "load"
