"""The whole run is the channel's own rule between its first and its last reading, and its interval says how far that may be off."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.run import measure_run
from powermeter.analysis.sampling import scatter_of_line, scatter_of_stretches, split
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def run(watts: list[float], every_s: float, **how: object):
    times = np.rint(np.arange(len(watts)) * every_s * NS).astype(np.int64)
    return measure_run(Integral.of(from_samples(times, np.array(watts, float), **how))).energy


def test_a_step_between_readings_by_eye() -> None:
    energy = run([0, 100, 100, 100], 60)
    assert energy.value == pytest.approx(15_000)
    assert energy.low <= 12_100 and energy.high >= 17_900  # the step lies anywhere within a minute


def test_two_readings_by_eye_say_little() -> None:
    energy = run([10, 2], 1)
    assert energy.value == pytest.approx(6)
    assert energy.low < 2.5 and energy.high > 9.5


def test_one_high_reading_an_hour_is_a_kilowatt_hour_of_chance() -> None:
    energy = run([0, 1000, 0, 0], 3600)
    assert energy.value == pytest.approx(3.6e6)
    assert energy.low == 0 and energy.high > 1e7  # one of a kind: its number is Poisson's


def test_two_readings_of_a_display_of_a_watt_hour() -> None:
    times = np.array([0, 3600 * NS])
    trace = from_samples(times, np.array([0.0, 25_200.0]), Quantity.ENERGY, kind=Kind.COUNTER, step=3600.0)
    energy = measure_run(Integral.of(trace)).energy
    assert energy.value == pytest.approx(25_200)
    assert (energy.high - energy.low) / 2 == pytest.approx(2_900, rel=0.05)  # 1.96 × 3600/√6
    assert next(iter(energy.by_kind())) == "step"


@pytest.mark.parametrize("jumps", [0, 1])
def test_white_readings_and_jumps_are_told_apart(jumps: int) -> None:
    rng = np.random.default_rng(1)
    n = 4000
    values = rng.standard_normal(n) if not jumps else np.repeat(rng.standard_normal(n // 50) * 3, 50)
    found = scatter_of_stretches(values - values.mean(), np.array([n]))
    want = n * 1.0 if not jumps else float(np.sum(np.diff(values) ** 2)) / 12
    assert found.variance == pytest.approx(want, rel=0.1)


def test_the_split_is_exact_for_one_jump_and_for_one_spike() -> None:
    jump = scatter_of_line(np.repeat([0.0, 2.0], 100))
    assert (jump.white, jump.jumps) == pytest.approx((0, 4), abs=1e-9)
    spike = scatter_of_stretches(np.array([3.0]), np.array([1]))
    assert (spike.white, spike.jumps) == pytest.approx((9, 0), abs=1e-9)
    assert spike.lean == pytest.approx(1)  # one spike counts as one
    assert split(1.0, 1.0) == (1.0, 0.0)


def test_a_ripple_that_the_readings_average_out_does_not_widen_the_sum() -> None:
    t = np.arange(8000)
    rng = np.random.default_rng(2)
    watts = 5 + np.where(t % 5.37 < 0.4 * 5.37, 1.0, -2 / 3) + 0.01 * rng.standard_normal(t.size)
    energy = run(watts.tolist(), 0.01)
    # The readings' mean is off by 0.15 J, since they met the period at chosen places; as white noise the ripple would make 1.4 J.
    assert energy.low < 5 * 79.99 < energy.high
    assert (energy.high - energy.low) / 2 < 0.25
