"""The whole run is the channel's own rule between its first and its last reading, and its interval covers how far that may be off."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.run import measure_run
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


def test_a_ripple_that_the_readings_average_out_does_not_widen_the_sum() -> None:
    t = np.arange(8000)
    rng = np.random.default_rng(2)
    watts = 5 + np.where(t % 5.37 < 0.4 * 5.37, 1.0, -2 / 3) + 0.01 * rng.standard_normal(t.size)
    energy = run(watts.tolist(), 0.01)
    # The readings' mean is off by 0.15 J, since they met the period at chosen places; as white noise the ripple would make 1.4 J.
    assert energy.low < 5 * 79.99 < energy.high
    assert (energy.high - energy.low) / 2 < 0.25
