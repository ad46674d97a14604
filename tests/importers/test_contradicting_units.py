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


@pytest.mark.parametrize(("watts", "amps", "said"), [(12, 1.05, False), (1.05, 12, True), (150, 230, False)])
def test_a_power_too_small_for_its_current_is_noted(tmp_path, watts, amps, said):
    """Two columns exchanged under their header: 28 J stood for 324."""
    path = tmp_path / "t.csv"
    path.write_text("time_s,Power (W),Current (A)\n" + "".join(f"{i},{watts},{amps}\n" for i in range(20)))
    assert ("power-against-product" in [note.code for note in open_log(path).warnings]) is said


def test_a_limit_in_watts_hides_no_other_column_in_watts(tmp_path):
    path = tmp_path / "smi.csv"
    rows = "".join(f"2026/07/15 01:00:{i:02d}.000, 250.00 W, 40, 100.00 W\n" for i in range(20))
    path.write_text("timestamp, limit, power.draw [W], temperature.gpu\n" + rows)
    (note,) = (note for note in open_log(path).warnings if note.code == "power-against-product")
    assert "'temperature.gpu' are in W" in note


@pytest.mark.parametrize(
    ("cells", "said"), [("1000.00 W, 40", False), ("40, 1000.00 W", True), ("40, 41", False)]
)
def test_watts_in_the_cells_of_another_column_are_noted(tmp_path, cells, said):
    path = tmp_path / "smi.csv"
    rows = "".join(f"2026/07/15 01:00:{i:02d}.000, 0, {cells}\n" for i in range(20))
    path.write_text("timestamp, index, power.draw [W], temperature.gpu\n" + rows)
    assert ("power-against-product" in [note.code for note in open_log(path).warnings]) is said


def test_a_product_beyond_every_number_is_no_prefix(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,voltage_V,current_A,power_W\n0,5,1,5\n1,1e300,1e300,5\n2,5,1,5\n3,5,1,5\n")
    codes = [note.code for note in open_log(path).warnings]
    assert "implausible-values" in codes


def test_a_power_beyond_volt_amperes_is_reported_once(tmp_path):
    """0.1 A at 5 V are 0.5 W; with the two columns in each other's place 5 W stand beside 0.5 V."""
    for volts, watts, is_reported in ((5, 0.5, False), (0.5, 5, True), (230, 4_600, True)):
        path = tmp_path / "t.csv"
        path.write_text(
            "time_s,current_A,voltage_V,power_W\n" + "".join(f"{i},0.1,{volts},{watts}\n" for i in range(9))
        )
        assert power_notes(path) == ["power-against-product"] * is_reported


def test_a_power_beyond_volt_amperes_of_a_known_tool_is_reported(tmp_path):
    """On the mains the current may be that of one line of three."""
    for volts, watts, is_reported in ((5, 0.5, False), (0.5, 5, True), (230, 391, False), (230, 4_600, True)):
        path = tmp_path / "joulescope.csv"
        rows = "".join(f"{i},0.1,{volts},{watts},{i / 10},{i * watts}\n" for i in range(9))
        path.write_text("time,current,voltage,power,charge,energy\n" + rows)
        assert power_notes(path) == ["power-against-volt-amperes"] * is_reported


def power_notes(path):
    return [note.code for note in open_log(path).warnings if note.code.startswith("power-against-")]
