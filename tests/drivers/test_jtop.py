"""jetson-stats: the shapes of its versions, a stand-in client, and its own classes where it is installed."""

from __future__ import annotations

import sys
import time

import pytest
from vendor_fakes import FakeJtop

from powermeter import registry
from powermeter.channel import MISSING, Boundary
from powermeter.drivers.jtop import rails_of
from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason
from powermeter.testing.sysfs import FakeRail, FakeTree


def entry(power: int, volt: int = 5032, curr: int = 96, **more):
    return {"type": "INA3221", "volt": volt, "curr": curr, "power": power, "avg": 1, "online": True, **more}


# As 4.2 to 7.2 give it on an Orin Nano: the input rail is taken out and becomes the total, with its name.
ORIN_NANO = {
    "rail": {"VDD_CPU_GPU_CV": entry(483), "VDD_SOC": entry(1489, curr=296)},
    "tot": entry(4830, curr=960, name="VDD_IN"),
}
# On an AGX Orin there is no input rail: the total is the sum of everything, VDDQ and USB-C included.
AGX_ORIN = {
    "rail": {
        "VDD_GPU_SOC": entry(2340),
        "VDD_CPU_CV": entry(390),
        "VIN_SYS_5V0": entry(4025),
        "VDDQ_VDD2_1V8AO": entry(301),
        "ucsi-source-psy-1": {**entry(15_000), "type": "USB"},
        "NC": entry(0),
    },
    "tot": {"power": 22_056, "avg": 22_056},
}
# Up to 4.1 a pair, with shortened names.
OLD_NANO = ({"cur": 1022, "avg": 1022}, {"5V GPU": {"cur": 0, "avg": 0}, "5V CPU": {"cur": 204, "avg": 204}})
OLD_XAVIER = (
    {"cur": 3346, "avg": 3346},
    {
        name: {"cur": value, "avg": 0}
        for name, value in {"GPU": 0, "CPU": 311, "SOC": 932, "CV": 0, "VDDRQ": 621, "SYS5V": 1482}.items()
    },
)


def test_dictionary_shape_keeps_the_input_rail_and_never_the_average():
    found = rails_of(ORIN_NANO)
    assert found == {
        "VDD_CPU_GPU_CV": {"power": 483, "volt": 5032, "curr": 96},
        "VDD_SOC": {"power": 1489, "volt": 5032, "curr": 296},
        "VDD_IN": {"power": 4830, "volt": 5032, "curr": 960},
    }


def test_a_rail_that_is_off_is_none():
    on = {"power": 7, "volt": 5000, "curr": 1}
    assert rails_of({"rail": {"A": {**on, "online": False}, "B": {**on, "online": True}, "C": on}}) == {
        "B": on,
        "C": on,
    }


