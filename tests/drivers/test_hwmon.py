"""hwmon sensors as sysfs shows them: which files are rails, units, the kernel's shunt against the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hwmon_device import INA219, device

from powermeter.channel import MISSING, Boundary, Kind
from powermeter.drivers.hwmon import Hwmon
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.source import Address

INA3221 = {
    "name": "ina3221",
    "in1_label": "VDD_IN",
    "in2_label": "NC",
    "in3_label": "VDD_SOC",
    "in1_input": 5000,
    "in2_input": 0,
    "in3_input": 4992,
    "curr1_input": 800,
    "curr2_input": 0,
    "curr3_input": -8,
    "in4_input": 8000,
    "in5_input": 0,
    "in6_input": -80,
    "in7_input": 7920,
    "in7_label": "sum of shunt voltages",
    "curr4_input": 792,
    "shunt1_resistor": 10000,
    "shunt2_resistor": 10000,
    "shunt3_resistor": 10000,
    "in2_enable": 0,
    "in1_enable": 1,
    "in3_enable": 1,
    "update_interval": 7,
    "samples": 4,
}


def opened(root: Path, url: str) -> Hwmon:
    source = Hwmon(Address.parse(url), root)
    source.open()
    return source


def si(source: Hwmon) -> dict[str, float | None]:
    row = source.sample()
    assert row is not None
    return {
        c.name: None if code == MISSING else pytest.approx(code * c.scale)
        for c, code in zip(source.channels, row.codes, strict=True)
    }


def test_an_ina219_at_the_kernels_default_is_taken_as_it_is_and_warned_about(tmp_path):
    device(tmp_path, 0, INA219)
    source = opened(tmp_path, "hwmon://ina219-i2c-1-40")
    assert si(source) == {"ina219_1_40.voltage": 5.1, "ina219_1_40.current": 2.5}
    (warning,) = source.info()["warnings"]
    assert "10.00 mohm" in warning and "shunt=" in warning
    assert [(one["code"], one["text"]) for one in source.info()["remarks"]] == [("kernel-shunt", warning)]


def test_the_real_shunt_corrects_the_current_and_not_the_voltage(tmp_path):
    device(tmp_path, 0, INA219)
    source = opened(tmp_path, "hwmon://ina219?shunt=0.1ohm")
    assert si(source) == {"ina219_1_40.voltage": 5.1, "ina219_1_40.current": 0.25}
    assert source.info()["warnings"] == []


def test_three_rails_of_an_ina3221_and_neither_its_shunt_voltages_nor_its_sum(tmp_path):
    device(tmp_path, 3, INA3221)
    source = opened(tmp_path, "hwmon://ina3221-i2c-1-40?shunt=5mohm")
    assert si(source) == {
        "vdd_in.voltage": 5.0,
        "vdd_in.current": 1.6,
        "vdd_soc.voltage": 4.992,
        "vdd_soc.current": -0.016,
    }
    # 7 ms a round, which leaves out four averages.
    assert source.period_ns == 28_000_000


def test_rails_can_be_renamed_and_left_out(tmp_path):
    device(tmp_path, 3, INA3221)
    source = opened(tmp_path, "hwmon://hwmon3?rails=,core")
    assert [channel.name for channel in source.channels] == ["core.voltage", "core.current"]
    assert source.sample().codes == [4992, -8]


def test_a_channel_that_is_switched_off_is_missing_and_not_zero(tmp_path, monkeypatch):
    device(tmp_path, 0, INA219)
    source = opened(tmp_path, "hwmon://ina219")

    def no_data(file, size, offset):
        raise OSError(61, "No data available")

    monkeypatch.setattr("os.pread", no_data)
    assert source.sample().codes == [MISSING, MISSING]


@pytest.mark.parametrize(
    ("code", "reason"), [(19, Reason.ABSENT), (121, Reason.NO_ANSWER), (110, Reason.NO_ANSWER)]
)
def test_a_chip_that_stops_answering_is_a_read_error(tmp_path, monkeypatch, code, reason):
    device(tmp_path, 0, INA219)
    source = opened(tmp_path, "hwmon://ina219")

    def broken(file, size, offset):
        raise OSError(code, "no answer")

    monkeypatch.setattr("os.pread", broken)
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is reason and "in1_input" in str(caught.value)


# ina238 of kernel 6.1 computes register × 80000 in 32 bits: 26844 × 80000 wraps to a negative current.
@pytest.mark.parametrize(
    ("printed", "shunt_mv", "true_ma"),
    [
        (53686, 134, 53686),
        (-53687, 134, 53687),
        (-41842, 163, 65532),
        (53574, -134, -53800),
        (-53686, -134, -53686),
    ],
)
def test_an_ina238_whose_current_overflowed_is_put_right(tmp_path, printed, shunt_mv, true_ma):
    device(tmp_path, 0, {"name": "ina238", "in0_input": shunt_mv, "in1_input": 12000, "curr1_input": printed})
    source = opened(tmp_path, "hwmon://ina238?shunt=10mohm")
    assert source.sample().codes == [12000, pytest.approx(true_ma, abs=1)]


def test_a_graphics_card_gives_power_averaged_and_an_energy_counter(tmp_path):
    device(
        tmp_path,
        2,
        {
            "name": "amdgpu",
            "power1_average": 35_000_000,
            "power1_label": "PPT",
            "energy1_input": 7,
            "temp1_input": 5,
        },
        place="0000:03:00.0",
    )
    source = opened(tmp_path, "hwmon://amdgpu")
    assert {channel.name: channel.kind for channel in source.channels} == {
        "ppt.power": Kind.MEAN,
        "amdgpu_1.energy": Kind.COUNTER,
    }
    assert si(source) == {"ppt.power": 35.0, "amdgpu_1.energy": 7e-6}


def test_voltage_and_current_join_a_power_by_their_labels(tmp_path):
    device(
        tmp_path,
        2,
        {
            "name": "corsairpsu",
            "power1_label": "power +12v",
            "power1_input": 60_000_000,
            "in1_label": "v_in",
            "in1_input": 230_000,
            "curr2_label": "power +12v",
            "curr2_input": 5000,
        },
        place="usb",
    )
    source = opened(tmp_path, "hwmon://corsairpsu")
    assert si(source) == {"power +12v.current": 5.0, "power +12v.power": 60.0}


def test_what_is_not_there_is_answered_with_what_is(tmp_path):
    device(tmp_path, 0, INA219)
    with pytest.raises(ConfigurationError, match="there are ina219-i2c-1-40"):
        opened(tmp_path, "hwmon://ina226")


def test_a_thermometer_measures_no_power(tmp_path):
    device(tmp_path, 0, {"name": "k10temp", "temp1_input": 40000}, "0000:00:18.3")
    with pytest.raises(OpenError) as caught:
        opened(tmp_path, "hwmon://k10temp")
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_reading_faster_than_the_driver_refreshes_marks_equal_rows_as_repeats(tmp_path):
    device(tmp_path, 0, {**INA219, "name": "ina226", "update_interval": 36})
    assert opened(tmp_path, "hwmon://ina226").period_ns == 36_000_000
    assert opened(tmp_path, "hwmon://ina226?rate=100Hz").stale_when_equal
    assert not opened(tmp_path, "hwmon://ina226?rate=10Hz").stale_when_equal


def test_discovery_lists_sensors_of_power_with_a_url_that_works(tmp_path, monkeypatch):
    device(tmp_path, 0, INA219)
    device(tmp_path, 1, {"name": "k10temp", "temp1_input": 40000}, "0000:00:18.3")
    monkeypatch.setattr("powermeter.drivers.hwmon.ROOT", tmp_path)
    (found,) = Hwmon.discover()
    assert found.url == "hwmon://ina219-i2c-1-40" and "10.00 mohm" in found.remedy
    assert opened(tmp_path, found.url).sample().codes == [5100, 2500]


# What a reading covers ------------------------------------------------------------------------------

AMD_ENERGY = {
    "name": "amd_energy",
    "energy1_label": "Ecore000",
    "energy1_input": 1_000,
    "energy2_label": "Ecore001",
    "energy2_input": 2_000,
    "energy3_label": "Esocket0",
    "energy3_input": 90_000,
}


def test_a_cores_counter_is_not_the_board_nor_the_socket(tmp_path):
    device(tmp_path, 0, AMD_ENERGY, "amd_energy.0")
    rails = {c.rail.name: c.rail for c in opened(tmp_path, "hwmon://amd_energy").channels}
    assert rails["Ecore000"].boundary is rails["Esocket0"].boundary is Boundary.PART
    assert "one core" in rails["Ecore000"].covers and "socket" in rails["Esocket0"].covers


@pytest.mark.parametrize(
    ("files", "boundary", "says"),
    [
        ({"name": "amdgpu", "power1_average": 1, "power1_label": "PPT"}, Boundary.DEVICE, "graphics card"),
        ({"name": "xe", "energy1_input": 1, "energy1_label": "card"}, Boundary.DEVICE, "graphics card"),
        ({"name": "power_meter", "power1_average": 1}, Boundary.BOARD, "ACPI power meter"),
        (
            {"name": "corsairpsu", "power1_input": 1, "power1_label": "power total"},
            Boundary.PART,
            "power supply",
        ),
        ({"name": "tps546d24", "power1_input": 1, "power1_label": "pout1"}, Boundary.PART, "does not state"),
    ],
)
def test_what_a_driver_covers_is_in_the_rail_and_in_the_list(tmp_path, monkeypatch, files, boundary, says):
    device(tmp_path, 0, files, "somewhere")
    rail = opened(tmp_path, f"hwmon://{files['name']}").channels[0].rail
    assert rail.boundary is boundary and says in rail.covers
    monkeypatch.setattr("powermeter.drivers.hwmon.ROOT", tmp_path)
    (found,) = Hwmon.discover()
    assert found.boundary is boundary and found.covers == rail.covers


def test_an_output_of_a_supply_is_inside_its_total_and_the_user_has_the_last_word(tmp_path):
    total = {"name": "corsairpsu", "power1_input": 90, "power1_label": "power total"}
    device(tmp_path, 0, {**total, "power2_input": 60, "power2_label": "power +12v"}, "usb")
    rails = {c.rail.name: c.rail for c in opened(tmp_path, "hwmon://corsairpsu").channels}
    assert rails["power +12v"].parent == "power total" and rails["power total"].parent is None
    said = opened(tmp_path, "hwmon://corsairpsu?boundary=board,part").channels
    assert [c.rail.boundary for c in said] == [Boundary.BOARD, Boundary.PART]


def test_the_kernels_second_view_of_a_battery_is_left_to_its_own_driver(tmp_path, monkeypatch):
    parent = tmp_path / "devices/power_supply/BAT0"
    folder = parent / "hwmon0"
    folder.mkdir(parents=True)
    for name, value in {"name": "BAT0", "power1_input": 7_000_000, "in0_input": 12_000}.items():
        (folder / name).write_text(f"{value}\n")
    (folder / "device").symlink_to(parent)
    (tmp_path / "hwmon0").symlink_to(folder)
    with pytest.raises(OpenError, match="power_supply://"):
        opened(tmp_path, "hwmon://BAT0")
    monkeypatch.setattr("powermeter.drivers.hwmon.ROOT", tmp_path)
    assert Hwmon.discover() == []
