"""Jetson rails from fake sysfs trees of every board of the rail map, both generations of files."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from jetson_rails import CASES, ORIN_SMALL, rail

from powermeter import registry
from powermeter.channel import MISSING, Boundary, Quantity
from powermeter.drivers import jetson
from powermeter.drivers.system import sysfs
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.recording.protocol import Samples
from powermeter.result import Grade
from powermeter.signals import headline_rail, rails
from powermeter.testing.sysfs import FakeRail, FakeTree


def build(tmp_path: Path, kind: str, chips: dict[str, list[FakeRail]]) -> FakeTree:
    tree = FakeTree(tmp_path)
    tree.device_tree("NVIDIA Jetson", "nvidia,p0000 nvidia,tegra234")
    for number, (place, members) in enumerate(chips.items()):
        if kind == "iio":
            tree.iio_chip(place, members, f"iio:device{number}")
        else:
            tree.hwmon_chip(place, members, f"hwmon{number + 1}")
    if kind == "hwmon+input":
        tree.input_sensor("2-0044", 19488, 1369, 26_686_000)
    return tree


def opened(tree: FakeTree, query: str = ""):
    source = registry.source(f"jetson://?root={tree}{query}")
    source.open()
    return source


def measured(source) -> tuple[rails.Line, ...]:
    """Return the rails of ten equal samples as the analysis sees them."""
    row = source.sample().codes
    times = np.arange(10, dtype=np.int64) * 50_000_000
    codes = {
        channel.name: np.full(10, code, np.int64) for channel, code in zip(source.channels, row, strict=True)
    }
    recording = SimpleNamespace(
        metadata={},
        facts=lambda name: [],
        sources=[SimpleNamespace(id=1, url="jetson://", name="jetson", channels=source.channels, info={})],
        samples=lambda _: Samples(times, codes, np.zeros(10, np.uint8)),
        gaps=lambda _: [],
    )
    return rails.lines(recording)


@pytest.mark.parametrize("board", CASES)
def test_each_board_gives_its_total_and_only_that(tmp_path, board):
    kind, chips, name, watt = CASES[board]
    lines = measured(opened(build(tmp_path, kind, chips)))
    chosen = headline_rail.choose(lines)
    power = chosen.power()
    assert chosen.rail.name == name
    assert power is not None and float(power.values.mean()) == pytest.approx(watt, rel=1e-9)
    present = {r.name for members in chips.values() for r in members if r.name != "NC"} | (
        {"VIN"} if kind == "hwmon+input" else set()
    )
    assert {line.rail.name for line in lines} == present
    sums = headline_rail.whole(lines)
    assert [line.rail.name for line in sums] == (["MODULE"] if name == "MODULE" else [])


def test_memory_of_agx_orin_is_not_added_to_the_rail_that_feeds_it(tmp_path):
    lines = measured(opened(build(tmp_path, "hwmon", CASES["AGX Orin"][1])))
    by_name = {line.rail.name: line for line in lines}
    memory, supply = by_name["VDDQ_VDD2_1V8AO"], by_name["VIN_SYS_5V0"]
    assert memory.rail.parent == "VIN_SYS_5V0"
    assert headline_rail.overlap(memory, supply, lines)
    (total,) = headline_rail.whole(lines)
    assert {part.rail.name for part in total.parts} == {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"}


@pytest.mark.parametrize("board", ["AGX Xavier, R35", "AGX Orin"])
def test_an_incomplete_sum_is_refused(tmp_path, board):
    _, chips, _, _ = CASES[board]
    names = [r.name for members in chips.values() for r in members if r.name != "NC"]
    source = opened(build(tmp_path, "hwmon", chips), f"&rails={','.join(names[1:])}")
    assert headline_rail.whole(measured(source)) == ()
    assert names[0] in source.info()["no_total_because"]


def test_parts_without_their_input_are_not_added(tmp_path):
    source = opened(build(tmp_path, "iio", CASES["TX2"][1]), "&rails=VDD_SYS_GPU,VDD_SYS_CPU,VDD_SYS_SOC")
    assert headline_rail.whole(measured(source)) == ()
    assert "do not add up" in source.info()["no_total_because"]


def test_unknown_rails_are_recorded_and_never_added(tmp_path):
    chips = {"1-0040": [rail("VDD_RGB", 5000, 100), rail("VDD_OTHER", 5000, 100)]}
    source = opened(build(tmp_path, "hwmon", chips))
    lines = measured(source)
    assert {line.rail.name for line in lines} == {"VDD_RGB", "VDD_OTHER"}
    assert headline_rail.whole(lines) == ()


def test_rails_of_the_same_name_stay_apart(tmp_path):
    chips = {"1-0040": ORIN_SMALL, "1-0041": [rail("VDD_IN", 5000, 10)]}
    source = opened(build(tmp_path, "hwmon", chips))
    lines = measured(source)
    assert {line.rail.name for line in lines} == {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC", "VDD_IN#2"}
    assert headline_rail.choose(lines).rail.name == "VDD_IN" and headline_rail.whole(lines) == ()


def test_channels_are_volt_and_ampere_with_the_shunts_limits(tmp_path):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    names = [channel.name for channel in source.channels]
    assert names[:2] == ["vdd_in.voltage", "vdd_in.current"]
    voltage, current = source.channels[:2]
    assert (voltage.quantity, current.quantity) == (Quantity.VOLTAGE, Quantity.CURRENT)
    # SBOS576A: 80 µV and 40 µV over 5 mohm are 16 mA and 8 mA.
    assert current.accuracy.offset == pytest.approx(0.016)
    assert current.accuracy.step == pytest.approx(0.008)
    assert source.sample().codes[:2] == [5032, 960]
    assert voltage.scale == current.scale == 1e-3


def test_shunt_from_the_kernel_goes_before_the_table(tmp_path):
    (tree := FakeTree(tmp_path)).hwmon_chip("1-0040", [rail("VDD_IN", 5000, 100, 2000)])
    current = opened(tree).channels[1]
    assert current.accuracy.step == pytest.approx(0.020)


def test_old_images_name_the_device_with_an_underscore(tmp_path):
    (tree := FakeTree(tmp_path)).iio_chip("6-0040", [rail("POM_5V_IN", 5104, 272)], "iio_device")
    assert opened(tree).sample().codes == [5104, 272]


def test_a_disabled_input_is_left_out(tmp_path):
    chip = (
        build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}).root
        / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
    )
    (chip / "in3_enable").write_text("0\n")
    assert [r.name for r in jetson.find_rails(tmp_path)] == ["VDD_IN", "VDD_CPU_GPU_CV"]


def test_a_negative_reading_stays_negative(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": [rail("VDD_IN", 5032, -8)]})
    assert opened(tree).sample().codes == [5032, -8]


def test_a_vanished_file_is_a_gap_and_its_return_is_not(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    source = opened(tree)
    file = next(tmp_path.rglob("curr2_input"))
    file.unlink()
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.ABSENT and "curr2_input" in str(caught.value)
    file.write_text("96\n")
    assert source.sample().codes[3] == 96


def failing(monkeypatch, numbers: list[int], name: str) -> list[str]:
    """Let the first reads of a file fail with these error numbers; give the list of what was tried."""
    tried: list[str] = []
    real = os.open

    def fake(path, flags, *rest, **more):
        if str(path).endswith(name):
            tried.append(str(path))
            if len(tried) <= len(numbers) and numbers[len(tried) - 1]:
                raise OSError(numbers[len(tried) - 1], os.strerror(numbers[len(tried) - 1]), str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(sysfs.os, "open", fake)
    return tried


def test_eagain_is_tried_again(tmp_path, monkeypatch):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    tried = failing(monkeypatch, [errno.EAGAIN, errno.EAGAIN], "curr1_input")
    assert source.sample().codes[1] == 960
    assert len(tried) == 3


def test_eagain_without_end_is_no_answer(tmp_path, monkeypatch):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    failing(monkeypatch, [errno.EAGAIN] * 99, "curr1_input")
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.NO_ANSWER


def test_a_channel_switched_off_meanwhile_is_missing_not_zero(tmp_path, monkeypatch):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    failing(monkeypatch, [errno.ENODATA], "curr3_input")
    assert source.sample().codes[5] == MISSING


def test_missing_permission_says_what_to_type(tmp_path, monkeypatch):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    failing(monkeypatch, [errno.EACCES] * 99, "curr1_input")
    with pytest.raises(OpenError) as caught:
        opened(tree)
    assert caught.value.reason is Reason.PERMISSION
    assert "sudo chmod a+r" in str(caught.value)
    (found,) = jetson.look(tmp_path)
    assert "only root may read it" in found.problem and found.remedy.startswith("let this user read it")


def test_garbage_in_a_file_is_bad_data(tmp_path):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    next(tmp_path.rglob("in1_input")).write_text("5032 mV\n")
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA


def test_throttling_is_counted(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    tree.write("sys/class/hwmon/hwmon0/oc1_event_cnt", 2)
    count = tree.write("sys/class/hwmon/hwmon0/oc3_event_cnt", 0)
    source = opened(tree)
    assert source.channels[-1].quantity is Quantity.MARKER
    assert source.sample().codes[-1] == 2
    count.write_text("1\n")
    assert source.sample().codes[-1] == 3


def test_metadata_hold_mode_clocks_and_temperatures(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    tree.device_tree("NVIDIA Jetson Orin Nano Developer Kit", "nvidia,p3767-0003 nvidia,tegra234")
    tree.write("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic")
    tree.write("var/lib/nvpmodel/status", "pmode:0002 fmode:quiet")
    tree.write("etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >")
    tree.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", 1728000)
    tree.write("sys/class/devfreq/17000000.gpu/cur_freq", 306000000)
    tree.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    tree.write("sys/class/thermal/thermal_zone0/temp", 48468)
    tree.write("sys/class/thermal/thermal_zone1/type", "cv0-thermal")
    tree.write("sys/class/thermal/thermal_zone1/temp", -256000)
    info = opened(tree).info()
    assert info["model"] == "NVIDIA Jetson Orin Nano Developer Kit"
    assert info["l4t"] == "R36.4.3"
    assert info["power_mode"] == "2 MAXN_SUPER"
    assert info["cpu_max_clock_hz"] == 1_728_000_000
    assert info["gpu_clock_hz"] == 306_000_000
    assert info["temperatures_degc"] == {"cpu-thermal": 48.468}
    assert "carrier" in info["not_covered"]


def test_a_board_without_power_monitor_says_so(tmp_path):
    FakeTree(tmp_path).device_tree(
        "NVIDIA Jetson Nano 2GB Developer Kit", "nvidia,jetson-nano-2gb nvidia,tegra210"
    )
    with pytest.raises(OpenError, match="no power rails"):
        opened(FakeTree(tmp_path))
    (found,) = jetson.look(tmp_path)
    assert found.url is None and "no power rails" in found.problem and found.remedy


def test_another_machine_has_nothing(tmp_path):
    with pytest.raises(OpenError, match="not a Jetson"):
        opened(FakeTree(tmp_path))
    assert jetson.look(tmp_path) == []


def test_a_rail_that_is_not_there_is_named(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    with pytest.raises(OpenError, match="VDD_RGB"):
        opened(tree, "&rails=VDD_RGB")
    with pytest.raises(ConfigurationError, match="at least one rail"):
        opened(tree, "&rails=,")


@pytest.mark.parametrize(
    ("board", "boundary", "grade"),
    [
        ("Orin Nano", Boundary.MODULE, Grade.MEASURED),
        ("AGX Orin", Boundary.MODULE, Grade.DERIVED),
        ("Thor", Boundary.BOARD, Grade.MEASURED),
    ],
)
def test_devices_says_what_is_covered(tmp_path, board, boundary, grade):
    kind, chips, _, _ = CASES[board]
    (found,) = jetson.look(build(tmp_path, kind, chips).root)
    assert (found.boundary, found.grade) == (boundary, grade)
    assert found.url == "jetson://" and not found.problem and found.covers


def test_reopening_finds_the_same_channels_under_another_hwmon_number(tmp_path):
    tree = build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL})
    source = opened(tree)
    before = source.channels
    device = next(tmp_path.rglob("hwmon1"))
    device.rename(device.with_name("hwmon5"))
    with pytest.raises(ReadError):
        source.sample()
    source.close()
    source.open()
    assert source.channels == before and source.sample().codes[0] == 5032


def test_other_rails_after_reopening_are_refused(tmp_path):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    next(tmp_path.rglob("in1_label")).write_text("VDD_ELSE\n")
    source.close()
    with pytest.raises(OpenError) as caught:
        source.open()
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_reading_a_closed_source_is_an_error(tmp_path):
    source = opened(build(tmp_path, "hwmon", {"1-0040": ORIN_SMALL}))
    source.close()
    source.close()
    with pytest.raises(ReadError):
        source.sample()
