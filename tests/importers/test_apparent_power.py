"""Volts times amperes of the mains are no watts; of a battery or a bus they are."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log


def table(head, row, count=9):
    return f"time_s,{head}\n" + "".join(f"{i},{row.format(v=i % 2)}\n" for i in range(count))


def load(tmp_path, text, **said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    return open_log(path, choices=Choices(**said))


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("Voltage (V),Current (A)", "230.{v},1", {}),
        ("Voltage (V),Current (A)", "118.{v},1", {}),
        ("voltage_mV,current_mA", "23000{v},900", {}),
        ("Voltage (V),Current (A),Power Factor", "48.{v},1,0.5", {}),
        ("Vrms (V),Irms (A)", "12.{v},1", {}),
        ("Current (A)", "1.{v}", {"voltage_v": 230.0}),
    ],
)
def test_mains_without_watts_are_refused(tmp_path, head, row, said):
    with pytest.raises(ConfigurationError, match=r"apparent power .* --as power"):
        load(tmp_path, table(head, row), **said)


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("Voltage (V),Current (A)", "12.{v},1", {}),
        ("Voltage (V),Current (A)", "400.{v},1", {}),
        ("Voltage (V),Current (A),Power (W)", "230.{v},1,90", {}),
        ("Voltage (V),Current (A)", "230.{v},1", {"as_": {"": "power"}}),
        ("Current (A)", "1.{v}", {"voltage_v": 5.0}),
    ],
)
def test_direct_current_measured_watts_and_what_was_said_are_read(tmp_path, head, row, said):
    assert load(tmp_path, table(head, row), **said).sources


def test_instantaneous_values_of_a_wave_are_read(tmp_path):
    rows = "".join(f"{i},{(-1) ** i * 325},{(-1) ** i}\n" for i in range(9))
    assert load(tmp_path, "time_s,Voltage (V),Current (A)\n" + rows).sources
