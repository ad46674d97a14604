"""A sine under everything that may be a faster one: found where it is, priced by its own integral."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.steady_wave import Wave, steady_wave
from powermeter.analysis.whole_run import measure_run
from powermeter.signals.decoding import from_samples

NS = 10**9
NONE = np.empty(0, np.int64)


def fan(
    seed: int, hertz: float = 24.9, rate: float = 25.0
) -> tuple[Integral, np.ndarray, np.ndarray, np.ndarray]:
    """Return readings, starts and ends, and true joules of 12 bursts of 6 W on 2 W with a fan of ±0.3 W under everything."""
    rng = np.random.default_rng(seed)
    starts = 2.0 + np.cumsum(rng.uniform(1.6, 3.2, 12))
    ends = starts + rng.uniform(0.7, 1.3, 12)
    phase = rng.uniform(0, 2 * math.pi)
    t = np.arange(rng.uniform(0, 1 / rate), ends[-1] + 3, 1 / rate)
    busy = ((t[:, None] >= starts) & (t[:, None] < ends)).any(axis=1)
    watts = np.where(busy, 6.0, 2.0) + 0.3 * np.sin(2 * math.pi * hertz * t + phase)
    turn = 2 * math.pi * hertz
    true = 6 * (ends - starts) - 0.3 * (np.cos(turn * ends + phase) - np.cos(turn * starts + phase)) / turn
    trace = from_samples(np.rint(t * NS).astype(np.int64), watts)
    return (
        Integral.of(trace),
        np.rint(starts * NS).astype(np.int64),
        np.rint(ends * NS).astype(np.int64),
        true,
    )


def test_the_integral_of_a_wave_is_that_of_its_cosine_and_sine() -> None:
    wave = Wave(0.1, 0.2, -0.3, NS, 0.0)
    t = np.linspace(3.0, 7.0, 100_001)
    watts = 0.2 * np.cos(0.2 * math.pi * (t - 1)) - 0.3 * np.sin(0.2 * math.pi * (t - 1))
    found = wave.over(np.array([3 * NS]), np.array([7 * NS]))[0]
    assert found == pytest.approx(float(np.sum((watts[1:] + watts[:-1]) / 2) * (t[1] - t[0])), rel=1e-6)
    # Half a period and the next half cancel; each by itself is off.
    starts, ends = np.array([0, 5 * NS]), np.array([5 * NS, 10 * NS])
    assert wave.left_over(starts, ends).min() > 0.2
    assert wave.left_in_all(starts, ends) < 1e-6


@pytest.mark.thorough
def test_a_fan_a_little_off_the_meters_rate_is_found_and_its_events_hold_the_truth() -> None:
    held = []
    for seed in range(8):
        integral, starts, ends, true = fan(seed)
        wave = steady_wave(integral, starts, ends)
        assert wave is not None and wave.frequency == pytest.approx(0.1, abs=0.02)
        assert math.hypot(wave.cosine, wave.sine) == pytest.approx(0.3, rel=0.15)
        windows = measure(integral, starts, ends)
        label = windows.combine(np.ones(starts.size), "all")
        held.append(label.low <= true.sum() <= label.high)
        singles = [windows.result(i) for i in range(starts.size)]
        inside = [s is not None and s.low <= x <= s.high for s, x in zip(singles, true, strict=True)]
        assert np.mean(inside) > 0.8
        assert label.half_width < 0.05 * label.value
        run = measure_run(integral, activity=activity_of(windows))
        assert run.ripple == pytest.approx(0.1, abs=0.02)
        # What the wave leaves between the run's ends is in the run's own interval.
        ends_ns = integral.trace.times_ns[:1], integral.trace.times_ns[-1:]
        (noise,) = (part for name, part in run.energy.parts.items() if name.startswith("noise:"))
        assert noise**2 >= wave.left_in_all(*ends_ns)
    assert sum(held) >= 7


def test_what_loads_do_is_no_wave() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(0, 10 * NS, NS // 100)
    levels = np.repeat(rng.uniform(1, 6, 40), 25)
    random = Integral.of(from_samples(t, levels + 0.01 * rng.standard_normal(1000)))
    assert steady_wave(random, NONE, NONE) is None
    # One event in which it is looked at by parts only: four levels beside it.
    assert steady_wave(random, np.array([NS // 2]), np.array([19 * NS // 2])) is None
    ramp = Integral.of(from_samples(t, np.linspace(2, 3, 1000) + 0.01 * rng.standard_normal(1000)))
    assert steady_wave(ramp, NONE, NONE) is None
    still = Integral.of(from_samples(t, np.full(1000, 2.0)))
    assert steady_wave(still, NONE, NONE) is None
    # Readings at random moments of their intervals show no image of anything.
    moments = np.rint((np.arange(1000) + rng.uniform(size=1000)) * NS / 25).astype(np.int64)
    wave = Integral.of(from_samples(moments, 2 + np.sin(2 * math.pi * 0.1 * moments / NS)))
    assert steady_wave(wave, NONE, NONE) is None


def beside_one(hertz: float, noise: float = 0.01, swing: float = 0.6, ramp: float = 0.0):
    """Return readings at 10 Hz of an event of 7 s in 20 s, with what a fan of so many Hz and a drift put on top; and its true joules."""
    rng = np.random.default_rng(7)
    t = np.arange(0.03, 20, 0.1)
    watts = np.where((t >= 5) & (t < 12), 8.0, 2.0) + swing * np.sin(2 * math.pi * hertz * t + 1.0)
    watts += ramp * t / 20 + noise * rng.standard_normal(t.size)
    turn = 2 * math.pi * hertz
    true = 56.0 - swing * (math.cos(turn * 12 + 1) - math.cos(turn * 5 + 1)) / turn + ramp * 7 * 8.5 / 20
    return Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts)), true


@pytest.mark.parametrize("hertz", [49.95, 50.03, 49.975])
def test_an_image_of_less_than_a_period_and_a_half_is_paid_for(hertz: float) -> None:
    """0.03 to 0.05 Hz in 20 s: the readings beside the event bend as the piece of a sine does, and as nothing else was seen to."""
    integral, true = beside_one(hertz)
    edges = np.array([5 * NS]), np.array([12 * NS])
    energy = measure(integral, *edges).result(0)
    assert energy is not None and energy.low < true < energy.high
    assert 0.02 < energy.half_width / energy.value < 0.3


def test_a_drift_costs_what_it_changes_by_and_noise_costs_nothing() -> None:
    edges = np.array([5 * NS]), np.array([12 * NS])
    drifting = measure(beside_one(50.0, swing=0.0, ramp=0.1)[0], *edges).result(0)
    quiet = measure(beside_one(50.0, swing=0.0)[0], *edges).result(0)
    assert drifting is not None and quiet is not None
    assert drifting.half_width < 0.1 * 7  # no more than if all of it were an image
    assert quiet.half_width < 0.01 * 7


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("step", [-11.0, 11.0])
def test_one_change_of_level_and_back_is_no_wave(seed: int, step: float) -> None:
    """A third of the run at another level, 1 Hz, loads of 4 to 9 s beside it."""
    rng = np.random.default_rng(seed)
    t = np.arange(300.0) + rng.uniform(0, 1)
    starts = np.concatenate([np.arange(6, 90, 18.0), np.arange(206, 290, 18.0)]) + rng.uniform(0, 4, 10)
    ends = starts + rng.uniform(4, 9, 10)
    watts = 15 + step * ((t >= 100) & (t < 200)) + 0.005 * rng.standard_normal(t.size)
    watts += 5 * ((t[:, None] >= starts) & (t[:, None] < ends)).any(axis=1)
    trace = from_samples(np.rint(t * NS).astype(np.int64), watts)
    edges = (np.rint(e * NS).astype(np.int64) for e in (starts, ends))
    assert steady_wave(Integral.of(trace), *edges) is None


@pytest.mark.parametrize("periods", [1.7, 2.4])
def test_few_periods_of_a_sine_are_a_wave(periods: float) -> None:
    rng = np.random.default_rng(1)
    t = np.arange(300.0)
    watts = 15 + 2 * np.sin(2 * math.pi * periods * t / 300) + 0.3 * rng.standard_normal(t.size)
    wave = steady_wave(Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts)), NONE, NONE)
    assert wave is not None and wave.frequency == pytest.approx(periods / 300, rel=0.2)


@pytest.mark.parametrize("periods", [1.7, 2.5])
@pytest.mark.parametrize("phase", [0.1, 0.35, 0.6, 0.85])
def test_few_periods_of_a_square_are_a_wave(periods: float, phase: float) -> None:
    """A load switched at 1 Hz and a little more, read each second: what its image leaves of a sine is no noise."""
    t = np.arange(300.0)
    on = (t * (1 + periods / 300) + phase) % 1 < 0.5
    watts = np.where(on, 9.0, 3.0) + 0.005 * np.random.default_rng(1).standard_normal(t.size)
    wave = steady_wave(Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts)), NONE, NONE)
    assert wave is not None
