"""A meter that refreshes slower than it is read does not say when it measured: its energies carry that."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Channel, Quantity, Rail
from powermeter.signals.decoding import read_channel

NS = 10**9


def energy_of_a_step(refresh_ns: int | None) -> tuple[float, float, float]:
    """1 W, from 10 s on 3 W, stamped 0.3 s late by a meter that refreshes twice a second; 5 s to 15 s."""
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("input"), refresh_ns=refresh_ns)
    times = np.arange(0, 20 * NS, NS // 2, dtype=np.int64)
    codes = np.where(times - 3 * NS // 10 < 10 * NS, 1000, 3000).astype(np.int64)
    trace = read_channel(channel, times, codes, origin="meter")
    assert trace is not None
    window = np.array([5 * NS], np.int64), np.array([15 * NS], np.int64)
    result = measure(Integral.of(trace), *window).result(0)
    return result.value, result.low, result.high


def test_the_refresh_becomes_an_uncertainty_of_the_stamps() -> None:
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("input"), refresh_ns=500_000_000)
    times = np.arange(0, 10 * NS, NS // 2, dtype=np.int64)
    trace = read_channel(channel, times, np.arange(20, dtype=np.int64), origin="meter")
    assert trace is not None and trace.clock_ns == pytest.approx(0.5e9 / math.sqrt(12))


def test_a_late_step_stays_inside_the_interval() -> None:
    _, low, high = energy_of_a_step(500_000_000)
    assert low <= 20.0 <= high  # 5 s at 1 W, 5 s at 3 W
    _, narrow_low, narrow_high = energy_of_a_step(None)
    assert high - low > narrow_high - narrow_low


def test_a_run_that_ends_at_another_power_than_it_began_is_off_by_the_refresh() -> None:
    """1 W, then 3 W: what is read up to half a refresh late lacks up to a quarter of a second of 2 W."""
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("input"), refresh_ns=NS // 2)
    times = np.arange(0, 60 * NS, NS // 2, dtype=np.int64)
    for last, off in ((3000, 2 * 0.5 / math.sqrt(12)), (1000, 0.0)):
        codes = np.where((times > 20 * NS) & (times < 40 * NS), 3000, 1000)
        codes[times >= 40 * NS] = last
        trace = read_channel(channel, times, codes.astype(np.int64), origin="meter")
        assert trace is not None
        parts = measure_run(Integral.of(trace)).energy.parts
        found = [part for name, part in parts.items() if name.startswith("refresh:")]
        assert sum(found) == pytest.approx(off, rel=1e-6)
