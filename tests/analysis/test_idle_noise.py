"""Means whose noise nobody stated: rows between events show it, and the run's interval carries it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.idle_noise import with_idle_noise
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 10**9


def means(seed: int, noise: float, count: int = 20, each: int = 4) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return rows of 0.1 s, 1 W idle, with events of that many rows at 2 to 9 W, as many idle rows beside each; their edges."""
    rng = np.random.default_rng(seed)
    true = np.ones(2 * count * each + each)
    first = each + 2 * each * np.arange(count)
    for a in first:
        true[a : a + each] = rng.uniform(2, 9, each)
    times = np.arange(1, true.size + 1) * NS // 10
    trace = from_samples(times, true + noise * rng.standard_normal(true.size))
    trace = replace(trace, kind=Kind.MEAN, noise=0.0)
    return trace, first * NS // 10, (first + each) * NS // 10


@pytest.mark.thorough
def test_runs_of_noisy_means_hold_where_rows_between_events_show_the_noise() -> None:
    held = 0
    for seed in range(40):
        trace, starts, ends = means(seed, 0.5)
        clean = means(seed, 0.0)[0]
        true = float(Integral.of(clean).between(*(np.array([k], np.int64) for k in (0, trace.end_ns)))[0])
        found = measure_run(Integral.of(with_idle_noise(trace, starts, ends)), 0, trace.end_ns).energy
        held += found.low <= true <= found.high
    assert held >= 34  # half a percent of the mean held 2


@pytest.mark.parametrize("each", [3, 4, 12])
def test_noise_is_found_whatever_the_room_between_events(each: int) -> None:
    found = [with_idle_noise(*means(seed, 0.5, each=each)).noise for seed in range(20)]
    assert 0.4 < np.median(found) < 0.7


def test_bursts_between_events_and_a_drift_are_no_noise() -> None:
    trace, starts, ends = means(3, 0.0, each=12)
    drift = np.linspace(0, 5, trace.values.size)
    assert with_idle_noise(replace(trace, values=trace.values + drift), starts, ends).noise < 1e-9
    bursts = trace.values + 4.0 * (np.arange(trace.values.size) % 8 == 0)
    assert with_idle_noise(replace(trace, values=bursts), starts, ends).noise == 0.0


def test_a_trace_stays_where_it_is_not_of_means_or_too_few_rows_are_idle() -> None:
    trace, starts, ends = means(4, 0.5)
    none = np.array([], np.int64)
    assert with_idle_noise(trace, none, none) is trace
    instants = replace(trace, kind=Kind.INSTANT)
    assert with_idle_noise(instants, starts, ends) is instants
    assert with_idle_noise(trace, starts[:1] * 0, ends[-1:]).noise == 0.0


@pytest.mark.thorough
def test_events_hold_where_idle_rows_show_less_noise_than_the_smallest_steps() -> None:
    """Five events of 2 to 6 rows: the run's rule leaves room for twice the noise, and events paid for none of it."""
    held = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        lengths, pauses = rng.integers(2, 7, 5), rng.integers(2, 7, 6)
        ends = np.cumsum(lengths + pauses[:5])
        true = np.ones(int(ends[-1] + pauses[5]))
        for a, b in zip(ends - lengths, ends, strict=True):
            true[a:b] = 6 * (1 + 0.05 * rng.standard_normal())
        times = np.arange(1, true.size + 1) * NS // 2
        trace = replace(
            from_samples(times, true + 0.005 * rng.standard_normal(true.size)), kind=Kind.MEAN, noise=0.0
        )
        marks = (np.int64(ends - lengths) * NS // 2, np.int64(ends) * NS // 2)
        windows = measure(Integral.of(with_idle_noise(trace, *marks)), *marks)
        joules = np.array([true[a:b].sum() / 2 for a, b in zip(ends - lengths, ends, strict=True)])
        held += (np.abs(windows.value - joules) <= windows.half_width()).tolist()
    assert np.mean(held) >= 0.92
