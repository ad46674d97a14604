"""`upower --monitor-detail`: only a battery that discharges shows what the machine draws."""

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Choices, convert


def state(second, rate, battery="BAT0", doing="discharging"):
    return (
        f"[14:12:{second:02d}.232]\tdevice changed:     /org/freedesktop/UPower/devices/{battery}\n"
        f"  native-path:          {battery}\n  power supply:         yes\n  battery\n    state:               {doing}\n"
        f"    energy:              73.64 Wh\n    energy-full:         81.16 Wh\n    energy-rate:         {rate} W\n"
        "    voltage:             16.892 V\n    time to empty:       8.0 hours\n\n"
    )


HEAD = "Monitoring activity from the power daemon. Press Ctrl+C to cancel.\n"
MOUSE = "[14:12:01.000]\tdevice changed:     /org/freedesktop/UPower/devices/mouse_hid\n  mouse\n    percentage: 50%\n\n"


def read(tmp_path, text):
    path = tmp_path / "upower.txt"
    path.write_text(HEAD + text)
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert found.format == "upower"
    return found, analyse(tmp_path / "o.power")


def test_two_batteries_add_up_and_their_sum_is_not_a_third(tmp_path):
    text = MOUSE + "".join(
        state(i, "9.0", "battery_BAT0") + state(i, "4,5", "battery_BAT1") + state(i, "13.5", "DisplayDevice")
        for i in range(0, 50, 10)
    )
    assert read(tmp_path, text)[1].energy.value == pytest.approx(40 * 13.5)


def test_charging_is_no_use(tmp_path):
    seconds = range(0, 56, 2)
    text = "".join(
        state(i, "40" if 20 <= i < 36 else "10", doing="charging" if 20 <= i < 36 else "discharging")
        for i in seconds
    )
    found, result = read(tmp_path, text)
    assert any("8 states of a battery that charges" in str(note) for note in found.warnings)
    assert result.power.value == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "".join(state(i, "40", doing="charging") for i in range(9)),
            "0 states of a battery that discharges",
        ),
        (MOUSE * 4, "--monitor-detail"),
    ],
)
def test_what_holds_no_use_is_named(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)
