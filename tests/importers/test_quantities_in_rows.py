"""Long tables whose rows are of different quantities, each with its unit beside it."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log

LOG = "SECONDS;PID;VALUE;UNITS\n" + "".join(
    f"{t};speed;40;km/h\n{t}.1;HV voltage;350;V\n{t}.2;HV power;2;kW\n" for t in range(11)
)


def test_rows_of_several_quantities_are_asked_about_and_never_read_as_one_power(tmp_path):
    (tmp_path / "car.csv").write_text(LOG)
    with pytest.raises(ConfigurationError, match=r"different quantities .*--rail 'HV power' takes the rows"):
        open_log(tmp_path / "car.csv", choices=Choices())


def test_the_rows_of_the_power_are_its_power(tmp_path):
    (tmp_path / "car.csv").write_text(LOG)
    convert(tmp_path / "car.csv", tmp_path / "o.power", choices=Choices(rail="HV power"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(20_000)  # 2 kW for 10 s


def test_units_of_one_quantity_are_read_row_by_row(tmp_path):
    rows = "".join(f"{t};load;2;W\n{t}.5;load;2000;mW\n" for t in range(11))
    (tmp_path / "one.csv").write_text(f"SECONDS;PID;VALUE;UNITS\n{rows}")
    convert(tmp_path / "one.csv", tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(21)  # 2 W for 10.5 s


@pytest.mark.parametrize("cut", ["11", "11;speed", "11; speed ;40; km/h "])
def test_rows_that_are_cut_or_padded_change_no_question(tmp_path, cut):
    (tmp_path / "car.csv").write_text(LOG + cut + "\n")
    with pytest.raises(ConfigurationError, match=r"different quantities .*--rail 'HV power'"):
        open_log(tmp_path / "car.csv", choices=Choices())


def test_a_row_that_ends_before_its_name_is_passed_over(tmp_path):
    rows = "".join(f"{t};km/h;40;speed\n{t}.2;kW;2;HV power\n" for t in range(11))
    (tmp_path / "car.csv").write_text(f"SECONDS;UNITS;VALUE;PID\n{rows}11;kW\n")
    with pytest.raises(ConfigurationError, match=r"--rail 'HV power'"):
        open_log(tmp_path / "car.csv", choices=Choices())


def metrics(*devices):
    return "time_s,device,metric,value\n" + "".join(
        f"{t},{device},{name},{value}\n"
        for t in range(11)
        for device in devices
        for name, value in (("voltage", 12), ("current", 2), ("power", 24))
    )


def test_a_column_of_metrics_without_units_is_asked_about_in_turn(tmp_path):
    (tmp_path / "m.csv").write_text(metrics("psu1"))
    with pytest.raises(ConfigurationError, match="--rail power takes the rows of one"):
        open_log(tmp_path / "m.csv", choices=Choices())
    with pytest.raises(ConfigurationError, match="--column value=W"):
        open_log(tmp_path / "m.csv", choices=Choices(rail="power"))


@pytest.mark.parametrize("devices", [("psu1",), ("psu1", "psu2")])
def test_the_power_of_each_device_counts(tmp_path, devices):
    (tmp_path / "m.csv").write_text(metrics(*devices))
    convert(tmp_path / "m.csv", tmp_path / "o.power", choices=Choices(rail="power", columns={"value": "W"}))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(24 * 10 * len(devices))
