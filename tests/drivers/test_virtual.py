"""The simulated meter gives the load it was asked for, and its faults when it was asked for them."""

from __future__ import annotations

import pytest

from powermeter import registry
from powermeter.channel import Boundary, Quantity
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.source import REPEAT, Row

NS = 10**9


@pytest.fixture
def clock(monkeypatch):
    """A clock the test moves, in the driver's own module."""

    class Now:
        at = 1000 * NS

        def __call__(self) -> int:
            return self.at

    now = Now()
    source = registry.driver_class("virtual")
    monkeypatch.setattr(f"{source.__module__}.now_ns", now)
    return now


def opened(query: str = ""):
    source = registry.source(f"virtual://?noise=0&{query}")
    source.open()
    return source


def watts(source) -> float:
    volts, amps = source.sample().codes
    return volts * source.channels[0].scale * amps * source.channels[1].scale


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("constant", [5, 5, 5, 5]),
        ("ramp", [1, 2, 3, 4]),
        ("square", [5, 5, 1, 1]),
        ("sine", [3, 5, 3, 1]),
    ],
)
def test_shapes_of_load(clock, shape, expected):
    source = opened(f"shape={shape}&low=1W&high=5W&period=4s")
    found = []
    for _ in expected:
        found.append(watts(source))
        clock.at += NS
    assert found == pytest.approx(expected, abs=1e-4)


def test_channels_are_a_rail_of_the_board_at_its_voltage(clock):
    source = opened("volts=12V&high=6W&shape=constant")
    voltage, current = source.channels
    assert (voltage.quantity, current.quantity) == (Quantity.VOLTAGE, Quantity.CURRENT)
    assert (
        voltage.rail is current.rail
        and voltage.rail.nominal_v == 12
        and voltage.rail.boundary is Boundary.BOARD
    )
    assert source.sample().codes == (12_000, 50_000)  # mV, and 10 µA
    assert all(channel.accuracy.source for channel in source.channels)
    assert source.info()["simulated"] is True


def test_a_hidden_gain_error_is_in_the_current_only(clock):
    assert opened("gain=2%&shape=constant&high=5W").sample().codes == (5000, 102_000)


def test_noise_is_as_asked_for_and_repeats_with_its_seed(clock):
    def draw(seed: int) -> list[int]:
        source = registry.source(f"virtual://?shape=constant&high=5W&noise=1%&seed={seed}")
        source.open()
        return [source.sample().codes[1] for _ in range(2000)]

    codes = draw(1)
    mean = sum(codes) / len(codes)
    spread = (sum((code - mean) ** 2 for code in codes) / len(codes)) ** 0.5
    assert mean == pytest.approx(100_000, rel=2e-3) and spread == pytest.approx(1000, rel=0.1)
    assert draw(1) == codes != draw(2)


def test_a_slow_refresh_repeats_and_says_so(clock):
    source = opened("shape=ramp&period=10s&refresh=100ms")
    first, flags, _ = source.sample()
    assert flags == 0
    clock.at += NS // 20
    assert source.sample() == Row(first, REPEAT)
    clock.at += NS // 20
    assert source.sample() != Row(first, 0)
    assert source.sample().flags == REPEAT


@pytest.mark.parametrize(
    ("fault", "reason", "lasts_s"),
    [
        ("no-answer", Reason.NO_ANSWER, 0.5),
        ("disconnect", Reason.ABSENT, 1.0),
        ("bad-data", Reason.BAD_DATA, 0.0),
    ],
)
def test_a_fault_comes_at_its_time_lasts_and_passes(clock, fault, reason, lasts_s):
    source = opened(f"fault={fault}@2s")
    clock.at += 2 * NS - 1
    source.sample()
    clock.at += 1
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is reason and "as asked for" in str(caught.value)
    if lasts_s:
        clock.at += round(lasts_s * NS) - 1
        with pytest.raises(ReadError, match="as asked for"):
            source.sample()
        clock.at += 1
    assert len(source.sample().codes) == 2


def test_while_it_is_unplugged_it_cannot_be_opened(clock):
    source = opened("fault=disconnect@1s")
    clock.at += NS
    with pytest.raises(ReadError):
        source.sample()
    with pytest.raises(OpenError, match="absent"):
        source.open()
    clock.at += NS
    source.open()


def test_a_stuck_meter_repeats_for_ever(clock):
    source = opened("shape=ramp&fault=stuck@1s")
    first = source.sample().codes
    clock.at += NS
    assert source.sample() == Row(first, REPEAT)
    clock.at += 5 * NS
    assert source.sample().codes == first


def test_absent_from_the_start(clock):
    with pytest.raises(OpenError) as caught:
        opened("fault=absent")
    assert caught.value.reason is Reason.ABSENT


@pytest.mark.parametrize(
    "query", ["shape=cube", "fault=fire", "fault=stall@soon", "high=5V", "period=0", "volts=0V", "seed=x"]
)
def test_nonsense_is_refused(query):
    with pytest.raises(ConfigurationError) as caught:
        registry.source(f"virtual://?{query}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [
        "high=1e300W",
        "low=-1e300W",
        "volts=1e300V",
        "volts=1e-320V",
        "noise=1e300",
        "gain=1e300",
        "rate=1e308Hz",
    ],
)
def test_what_no_code_can_hold_is_refused_in_one_line(option):
    with pytest.raises(ConfigurationError, match="virtual://") as refused:
        registry.source(f"virtual://?{option}")
    assert "\n" not in str(refused.value)
