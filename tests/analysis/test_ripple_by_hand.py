"""Lines of known frequency and amplitude, and the least of each thing that shows one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.ripple import Ripple, peak_between, ripple_in_events, ripple_in_run

TAU_NS = 100_000_000
HZ = 10.0


def events(
    count: int,
    each: int,
    periods: float,
    amplitude: float = 0.5,
    pause: int = 5,
    noise: float = 0.01,
    seed: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Readings of a sine of so many periods a reading, inside events that begin anywhere in it."""
    rng = np.random.default_rng(seed)
    first = 3 + (each + pause) * np.arange(count)
    n = int(first[-1]) + each + 3
    k = np.arange(n)
    values = 5.0 + amplitude * np.sin(2 * np.pi * periods * k) + noise * rng.standard_normal(n)
    return k.astype(np.int64) * TAU_NS, values, first, np.full(count, each)


def found(*args, **kwargs) -> Ripple | None:
    t, values, first, count = events(*args, **kwargs)
    return ripple_in_events(t, values, TAU_NS, first, count, 5.0)


@pytest.mark.parametrize("periods", [0.031, 0.123, 0.271, 0.437])
@pytest.mark.parametrize("amplitude", [0.5, 2.0])
def test_a_line_in_events_is_found_with_its_frequency_and_amplitude(periods: float, amplitude: float) -> None:
    line = found(12, 40, periods, amplitude)
    assert line is not None
    assert line.frequency == pytest.approx(periods * HZ, abs=HZ / 540)
    assert line.amplitude == pytest.approx(amplitude, rel=0.15)


@pytest.mark.parametrize(
    ("count", "each", "seen"),
    [
        (3, 40, True),
        (2, 60, False),  # three events
        (16, 4, True),
        (22, 3, False),  # four readings in an event
        (13, 5, True),  # 65 readings
        (12, 5, False),  # 60 of 64
    ],
)
def test_the_least_that_shows_a_line(count: int, each: int, seen: bool) -> None:
    assert (found(count, each, 0.271, noise=0.0) is not None) is seen


def test_exactly_sixty_four_readings_do() -> None:
    assert found(8, 8, 0.271, noise=0.0) is not None
    t, values, first, count = events(8, 8, 0.271, noise=0.0)
    count[-1] = 7
    assert ripple_in_events(t, values, TAU_NS, first, count, 5.0) is None


def test_no_interval_no_readings_and_no_change_have_no_line() -> None:
    t, values, first, count = events(12, 40, 0.123)
    assert ripple_in_events(t, values, 0, first, count, 5.0) is None
    assert ripple_in_events(t, values, TAU_NS, first, np.zeros_like(count), 5.0) is None
    assert ripple_in_events(t, np.full(t.size, 5.0), TAU_NS, first, count, 5.0) is None


def test_noise_has_no_line() -> None:
    assert found(12, 40, 0.123, amplitude=0.0, noise=0.5) is None
    assert found(12, 40, 0.123, amplitude=0.1, noise=0.5) is None  # a fiftieth of the variance


def test_what_is_slower_than_a_fiftieth_of_the_rate_is_the_loads_own() -> None:
    assert found(12, 60, 0.018) is None and found(12, 60, 0.0235) is not None


def test_what_every_event_does_alike_is_the_programs_own() -> None:
    """A course of 20 readings with a wave in it, the same in each event; and levels that differ from event to event."""
    rng = np.random.default_rng(2)
    t, _, first, count = events(12, 40, 0.0)
    values = 5.0 + 0.01 * rng.standard_normal(t.size)
    for k, at in enumerate(first.tolist()):
        values[at : at + 40] += np.sin(2 * np.pi * np.arange(40) / 5) + 0.3 * (k % 3)
    assert ripple_in_events(t, values, TAU_NS, first, count, 5.0) is None


@pytest.mark.parametrize(
    ("amplitude", "hertz", "seconds", "joules"),
    [
        (2.0, 1.0, 100.0, 2 / (2 * math.pi)),  # two ends, each anywhere in a period
        (2.0, 4.0, 100.0, 2 / (8 * math.pi)),
        (2.0, 1.0, 0.01, 2 * 0.01 / math.sqrt(2)),  # no more than the stretch holds, root mean square
    ],
)
def test_what_a_line_costs(amplitude: float, hertz: float, seconds: float, joules: float) -> None:
    assert Ripple(hertz, amplitude).left_over(np.array([seconds]))[0] == pytest.approx(joules)


