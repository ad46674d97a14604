"""Logs of ESPHome: states with their units, at the time of the day."""

import pytest
from tool_log import load

from powermeter.errors import DataError


def state(second, name, value, unit, colour=""):
    end = "\x1b[0m" if colour else ""
    return f"{colour}[14:03:{second:02d}][D][sensor:094]: '{name}': Sending state {value:.5f} {unit} with 2 decimals of accuracy{end}\n"


HEAD = "INFO ESPHome 2024.6.6\n[14:02:31][C][wifi:419]: WiFi:\n[14:02:31][C][wifi:423]:   IP Address: 192.168.1.40\n"


@pytest.mark.parametrize("colour", ["", "\x1b[0;36m"])
def test_states_that_are_sent_together_are_a_row(tmp_path, colour):
    """5 V · 0.2 A, and 1 W beside them, for 45 s."""
    text = HEAD + "".join(
        state(s, "Plug Voltage", 5, "V", colour)
        + state(s, "Plug Current", 0.2, "A", colour)
        + state(s, "Plug Power", 1, "W", colour)
        + state(s, "WiFi Signal", -61, "dBm", colour)
        for s in range(5, 55, 5)
    )
    log, energies, _ = load(tmp_path, text)
    assert log.format == "esphome" and energies == {"Plug": pytest.approx(45.0)}


def test_a_sensor_of_another_pace_is_left_out_aloud(tmp_path):
    text = HEAD + "".join(
        state(s, "Power", 2, "W") + (state(s, "Supply Voltage", 5, "V") if s % 20 == 0 else "")
        for s in range(0, 60, 2)
    )
    log, energies, _ = load(tmp_path, text)
    assert energies == {"input": pytest.approx(116.0)}
    assert any("Supply Voltage" in note for note in log.warnings)


def test_powers_of_different_paces_are_no_rows_of_one_table(tmp_path):
    text = "".join(
        state(s, "Fridge Power", 2, "W") + (state(s, "Lamp Power", 5, "W") if s % 20 == 0 else "")
        for s in range(0, 60, 2)
    )
    with pytest.raises(DataError, match=r"grep -F .'Fridge Power'. t\.log"):
        load(tmp_path, text)


def test_a_log_without_electricity_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no sensor of power.*Room"):
        load(tmp_path, "".join(state(s, "Room", 21, "°C") for s in range(9)))
