"""Oscillations in readings that may be faster ones folded down."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.ripple import Ripple, peak_between, ripple_in_events, ripple_in_run

TAU = 100_000_000


def pwm(times_s: np.ndarray, hertz: float, phase: float = 0.3) -> np.ndarray:
    return np.where(np.mod(times_s * hertz + phase, 1.0) < 0.3, 9.0, 0.0)


def in_events(hertz: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Readings at 10 Hz of 1 W, and of PWM besides inside ten events of 2 to 4 s."""
    times = np.arange(600) * 0.1 + rng.uniform(0, 0.1)
    first = np.arange(10) * 58 + rng.integers(5, 15, 10)
    count = rng.integers(20, 40, 10)
    values = 1 + 0.02 * rng.standard_normal(600)
    for a, m in zip(first, count, strict=True):
        values[a : a + m] += pwm(times[a : a + m], hertz)
    return np.rint(times * 1e9).astype(np.int64), values, first, count


@pytest.mark.parametrize(("hertz", "seen"), [(10.3, 0.3), (10.8, 0.8), (13.7, 3.7)])
def test_pwm_off_the_step_is_found_inside_events(hertz: float, seen: float) -> None:
    times, values, first, count = in_events(hertz, np.random.default_rng(1))
    inside = np.concatenate([values[a : a + m] for a, m in zip(first, count, strict=True)])
    found = ripple_in_events(times, values, TAU, first, count, float(inside.mean()))
    assert found is not None and found.frequency == pytest.approx(seen, abs=0.03)
    # The first harmonic of a duty of 30 %: 2 sin(0.3 π)/π of the height, less what the events' common course took of it.
    assert found.amplitude == pytest.approx(9 * 2 * np.sin(0.3 * np.pi) / np.pi, rel=0.4)


def test_loads_that_are_no_lines_are_none() -> None:
    rng = np.random.default_rng(2)
    times, _, first, count = in_events(10.3, rng)
    for course in ("levels", "random", "phases"):
        values = 1 + 0.02 * rng.standard_normal(600)
        for a, m in zip(first, count, strict=True):
            if course == "levels":
                values[a : a + m] += rng.uniform(2, 8)
            elif course == "random":
                values[a : a + m] += np.where(rng.uniform(size=m) < 0.5, 3, 9)
            else:
                values[a : a + m] += np.where(np.arange(m) % 7 < 3, 3, 9)  # what every event does alike
        assert ripple_in_events(times, values, TAU, first, count, 5.0) is None, course


def test_a_line_in_a_run_is_told_from_noise_and_from_what_happens_now_and_then() -> None:
    rng = np.random.default_rng(3)
    times = np.arange(4000) * 0.003
    found = ripple_in_run(0.01 * rng.standard_normal(4000) + pwm(times, 1000 / 3 + 2.1), 3_000_000)
    assert found is not None and found.frequency == pytest.approx(2.1, abs=0.1)
    assert ripple_in_run(rng.standard_normal(4000), 3_000_000) is None
    bursts = np.zeros(4000)
    for a in rng.integers(0, 3900, 12):
        bursts[a : a + rng.integers(20, 100)] = 5
    assert ripple_in_run(bursts + 0.01 * rng.standard_normal(4000), 3_000_000) is None


def test_readings_that_meet_few_places_may_have_missed_some() -> None:
    # 2.5 periods of the load between two readings: they meet two places of it for ever.
    times = np.arange(1000) * 0.1
    few = ripple_in_run(pwm(times, 24.0), TAU)
    many = ripple_in_run(pwm(times, 23.717), TAU)
    assert few is not None and many is not None
    assert few.unseen > 0.5 and many.unseen == 0


def test_the_top_of_a_line_between_ordinates_is_that_of_a_parabola_through_their_logarithms():
    """exp(−(k − 7.3)²/2) has its top at 7.3: its logarithm is a parabola."""
    power = np.exp(-((np.arange(20) - 7.3) ** 2) / 2)
    assert peak_between(power, 7) == pytest.approx(7.3, abs=1e-9)
    assert peak_between(power, 0) == 0.0 and peak_between(power, 19) == 19.0


def test_what_a_swing_leaves_is_a_period_anywhere_at_both_ends() -> None:
    """A sine of 2 W at 0.5 Hz: A/(2πν) in long stretches; in a short one never more than A t/√2."""
    found = Ripple(0.5, 2.0).left_over(np.array([1e-3, 0.1, 10.0]))
    assert found == pytest.approx([2e-3 / np.sqrt(2), 0.2 / np.sqrt(2), 2 / np.pi], rel=1e-9)


@pytest.mark.parametrize("readings", [299, 300, 599])
def test_every_other_reading_meets_two_places_of_a_loop(readings):
    # Two jumps of 5 W, each anywhere within half of the period: 5 √(2/12)/2 in the mean.
    line = ripple_in_run(np.where(np.arange(readings) % 2, 6.0, 1.0), 100_000_000)
    assert line is not None and line.frequency == pytest.approx(5.0)
    assert line.unseen == pytest.approx(5 * np.sqrt(2 / 12) / 2)
