"""Volts times amperes of the mains are no watts; of a battery or a bus they are."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log
from powermeter.recording import Recording


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
        ("ac_powered,Voltage (V),Current (A)", "0,4.{v},1", {}),
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


def test_an_energy_beside_volts_and_amperes_of_the_mains_is_what_was_used(tmp_path):
    path, out = tmp_path / "em.csv", tmp_path / "o.power"
    rows = "".join(f"{1_780_000_000 + 60 * i},{1 + i % 3}.5,230.1,0.9{i % 3}\n" for i in range(30))
    path.write_text("timestamp,total_act_energy_Wh,avg_voltage_V,avg_current_A\n" + rows)
    log = convert(path, out)
    assert "apparent-power" in [note.code for note in log.warnings]
    with Recording.open(out) as recording:
        assert analyse(recording).energy.value == pytest.approx(75 * 3600)
