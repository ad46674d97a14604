"""How fast: the chip's conversion rate or the bus, whichever is lower, on a bus with real transfer times."""

from __future__ import annotations

import pytest

from powermeter import registry
from powermeter.drivers.links.i2c import RegisterLink
from powermeter.source import Address, PolledSource
from powermeter.testing.i2c_bus import SimulatedBus
from powermeter.testing.i2c_chips import MODELS


def make(url: str, bus_hz: float, clock_error: float = 0.0) -> tuple[PolledSource, SimulatedBus]:
    address = Address.parse(url)
    bus = SimulatedBus(bus_hz)
    bus.add(
        0x40, MODELS[address.scheme](lambda t: (5.0, 0.001 * (t * 997 % 300)), 0.1, clock_error=clock_error)
    )
    source = registry.driver_class(address.scheme)(address, lambda name, placements: bus)
    assert isinstance(source, PolledSource)
    source.open()
    return source, bus


def run(source: PolledSource, bus: SimulatedBus, seconds: float) -> tuple[int, int]:
    """Sample as the recorder does for a while; gives rows and the chip's rounds in that time."""
    chip, clock = bus.chip(0x40), bus.clock
    start, rounds, rows = clock.now_ns(), chip.rounds, 0
    deadline = start
    while clock.now_ns() - start < seconds * 1e9:
        if not source.self_paced:
            deadline += source.period_ns
            clock.sleep((deadline - clock.now_ns()) / 1e9)
        rows += source.sample() is not None
    return rows, chip.rounds - rounds


# URL, wire bits of voltage and current, of those and the flag (A.12 of the bus arithmetic: 48 bits read
# 16, 57 read 24), round of conversions in s.
CASES = {
    "INA219, 12 bit": ("ina219://1/0x40?shunt=0.1ohm&bits=12&averages=1", 96, 144, 1.064e-3),
    "INA219, 9 bit": ("ina219://1/0x40?shunt=0.1ohm&bits=9&averages=1", 96, 144, 168e-6),
    "INA219, 16 averages": ("ina219://1/0x40?shunt=0.1ohm&averages=16", 96, 144, 17.02e-3),
    "INA226, 1.1 ms": ("ina226://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", 96, 144, 2.2e-3),
    "INA226, 140 µs": ("ina226://1/0x40?shunt=0.1ohm&averages=1&conversion=140us", 96, 144, 280e-6),
    "INA228, 1052 µs": (
        "ina228://1/0x40?shunt=0.1ohm&averages=1&conversion=1.052ms&counters=no",
        114,
        162,
        2.104e-3,
    ),
    "INA228, 50 µs": (
        "ina228://1/0x40?shunt=0.1ohm&averages=1&conversion=50us&counters=no",
        114,
        162,
        100e-6,
    ),
    "INA238, 540 µs": ("ina238://1/0x40?shunt=0.1ohm&averages=1&conversion=540us", 96, 144, 1.08e-3),
    "INA3221, 1.1 ms": ("ina3221://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", 288, 336, 6.6e-3),
    "INA3221, one rail": (
        "ina3221://1/0x40?shunt=0.1ohm&rails=IN&averages=1&conversion=1.1ms",
        96,
        144,
        2.2e-3,
    ),
    "INA3221, two rails": (
        "ina3221://1/0x40?shunt=0.1ohm&rails=IN,,SOC&averages=1&conversion=1.1ms",
        192,
        240,
        4.4e-3,
    ),
    "INA3221, 140 µs": ("ina3221://1/0x40?shunt=0.1ohm&averages=1&conversion=140us", 288, 336, 840e-6),
}


@pytest.mark.parametrize("bus_hz", [100_000, 400_000])
@pytest.mark.parametrize("case", CASES)
def test_it_reaches_the_chip_or_the_bus(case, bus_hz):
    url, pair_bits, _, round_s = CASES[case]
    seconds = max(0.1, 60 * round_s)
    rows, _ = run(*make(url, bus_hz), seconds)
    assert rows / seconds >= 0.95 * min(1 / round_s, bus_hz / pair_bits)


@pytest.mark.thorough
@pytest.mark.parametrize("clock_error", [-0.09, -0.03, 0.0, 0.04, 0.09])
@pytest.mark.parametrize("bus_hz", [100_000, 400_000])
@pytest.mark.parametrize("case", [name for name in CASES if "INA228" not in name and "INA238" not in name])
def test_no_conversion_is_read_twice_whatever_the_chips_clock_does(case, bus_hz, clock_error):
    rows, rounds = run(*make(CASES[case][0], bus_hz, clock_error), max(0.1, 30 * CASES[case][3]))
    assert rows <= rounds + 1


@pytest.mark.parametrize("clock_error", [-0.09, 0.0, 0.09])
@pytest.mark.parametrize("case", ["INA219, 16 averages", "INA226, 1.1 ms", "INA3221, 1.1 ms"])
def test_no_conversion_is_missed_where_the_bus_has_time(case, clock_error):
    rows, rounds = run(*make(CASES[case][0], 400_000, clock_error), 60 * CASES[case][3])
    assert abs(rows - rounds) <= 1


