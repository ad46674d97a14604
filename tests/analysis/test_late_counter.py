"""A counter that is asked more often than it counts: its run's ends are older than their stamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.late_counter import late_ends
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.signals.decoding import read_channel
from powermeter.signals.trace import Trace

NS = 10**9
CHANNEL = Channel("energy", Quantity.ENERGY, 1e-3, Rail("input"), kind=Kind.COUNTER, refresh_ns=2 * NS)


def counted(seed: int) -> tuple[Trace, float]:
    """Return a counter that counts each 2 s, asked five times a second for a minute, and what was used between its ends, J."""
    rng = np.random.default_rng(seed)
    step = 0.01
    watts = np.full(6600, 1.0)
    at = 0.0
    while at < 66:
        on = at + rng.exponential(4.0)
        at = on + rng.exponential(2.0)
        watts[round(on / step) : round(at / step)] = 21.0
    sums = np.concatenate([[0.0], np.cumsum(watts) * step])
    edges = np.arange(sums.size) * step
    rows = np.arange(2.0 + 0.2 * rng.random(), 65, 0.2)
    phase = 2 * rng.random()
    seen = np.interp(np.floor((rows - phase) / 2) * 2 + phase, edges, sums)
    trace = read_channel(
        CHANNEL, np.rint(rows * NS).astype(np.int64), np.floor(seen * 1e3).astype(np.int64), origin="meter"
    )
    assert trace is not None and trace.repeats > 0
    ends = trace.times_ns[[0, -1]] / NS
    return trace, float(np.diff(np.interp(ends, edges, sums))[0])


def test_a_run_holds_what_its_counter_had_not_counted_yet() -> None:
    held = without = 0
    for seed in range(20):
        trace, truth = counted(seed)
        energy = measure_run(Integral.of(trace)).energy
        held += energy.low <= truth <= energy.high
        plain = measure_run(Integral.of(replace(trace, refresh_ns=0.0))).energy
        without += plain.low <= truth <= plain.high
    assert held >= 17 and without <= 8


def test_the_ages_of_both_ends_cancel_under_steady_power() -> None:
    """Asked at 0.5, 1.5, 2.5 … s of a counter that counts 20 J at 2, 4 … 14 s: the first is 0.5 s old and the last 1.5 s."""
    t = np.array([0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5, 15.5])
    total = 20.0 * np.array([0, 1, 2, 3, 4, 5, 6, 7, 7])
    trace = replace(
        counted(0)[0],
        times_ns=np.rint(t * NS).astype(np.int64),
        values=total,
        refresh_ns=0.58 * NS,
        repeats=7,
    )
    # The first new reading lies a whole refresh behind the first one: that is fresh.
    assert late_ends(trace, int(t[0] * NS), int(t[-1] * NS)) == pytest.approx(10.0 * 1.0)
    assert late_ends(trace, int(t[0] * NS), int(t[-2] * NS)) == pytest.approx(0.0, abs=1e-6)
    assert late_ends(replace(trace, repeats=0), int(t[0] * NS), int(t[-1] * NS)) == 0