def test_a_sum_of_everything_is_not_taken_for_a_total():
    assert set(rails_of(AGX_ORIN)) == {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"}


def test_pair_shape_gets_its_names_back():
    assert rails_of(OLD_NANO, "NVIDIA Jetson Nano Developer Kit") == {
        "POM_5V_IN": {"power": 1022},
        "POM_5V_GPU": {"power": 0},
        "POM_5V_CPU": {"power": 204},
    }


def test_pair_shape_of_a_board_without_input_has_no_total():
    found = rails_of(OLD_XAVIER, "Jetson-AGX")
    assert found["SYS5V"] == {"power": 1482} and sum(rail["power"] for rail in found.values()) == 3346
    assert set(found) == {"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"}


@pytest.mark.parametrize("power", [{}, {"rail": {}, "tot": {"power": 0}}, {"rail": None}, ({}, {})])
def test_no_sensors_are_no_rails(power):
    assert rails_of(power) == {}


@pytest.mark.parametrize("power", [None, 5, "x", (1, 2), ({},)])
def test_other_shapes_are_refused(power):
    with pytest.raises(ReadError) as caught:
        rails_of(power)
    assert caught.value.reason is Reason.BAD_DATA


@pytest.mark.parametrize("value", [None, "483", 4.8, True, 10**12])
def test_readings_that_are_no_whole_numbers_are_left_out(value):
    assert rails_of({"rail": {"VDD_IN": {**entry(1), "power": value}}, "tot": {}}) == {}


@pytest.fixture
def service(monkeypatch):
    def install(*powers, refuse=None):
        fake = FakeJtop(*powers, refuse=refuse)
        monkeypatch.setitem(sys.modules, "jtop", fake)
        return fake

    return install


def opened(tmp_path, query: str = ""):
    source = registry.source(f"jtop://?root={tmp_path}{query}")
    source.open()
    return source


def test_rails_become_channels_with_their_parents(tmp_path, service):
    fake = service(ORIN_NANO)
    source = opened(tmp_path, "&interval=500ms")
    names = [channel.name for channel in source.channels]
    assert "vdd_in.power" in names and "vdd_in.voltage" in names and "vdd_in.current" in names
    assert not [name for name in names if "avg" in name]
    by_name = {channel.rail.name: channel.rail for channel in source.channels}
    assert by_name["VDD_SOC"].parent == "VDD_IN" and by_name["VDD_IN"].boundary is Boundary.MODULE
    before = time.monotonic_ns()
    fake.client.send(ORIN_NANO)
    block = source.read_block(0)
    assert block is not None
    row = dict(zip(names, block.codes[0].tolist(), strict=True))
    assert row["vdd_in.power"] == 4830 and row["vdd_soc.current"] == 296
    assert block.times_ns[0] >= before
    info = source.info()
    assert (info["interval_s"], info["jetson_stats"], fake.client.asked) == (1.0, "7.2.2", 0.5)
    source.close()
    source.close()
    assert fake.closed == 1


def test_rails_that_may_be_added_have_a_parent_nobody_measures(tmp_path, service):
    service(AGX_ORIN)
    rails = {channel.rail.name: channel.rail.parent for channel in opened(tmp_path).channels}
    assert rails == {
        "VDD_GPU_SOC": "MODULE",
        "VDD_CPU_CV": "MODULE",
        "VIN_SYS_5V0": "MODULE",
        "VDDQ_VDD2_1V8AO": "VIN_SYS_5V0",
    }


def test_a_rail_missing_once_is_missing(tmp_path, service):
    fake = service(ORIN_NANO)
    source = opened(tmp_path)
    fake.client.send({"rail": {"VDD_SOC": entry(1489)}, "tot": {}})
    block = source.read_block(0)
    assert block is not None
    row = dict(zip([c.name for c in source.channels], block.codes[0].tolist(), strict=True))
    assert row["vdd_in.power"] == MISSING and row["vdd_soc.power"] == 1489


def test_a_board_without_sensors_says_so(tmp_path, service):
    service({})
    with pytest.raises(OpenError, match="no power sensors"):
        opened(tmp_path)


def test_a_service_that_is_gone_is_lost(tmp_path, service):
    fake = service(ORIN_NANO)
    source = opened(tmp_path)
    assert source.read_block(0) is None
    fake.client.alive = False
    with pytest.raises(ReadError, match="gone"):
        source.read_block(0)
    fake.client.alive = fake.JtopException("Lost connection with jtop server")
    with pytest.raises(ReadError, match="Lost connection"):
        source.read_block(0)


def test_no_service_no_rights_no_library(tmp_path, service, monkeypatch):
    service(
        refuse=FakeJtop.JtopException(
            "The jtop.service is not active. Please run:\nsudo jtop --install-service"
        )
    )
    with pytest.raises(OpenError, match=r"not active\. Please run: sudo jtop") as caught:
        opened(tmp_path)
    assert caught.value.reason is Reason.ABSENT and "\n" not in str(caught.value)
    service(
        refuse=FakeJtop.JtopException("I can't access jtop.service.\nPlease logout or reboot this board.")
    )
    with pytest.raises(OpenError, match="usermod -aG jtop") as caught:
        opened(tmp_path)
    assert caught.value.reason is Reason.PERMISSION
    monkeypatch.setitem(sys.modules, "jtop", None)
    with pytest.raises(NotInstalledError, match=r"powermeter\[jetson\]"):
        opened(tmp_path)


@pytest.mark.thorough
def test_jetson_stats_own_classes_read_our_fake_board(tmp_path):
    """Version 4.2 and later read sysfs themselves; an ordinary test needs neither root nor their service."""
    power = pytest.importorskip("jtop.core.power", reason="jetson-stats is not installed")
    if not hasattr(power, "find_all_i2c_power_monitor"):
        pytest.skip("this jetson-stats reads tegrastats, not sysfs")
    tree = FakeTree(tmp_path)
    rails = [
        FakeRail("VDD_IN", 5032, 960),
        FakeRail("VDD_CPU_GPU_CV", 5032, 96),
        FakeRail("VDD_SOC", 5032, 296),
    ]
    tree.hwmon_chip("1-0040", rails, "hwmon1")
    tree.write("sys/bus/i2c/drivers/ina3221/1-0040/name", "ina3221")
    reader = power.PowerService()
    reader._power_sensor = power.find_all_i2c_power_monitor(str(tmp_path / "sys/bus/i2c/drivers/ina3221"))
    found = rails_of(reader.get_status())
    assert found == {
        "VDD_IN": {"power": 4830, "volt": 5032, "curr": 960},
        "VDD_CPU_GPU_CV": {"power": 483, "volt": 5032, "curr": 96},
        "VDD_SOC": {"power": 1489, "volt": 5032, "curr": 296},
    }