@pytest.mark.parametrize("scheme", ["ina219", "ina226", "ina228", "ina238", "ina3221"])
@pytest.mark.parametrize("rate", [10, 50, 100, 200])
def test_a_rate_within_reach_is_kept_and_filled(scheme, rate):
    source, bus = make(f"{scheme}://1/0x40?shunt=0.1ohm&rate={rate}Hz", 100_000, 0.004)
    assert not source.self_paced and source.period_ns == pytest.approx(1e9 / rate)
    rows, _ = run(source, bus, 0.5)
    assert rows == pytest.approx(rate / 2, abs=1)
    chip = source.info()["chips"][0]
    assert chip["round_s"] <= 1 / rate
    if rate >= 50:
        assert chip["round_s"] > 0.5 / rate, "most of the time goes unheard"


@pytest.mark.parametrize("scheme", ["ina219", "ina226", "ina228", "ina238", "ina3221"])
def test_a_rate_out_of_reach_is_reported_as_what_it_became(scheme):
    source, bus = make(f"{scheme}://1/0x40?shunt=0.1ohm&rate=20kHz", 100_000)
    rows, _ = run(source, bus, 0.2)
    assert source.info()["rate_hz"] == pytest.approx(rows / 0.2, rel=0.05)
    assert source.info()["pace"] == "chip"


@pytest.mark.parametrize("bus_hz", [100_000, 400_000])
def test_a_round_is_measured_too_long_rather_than_too_short(bus_hz):
    """Two conversions of 1.1 ms: 2.2 ms, by as few as eight of them; two questions of half a millisecond may be late."""
    source, bus = make("ina226://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", bus_hz)
    (place,) = source.placements
    chip = place.chip(place.data, RegisterLink(bus, place.bus, place.address), place.request)
    assert 2.2e-3 <= chip.measure_round(8) <= 1.1 * 2.2e-3


def test_more_averages_are_finer_and_slower_and_both_are_said():
    quick, _ = make("ina219://1/0x40?shunt=0.1ohm&bits=12&averages=1", 400_000)
    slow, _ = make("ina219://1/0x40?shunt=0.1ohm&averages=64", 400_000)
    one, other = (source.info()["chips"][0] for source in (quick, slow))
    assert one["current_step_a"] == pytest.approx([0.8e-3])  # ±320 mV: eight register steps
    assert other["current_step_a"] == pytest.approx([0.1e-3])
    assert slow.info()["rate_hz"] == pytest.approx(1 / 68.1e-3, rel=0.01)


def test_the_stamp_is_the_middle_of_the_conversion():
    source, bus = make("ina226://1/0x40?shunt=0.1ohm&averages=16&conversion=1.1ms", 400_000)
    for _ in range(5):
        row = source.sample()
        assert row is not None and row.at_ns is not None
        # The round of 35.2 ms has just ended when its flag is seen.
        assert bus.clock.now_ns() - row.at_ns == pytest.approx(17.6e6, rel=0.1)


@pytest.mark.parametrize("clock_error", [-0.09, 0.09])
def test_without_asking_the_clock_alone_keeps_rows_apart(clock_error):
    url = "ina226://1/0x40?shunt=0.1ohm&averages=4&conversion=1.1ms&ready=clock"
    source, bus = make(url, 400_000, clock_error)
    asked = []
    bus.log = lambda kind, address, register, value: asked.append(register)
    rows, rounds = run(source, bus, 0.5)
    assert 0.8 * rounds <= rows <= rounds + 1
    assert 6 not in asked, "the flag register was read although a latched alert may depend on it"


def test_the_pace_found_once_is_kept_over_a_reopening():
    source, bus = make("ina219://1/0x40?shunt=0.1ohm&rate=max", 100_000)
    before, channels = source.info(), source.channels
    source.close()
    source.open()
    assert source.info() == before and source.channels == channels
    assert run(source, bus, 0.1)[0] == pytest.approx(104, abs=4)


def test_the_pace_is_known_by_a_default_before_anything_is_opened():
    assert registry.source("ina219://1/0x40?shunt=0.1ohm").period_ns == 10_000_000
    assert registry.source("ina219://1/0x40?shunt=0.1ohm&rate=20Hz").period_ns == 50_000_000


def test_a_round_longer_than_a_call_may_wait_is_still_read_once():
    url = "ina226://1/0x40?shunt=0.1ohm&averages=256&conversion=1.1ms&ready=clock"
    source, bus = make(url, 400_000)
    rows, rounds = run(source, bus, 4.0)
    assert rounds - 2 <= rows <= rounds + 1
    slow, bus = make("ina226://1/0x40?shunt=0.1ohm&averages=256&conversion=1.1ms", 400_000)
    start = bus.clock.now_ns()
    while slow.sample() is None:
        before, start = start, bus.clock.now_ns()
        assert start - before < 0.2e9, "a call waited so long that the recorder could not be stopped"
