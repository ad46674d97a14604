"""Voltage, current and power of one rail: volts times amperes are watts, whatever was typed."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log

TEXT = "time_s,voltage,current,power\n" + "".join(f"{i},230.1,0.45{i % 3},{62 + i % 3}\n" for i in range(20))
VOLTS = {"voltage": "V", "power": "W"}


def load(tmp_path, text, **said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    return convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)


@pytest.mark.parametrize("unit", ["mA", "uA"])
def test_a_current_a_thousandth_of_what_the_power_needs_is_refused(tmp_path, unit):
    with pytest.raises(ConfigurationError, match=r"voltage times current .* --column current=-"):
        load(tmp_path, TEXT, columns={**VOLTS, "current": unit})


@pytest.mark.parametrize("unit", ["A", "-"])
def test_what_agrees_or_is_left_out_is_read(tmp_path, unit):
    assert load(tmp_path, TEXT, columns={**VOLTS, "current": unit}).sources


def test_a_low_power_factor_is_no_contradiction(tmp_path):
    text = "time_s,voltage_V,current_A,power_W\n" + "".join(f"{i},230,1,{8 + i % 2}\n" for i in range(20))
    assert load(tmp_path, text).sources


@pytest.mark.parametrize(
    ("volts", "amps", "watts", "said"),
    [
        (5, 1, 10, True),
        (5, 2, 5, True),
        (5, 1, 4.6, False),
        (230, 1, 150, False),
        (230, 1, 300, True),
        (230, 1, 0.4, True),
    ],
)
def test_a_power_that_is_not_the_product_beside_it_is_noted(tmp_path, volts, amps, watts, said):
    path = tmp_path / "t.csv"
    path.write_text(
        "time_s,voltage_V,current_A,power_W\n"
        + "".join(f"{i},{volts},{amps},{watts + i / 100}\n" for i in range(20))
    )
    codes = [note.code for note in open_log(path).warnings]
    assert ("power-against-product" in codes) is said
