"""Energy and charge of an INA228 as totals: wraps, currents that flow back, restarts."""

from __future__ import annotations

import numpy as np
import pytest
from register_bus import RegisterBus

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.signals.decoding import read_channel
from powermeter.source import Address, Gap, PolledSource
from powermeter.testing.i2c_bus import SimulatedBus
from powermeter.testing.i2c_chips import SimulatedINA228

OHM = 0.1
CURRENT_LSB = 312.5e-9 / OHM
ENERGY_LSB = 16 * 3.2 * CURRENT_LSB


def totals(energies: list[int], charges: list[int], volts: float = 5.0) -> list[tuple[int, int]]:
    """Return the totals a driver makes of what the counters read in turn."""
    bus = RegisterBus(
        {0x3E: 0x5449, 0x3F: 0x2281, 5: round(volts / 195.3125e-6) << 4, 9: energies[0], 10: charges[0]}
    )
    source = registry.driver_class("ina228")(
        Address.parse(f"ina228://1/0x40?shunt={OHM}ohm"), lambda name, placements: bus
    )
    source.open()
    found = []
    for energy, charge in zip(energies, charges, strict=True):
        bus.registers.update({11: 0x8003, 9: energy, 10: charge & (1 << 40) - 1})
        row = source.sample()
        assert row is not None
        found.append((row.codes[2], row.codes[3]))
    return found


def charge_of(energy: int, volts: float = 5.0) -> int:
    """Return the charge count that goes with an energy count at a voltage."""
    return round(energy * 51.2 / volts)


def test_the_counters_limit_joins_the_shunts_tolerance_in_quadrature():
    """SLYS021A: 1 % for energy and charge; a shunt of 2 % beside it: √5 %."""
    source = registry.driver_class("ina228")(
        Address.parse("ina228://1/0x40?shunt=0.1ohm&tolerance=2%&tempco=0"),
        lambda name, placements: RegisterBus({0x3E: 0x5449, 0x3F: 0x2281}),
    )
    source.open()
    limits = {channel.name.rpartition(".")[2]: channel.accuracy.gain for channel in source.channels}
    assert (limits["energy"], limits["charge"]) == pytest.approx((5**0.5 / 100, 5**0.5 / 100))


def test_the_energy_counter_wraps_through_zero():
    top = 1 << 40
    steps = [0, 1000, 2000, 3500]
    found = totals([(top - 1500 + step) % top for step in steps], [charge_of(step) for step in steps])
    assert [energy - found[0][0] for energy, _ in found] == steps


def test_a_total_without_any_trouble_is_what_the_register_reads():
    assert totals([70, 1070, 2070], [charge_of(e) for e in (70, 1070, 2070)])[-1] == (2070, charge_of(2070))


def test_a_current_that_flows_back_takes_energy_off_although_the_register_adds_it():
    # One second of 1000 counts forwards, one backwards: the register shows 2000, the truth is 0.
    found = totals([0, 1000, 2000], [0, charge_of(1000), 0])
    assert found[1][0] == pytest.approx(1000, abs=1)
    assert found[2][0] == pytest.approx(0, abs=2)
    assert found[2][1] == 0


def test_charge_below_zero_goes_on_down():
    found = totals([0, 100, 200], [0, -charge_of(100), -charge_of(200)])
    assert [charge for _, charge in found] == [0, -charge_of(100), -charge_of(200)]
    assert found[-1][0] == pytest.approx(-200, abs=2)


def simulated(load, seconds: float, url: str = "ina228://1/0x40?shunt=0.1ohm&rate=100Hz"):
    """Record a simulated chip; gives the source, times in ns and codes."""
    bus = SimulatedBus(400_000)
    start = bus.clock.now_ns()
    bus.add(0x40, SimulatedINA228(lambda t: load(t - start / 1e9), OHM))
    source = registry.driver_class("ina228")(Address.parse(url), lambda name, placements: bus)
    assert isinstance(source, PolledSource)
    source.open()
    times, rows = [], []
    while bus.clock.now_ns() - start < seconds * 1e9:
        if not source.self_paced:
            bus.clock.sleep(source.period_ns / 1e9)
        row = source.sample()
        if row is not None:
            times.append(bus.clock.now_ns())
            rows.append(row.codes)
    return source, np.array(times), np.array(rows, np.int64)


@pytest.mark.parametrize(
    "load",
    [
        lambda t: (5.0, 0.4),
        lambda t: (5.1 - 0.1 * (t % 0.2 < 0.05), 0.2 + 1.0 * (t % 0.2 < 0.05)),  # bursts, sagging
        lambda t: (12.0, 0.5 if t < 0.5 else -0.5),  # charging
    ],
    ids=["constant", "bursts", "there and back"],
)
def test_counted_energy_and_charge_are_the_loads(load):
    source, times, codes = simulated(load, 1.0)
    grid = np.linspace((times[0] - 1e9) / 1e9, (times[-1] - 1e9) / 1e9, 20001)
    volts, amps = np.array([load(t) for t in grid]).T
    span = grid[-1] - grid[0]
    joules = float(codes[-1, 2] - codes[0, 2]) * source.channels[2].scale
    coulombs = float(codes[-1, 3] - codes[0, 3]) * source.channels[3].scale
    # A counter lags by up to a round (10 ms) at either end.
    assert joules == pytest.approx(np.mean(volts * amps) * span, abs=0.02 * np.abs(volts * amps).max())
    assert coulombs == pytest.approx(np.mean(amps) * span, abs=0.02 * np.abs(amps).max())


def test_counters_are_read_now_and_then_where_the_bus_has_no_time():
    _, times, codes = simulated(lambda t: (5.0, 0.4), 0.5, "ina228://1/0x40?shunt=0.1ohm&rate=max")
    counted = times[codes[:, 2] != MISSING]
    assert len(times) > 1000 and 4 <= len(counted) <= 7
    assert np.diff(counted).min() >= 0.09e9


def test_a_trace_of_such_a_total_may_fall_and_bridges_a_restart():
    source, _, _ = simulated(lambda t: (5.0, 0.4), 0.05)
    charge = source.channels[3]
    times = np.arange(6, dtype=np.int64) * 1_000_000_000
    falling = read_channel(charge, times, np.array([0, -10, -20, -30, -40, -50], np.int64), origin="x")
    assert falling is not None
    assert falling.values == pytest.approx(np.arange(0, -60, -10) * charge.scale)
    gap = Gap(2_000_000_000, 3_000_000_000, "lost setup")
    codes = np.array([1000, 1010, 1020, 0, 10, 20], np.int64)
    restarted = read_channel(charge, times, codes, origin="x", gaps=[gap])
    assert restarted is not None
    assert restarted.values == pytest.approx(np.arange(0, 60, 10) * charge.scale)


@pytest.mark.parametrize(("rate", "rail"), [("100Hz", "ina228_40"), ("max", "ina228_40.totals")])
def test_counters_read_less_often_than_rows_come_do_not_measure_short_windows(rate, rail):
    source, _, _ = simulated(lambda t: (5.0, 0.4), 0.02, f"ina228://1/0x40?shunt=0.1ohm&rate={rate}")
    by_name = {channel.name: channel for channel in source.channels}
    assert by_name["ina228_40.energy"].rail.name == rail
    assert by_name["ina228_40.voltage"].rail.name == "ina228_40"