@pytest.mark.parametrize("top", [4.0, 4.2, 4.45, 3.7])
def test_the_top_of_a_bell_between_three_ordinates(top: float) -> None:
    """The logarithm of a Gaussian is a parabola."""
    power = np.exp(-0.7 * (np.arange(9) - top) ** 2)
    assert peak_between(power, 4) == pytest.approx(top)


@pytest.mark.parametrize("peak", [0, 4])
def test_at_the_ends_there_is_no_parabola(peak: int) -> None:
    assert peak_between(np.array([9.0, 1.0, 1.0, 1.0, 9.0]), peak) == peak


def test_a_valley_has_no_top() -> None:
    assert peak_between(np.array([9.0, 9.0, 1.0, 9.0, 9.0]), 2) == 2


def sine(n: int, periods: float, amplitude: float = 0.5, noise: float = 0.05, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 5.0 + amplitude * np.sin(2 * np.pi * periods * np.arange(n)) + noise * rng.standard_normal(n)


@pytest.mark.parametrize("periods", [0.031, 0.123, 0.271, 0.437])
def test_a_line_in_a_run_is_found_with_its_frequency_and_amplitude(periods: float) -> None:
    line = ripple_in_run(sine(1000, periods), TAU_NS)
    assert line is not None
    assert line.frequency == pytest.approx(periods * HZ, abs=HZ / 2000)
    assert line.amplitude == pytest.approx(0.5, rel=0.1)


def test_of_two_lines_the_slower_costs_more() -> None:
    """A/ν: half the amplitude at a fifth of the frequency."""
    values = sine(1000, 0.2) + sine(1000, 0.04, 0.25) - 5
    line = ripple_in_run(values, TAU_NS)
    assert line is not None and line.frequency == pytest.approx(0.04 * HZ, abs=0.01)


@pytest.mark.parametrize(("n", "seen"), [(207, False), (208, True)])
def test_a_run_has_ordinates_enough_beside_its_line(n: int, seen: bool) -> None:
    """Eight periods at least, and four times 24 ordinates from there to half the rate: 2 × (8 + 96)."""
    assert (ripple_in_run(sine(n, 0.2639), TAU_NS) is not None) is seen


def test_fewer_than_eight_periods_are_what_a_load_does_once_in_a_while() -> None:
    assert (
        ripple_in_run(sine(1000, 0.004), TAU_NS) is None
        and ripple_in_run(sine(1000, 0.009), TAU_NS) is not None
    )


def test_noise_in_a_run_has_no_line_and_no_time_has_none() -> None:
    assert ripple_in_run(sine(1000, 0.1, 0.0, 0.5), TAU_NS) is None
    assert ripple_in_run(sine(1000, 0.1), 0) is None


def test_what_harmonics_leave_is_paid_where_the_line_is_a_quarter_of_all_change() -> None:
    """At a quarter of the rate four places of the period are read: span √(1/6) ⁄ 4; 5th to 95th percentile of ± A."""
    line = ripple_in_run(sine(1000, 0.25, noise=0.001), TAU_NS)
    assert line is not None and line.unseen == pytest.approx(2 * 0.5 * math.sqrt(1 / 6) / 4, rel=0.02)


def test_a_weak_line_in_step_is_paid_for_by_what_readings_swing_by_from_one_to_the_next() -> None:
    """0, A, 0, −A … differ by A each time, noise by a mean square of 2σ²; two levels in turns would swing by √(2 (2σ² + A²))."""
    faint = ripple_in_run(sine(4000, 0.25, amplitude=0.2, noise=0.3), TAU_NS)
    swing = math.sqrt(2 * (2 * 0.3**2 + 0.2**2))
    assert faint is not None and faint.unseen == pytest.approx(swing * math.sqrt(1 / 6) / 4, rel=0.04)
    beside = ripple_in_run(sine(4000, 0.2639, amplitude=0.2, noise=0.3), TAU_NS)
    assert beside is not None and beside.unseen == 0.0
