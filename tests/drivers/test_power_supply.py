"""Battery gauges: sign, units, which value counts, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter import registry
from powermeter.analysis.energy import analyse
from powermeter.channel import Boundary, Kind, Quantity
from powermeter.drivers import power_supply
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.recording import Recording, Writer
from powermeter.testing.sysfs import FakeTree


def opened(tree: FakeTree, name: str = "", options: str = ""):
    source = registry.source(f"power_supply://{name}?root={tree}{options}")
    source.open()
    return source


def battery(tmp_path, **values) -> FakeTree:
    tree = FakeTree(tmp_path)
    tree.battery("BAT0", {"status": "Discharging", "voltage_now": 11_850_000, **values})
    return tree


def test_micro_units_become_si(tmp_path):
    source = opened(battery(tmp_path, current_now=1_204_000, voltage_min_design=11_400_000))
    voltage, current = source.channels
    assert (voltage.quantity, current.quantity) == (Quantity.VOLTAGE, Quantity.CURRENT)
    assert [
        c.scale * code for c, code in zip(source.channels, source.sample().codes, strict=True)
    ] == pytest.approx([11.85, 1.204])
    assert current.rail.boundary is Boundary.BATTERY
    assert current.rail.nominal_v == pytest.approx(11.4)


@pytest.mark.parametrize(
    ("status", "given", "outward"),
    [
        ("Discharging", -1_000_000, 1_000_000),  # as the kernel documents it: negative is discharging
        ("Discharging", 1_000_000, 1_000_000),  # as many laptops' ACPI drivers give it: a magnitude
        ("Charging", 1_000_000, -1_000_000),
        ("Charging", -1_000_000, -1_000_000),
        ("Full", 0, 0),
        ("Not charging", -5_000, 5_000),
        ("Unknown", -700_000, 700_000),
    ],
)
def test_positive_is_out_of_the_battery(tmp_path, status, given, outward):
    source = opened(battery(tmp_path, current_now=given, status=status), "BAT0", "&while=any")
    assert source.sample().codes[1] == outward


@pytest.mark.parametrize("given", [7_342_000, -7_342_000])
def test_power_where_the_driver_gives_power(tmp_path, given):
    source = opened(battery(tmp_path, power_now=given, energy_now=41_230_000))
    assert [channel.name for channel in source.channels] == ["bat0.voltage", "bat0.power"]
    assert source.channels[1].scale * source.sample().codes[1] == pytest.approx(7.342)


@pytest.mark.parametrize(("name", "unit"), [("energy_now", Quantity.ENERGY), ("charge_now", Quantity.CHARGE)])
def test_what_is_left_counts_only_where_nothing_else_is_there(tmp_path, name, unit):
    tree = battery(tmp_path, **{name: 41_230_000})
    source = opened(tree)
    channel = source.channels[1]
    assert channel.quantity is unit and channel.kind is Kind.COUNTER
    first = source.sample().codes[1]
    (tmp_path / "sys/class/power_supply/BAT0" / name).write_text("41220000\n")
    used = (source.sample().codes[1] - first) * channel.scale
    assert used == pytest.approx(36.0)  # 10 mWh are 36 J, 10 mAh are 36 C


def test_gauges_are_marked_as_slow():
    assert power_supply.PowerSupply.stale_when_equal and power_supply.PowerSupply.default_period_s == 1.0


def test_mice_chargers_and_usb_c_are_no_batteries(tmp_path):
    tree = battery(tmp_path, current_now=1)
    tree.battery("hidpp_battery_0", {"scope": "Device", "voltage_now": 3_900_000, "current_now": 1})
    tree.battery("AC", {"type": "Mains", "online": 1})
    tree.battery(
        "ucsi-source-psy-USBC000:001", {"type": "USB", "voltage_now": 5_000_000, "current_now": 3_000_000}
    )
    assert [path.name for path in power_supply.find_batteries(tmp_path)] == ["BAT0"]


def test_two_batteries_add_up_and_one_can_be_named(tmp_path):
    tree = battery(tmp_path, power_now=7_000_000)
    tree.battery("BAT1", {"status": "Not charging", "voltage_now": 12_000_000, "power_now": 0})
    source = opened(tree)
    assert [(c.name, c.rail.name, c.rail.parent) for c in source.channels][1::2] == [
        ("bat0.power", "BAT0", "batteries"),
        ("bat1.power", "BAT1", "batteries"),
    ]
    assert source.sample().codes[1::2] == [7_000_000, 0]
    alone = opened(tree, "BAT0")
    assert [c.rail.parent for c in alone.channels] == [None, None]
    (found,) = power_supply.look(tmp_path)
    assert found.url == "power_supply://" and found.rails == ("BAT0", "BAT1") and not found.problem


def test_the_energy_of_two_batteries_is_their_sum(tmp_path):
    tree = battery(tmp_path, power_now=7_000_000)
    tree.battery("BAT1", {"status": "Discharging", "voltage_now": 12_000_000, "power_now": 3_000_000})
    source = opened(tree)
    path = tmp_path / "run.power"
    with Writer.create(path) as writer:
        identifier = writer.add_source("power_supply://", "gauges", "power_supply", source.channels)
        for second in range(11):
            codes = np.array([source.sample().codes], np.int64)
            writer.append(identifier, np.array([second * 10**9], np.int64), codes)
    with Recording.open(path) as recording:
        analysis = analyse(recording)
    assert analysis.energy.value == pytest.approx(100.0)


@pytest.mark.parametrize("status", ["Charging", "Full", "Not charging"])
def test_a_gauge_that_does_not_discharge_is_refused(tmp_path, status):
    tree = battery(tmp_path, current_now=0, status=status)
    with pytest.raises(OpenError, match=f"BAT0 is {status.lower()}.*unplug the charger") as caught:
        opened(tree)
    assert caught.value.reason is Reason.FROZEN and "\n" not in str(caught.value)
    assert opened(tree, options="&while=any").sample().codes == [11_850_000, 0]


def test_the_charger_put_in_meanwhile_makes_a_gap(tmp_path):
    source = opened(battery(tmp_path, current_now=1_000_000))
    (tmp_path / "sys/class/power_supply/BAT0/status").write_text("Charging\n")
    with pytest.raises(ReadError, match="unplug the charger") as caught:
        source.sample()
    assert caught.value.reason is Reason.FROZEN


def test_a_gauge_without_current_says_so(tmp_path):
    with pytest.raises(OpenError, match="neither power nor current nor charge"):
        opened(battery(tmp_path))
    (found,) = power_supply.look(tmp_path)
    assert found.url is None and found.problem


def test_a_battery_that_is_charged_is_no_meter(tmp_path):
    (found,) = power_supply.look(battery(tmp_path, current_now=1_000_000, status="Charging").root)
    assert "not discharging" in found.problem and found.remedy == "unplug the charger"
    (tmp_path / "sys/class/power_supply/BAT0/status").write_text("Discharging\n")
    (found,) = power_supply.look(tmp_path)
    assert not found.problem and found.boundary is Boundary.BATTERY


def test_a_battery_taken_out_is_a_gap(tmp_path):
    source = opened(battery(tmp_path, current_now=1_000_000))
    (tmp_path / "sys/class/power_supply/BAT0/current_now").unlink()
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.ABSENT


def test_info_gives_the_design(tmp_path):
    tree = battery(tmp_path, current_now=1, manufacturer="SMP", cycle_count=112, charge_full_design=4_000_000)
    info = opened(tree).info()
    assert info == {
        "manufacturer": "SMP",
        "status": "Discharging",
        "cycle_count": "112",
        "charge_full_design_uah": 4_000_000,
    }


def test_what_each_value_of_a_gauge_counts_and_how_finely(tmp_path):
    """µV, µA and µW; µAh and µWh are 3.6 mC and 3.6 mJ.  Gauges step by 1 mV, 1 mA, 1 mW, 1 mAh and 10 mWh."""
    every = dict.fromkeys(("current_now", "power_now", "charge_now", "energy_now"), 1_000_000)
    found = {}
    for name in every:
        tree = FakeTree(tmp_path / name)
        tree.battery("BAT0", {"status": "Discharging", "voltage_now": 11_850_000, name: 1_000_000})
        for channel in opened(tree).channels:
            found[channel.name.rpartition(".")[2]] = (channel.scale, channel.accuracy.step, channel.kind)
    assert found["voltage"] == (1e-6, 1e-3, Kind.INSTANT)
    assert found["current"] == (1e-6, 1e-3, Kind.INSTANT) and found["power"] == (1e-6, 1e-3, Kind.INSTANT)
    assert found["charge"] == (3.6e-3, 3.6, Kind.COUNTER) and found["energy"] == (3.6e-3, 36.0, Kind.COUNTER)
