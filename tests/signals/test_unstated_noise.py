"""Means of which nobody stated the noise: their run's interval holds what the quietest readings leave room for."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.signals.decoding import read_channel
from powermeter.signals.unstated_noise import unstated_noise

NS = 10**9


def test_noise_alone_is_found_and_levels_without_any_have_none() -> None:
    rng = np.random.default_rng(1)
    assert unstated_noise(5 + 0.01 * rng.standard_normal(20_000)) == pytest.approx(0.01, rel=0.1)
    assert unstated_noise(np.repeat(rng.uniform(1, 9, 50), 20)) == 0.0
    assert unstated_noise(np.array([1.0, 2.0])) == 0.0


def test_a_load_that_is_quiet_for_a_third_of_the_time_makes_it_a_few_times_as_large() -> None:
    rng = np.random.default_rng(2)
    bursts = np.where(np.repeat(rng.uniform(size=2000) < 2 / 3, 5), rng.uniform(1, 9, 10_000), 1.0)
    found = unstated_noise(bursts + 0.002 * rng.standard_normal(bursts.size))
    assert 0.002 < found < 4 * 0.002  # 29 % of the steps lie between two quiet readings


def test_a_load_that_is_never_quiet_costs_half_a_percent_of_a_reading() -> None:
    values = np.random.default_rng(3).uniform(1, 9, 10_000)
    assert unstated_noise(values) == pytest.approx(0.005 * values.mean())


@pytest.mark.parametrize("window_s", [0.1, 1.0])
def test_the_run_of_noisy_means_of_which_nobody_stated_the_noise_holds(window_s: float) -> None:
    rate, held = 10, 0
    window = round(rate * window_s)
    channel = Channel("in.power", Quantity.POWER, 1e-5, Rail("IN"), Kind.MEAN, window_ns=round(window_s * NS))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        each = 1.2 + np.where(rng.uniform(size=600) < 0.6, rng.uniform(0, 3, 600), 0.0)  # W in each tenth
        seen = np.convolve(each, np.full(window, 1 / window), "valid") + 0.005 * rng.standard_normal(
            601 - window
        )
        times = np.rint((window + np.arange(seen.size)) * NS / rate).astype(np.int64)
        trace = read_channel(channel, times, np.rint(seen / 1e-5).astype(np.int64), None, origin="m")
        assert trace is not None
        found = measure_run(Integral.of(trace)).energy
        held += found.low <= each.sum() / rate <= found.high
        assert found.high - found.low < 0.01 * found.value
    assert held >= 17


def test_of_few_rows_a_run_takes_what_half_of_them_differ_by() -> None:
    """15 steps, of which the eight smallest are noise of 0.02 W: the median of |N| is 0.674 σ."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(200):
        rows = 1.0 + 0.02 * rng.standard_normal(16)
        rows[6:9] += 5.0, 9.0, 4.0
        assert unstated_noise(rows) == 0.0 == unstated_noise(rows[:4], of_few=True)
        found.append(unstated_noise(rows, of_few=True))
    assert 0.02 < np.median(found) < 0.04 and max(found) <= 0.005 * 10.2
    assert unstated_noise(np.full(16, 3.0), of_few=True) == 0.0
