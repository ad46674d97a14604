"""The running integral against powers whose integral is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral, highest_power
from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError
from powermeter.signals.decoding import from_samples
from powermeter.signals.meter_refresh import fresh_readings
from powermeter.signals.trace import Trace
from powermeter.source import Gap

S = 1_000_000_000


def trace(times_s: list[float], values: list[float], kind: Kind = Kind.INSTANT, **more: object) -> Trace:
    times = np.round(np.array(times_s) * S).astype(np.int64)
    return from_samples(times, np.array(values, float), kind=kind, **more)


def between(integral: Integral, start_s: float, end_s: float) -> float:
    return float(integral.between(np.array([round(start_s * S)]), np.array([round(end_s * S)]))[0])


@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_a_constant_is_power_times_time(kind: Kind) -> None:
    integral = Integral.of(trace([0, 0.3, 1, 1.1, 4], [2.5] * 5, kind))
    assert between(integral, 0.05, 3.95) == pytest.approx(2.5 * 3.9, rel=1e-12)


def test_a_ramp_is_exact_between_any_two_moments() -> None:
    integral = Integral.of(trace([0, 1, 2.5, 3, 6], [0, 1, 2.5, 3, 6]))
    for start, end in [(0, 6), (1.25, 3.75), (0.1, 0.2), (2.5, 3), (2.6, 5.9)]:
        assert between(integral, start, end) == pytest.approx((end**2 - start**2) / 2, rel=1e-12)


def test_a_mean_speaks_for_the_interval_that_ended_at_its_stamp() -> None:
    integral = Integral.of(trace([1, 2, 3], [10, 20, 30], Kind.MEAN))
    assert between(integral, 1, 2) == pytest.approx(20)
    assert between(integral, 1.5, 2.5) == pytest.approx(10 + 15)
    assert integral.start_ns == 0
    assert between(integral, 0, 1) == pytest.approx(10)  # the first sample, its own interval


def test_a_counter_is_a_difference() -> None:
    counter = trace([0, 1, 2, 3], [0, 5, 5, 9], Kind.COUNTER, quantity=Quantity.ENERGY)
    integral = Integral.of(counter)
    assert between(integral, 0, 3) == pytest.approx(9)
    assert between(integral, 0.5, 2.5) == pytest.approx(2.5 + 0 + 2)
    assert integral.unit == "J"


def test_times_beyond_the_samples_hold_the_nearest_rate() -> None:
    integral = Integral.of(trace([1, 2], [4, 6]))
    assert between(integral, 2, 2.5) == pytest.approx(3)
    assert between(integral, 0.5, 1) == pytest.approx(2)


@pytest.mark.parametrize(
    ("kind", "hole", "pace"),
    [
        (Kind.INSTANT, False, 9 / 9),
        (Kind.INSTANT, True, 9 / 9),
        (Kind.MEAN, False, (9 + 1.2) / 10),  # its first value speaks for the usual 1.2 s before it
        (Kind.MEAN, True, (9 + 2 * 1.2) / 11),  # and so does the one after the hole
    ],
)
def test_the_pace_is_the_average_distance_of_readings_without_the_holes(
    kind: Kind, hole: bool, pace: float
) -> None:
    """Distances of 1.2, 1.2 and 0.6 s over and over: 1 s on average, 1.2 s in the median."""
    times = [0, 1.2, 2.4, 3.0, 4.2, 5.4, 6.0, 7.2, 8.4, 9.0] + [19.0] * hole
    found = Integral.of(trace(times, [2.0] * len(times), kind, interval_ns=1_200_000_000))
    assert found.hole.size == hole
    assert found.pace_s == pytest.approx(pace)


def test_a_gap_is_bridged_and_bounded_by_what_lies_beside_it() -> None:
    times = [0, 1, 2, 3, 8, 9, 10]
    power = [2, 4, 2, 4, 2, 4, 2]
    integral = Integral.of(trace(times, power, gaps=[Gap(3 * S, 8 * S, "no answer")], interval_ns=S))
    window = np.array([0]), np.array([10 * S])
    assert integral.gap_seconds(*window)[0] == pytest.approx(5)
    bound = 5 * (4 - 2) / 2 / 3**0.5  # half the range times the length, rectangular
    bridges = Bridges.of(integral)
    assert bridges is not None
    joules, variance, seconds = bridges.inside(*window)
    assert (joules[0], seconds[0]) == pytest.approx((15, 5))
    assert 0 < variance[0] <= bound**2 * (1 + 1e-9)
    half = np.array([4 * S]), np.array([5 * S])
    assert integral.gap_seconds(*half)[0] == pytest.approx(1)
    assert between(integral, 3, 8) == pytest.approx(5 * 3)  # the mean of 4 and 2


def test_a_mean_after_a_gap_speaks_for_its_own_interval_only() -> None:
    gap = Gap(2 * S, 7 * S, "no answer")
    integral = Integral.of(trace([1, 2, 7, 8], [10, 10, 50, 10], Kind.MEAN, gaps=[gap], interval_ns=S))
    assert between(integral, 2, 7) == pytest.approx(4 * 30 + 50)
    assert integral.gap_seconds(np.array([0]), np.array([8 * S]))[0] == pytest.approx(4)


def test_a_counter_keeps_counting_through_a_gap() -> None:
    counter = trace(
        [0, 1, 5, 6], [0, 2, 10, 12], Kind.COUNTER, gaps=[Gap(S, 5 * S, "no answer")], interval_ns=S
    )
    integral = Integral.of(counter)
    assert between(integral, 0, 6) == pytest.approx(12)
    assert integral.gap_seconds(np.array([0]), np.array([6 * S]))[0] == 0


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_samples_are_an_error_and_never_zero(count: int) -> None:
    with pytest.raises(DataError, match="cannot be integrated"):
        Integral.of(trace([0.0] * count, [1.0] * count))


@pytest.mark.thorough
def test_chunks_join_without_a_seam() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.integers(1, 2_000_000, 50_000))
    values = rng.uniform(0, 10, times.size)
    integral = Integral.of(from_samples(times, values))
    steps = np.diff(times) * 1e-9 * (values[1:] + values[:-1]) / 2
    assert np.allclose(integral.running[1:], np.cumsum(steps), rtol=1e-12)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(data=st.data(), kind=st.sampled_from(list(Kind)))
def test_a_split_window_adds_up(data: st.DataObject, kind: Kind) -> None:
    steps = data.draw(st.lists(st.integers(1, 10**9), min_size=2, max_size=30))
    values = data.draw(st.lists(st.floats(0, 100), min_size=len(steps), max_size=len(steps)))
    if kind is Kind.COUNTER:
        values = list(np.cumsum(values) - values[0])
    times = np.cumsum(steps)
    integral = Integral.of(from_samples(times, np.array(values), kind=kind))
    low, high = int(times[0]) - 1000, int(times[-1]) + 1000
    a, b, c = sorted(data.draw(st.lists(st.integers(low, high), min_size=3, max_size=3)))
    parts = integral.between(np.array([a, b, a]), np.array([b, c, c]))
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_a_hole_that_nobody_declared_is_found(kind: Kind) -> None:
    times = [*range(20), *range(27, 40)]
    integral = Integral.of(trace(times, [5.0] * len(times), kind))
    assert integral.gap_seconds(np.array([0]), np.array([39 * S]))[0] == pytest.approx(
        8 if kind is Kind.INSTANT else 7
    )
    assert not integral.declared.any()


def test_readings_by_hand_at_uneven_times_are_no_holes() -> None:
    integral = Integral.of(trace([0, 50, 130, 170, 260, 300, 390, 420, 530, 560], [3.0] * 10))
    assert not integral.hole.size


@pytest.mark.parametrize("spacing", ["even", "uneven", "doubled", "bursts"])
def test_readings_are_counted_alike_whatever_their_spacing(spacing: str) -> None:
    """Even stamps are guessed, and every guess is held against its neighbours: the count is that of a search."""
    rng = np.random.default_rng(2)
    steps = {
        "even": np.full(5000, 1_000_000),
        "uneven": rng.integers(0, 2_000_000, 5000),
        "doubled": np.where(np.arange(5000) % 2, 0, 1_000_000),
        "bursts": np.where(np.arange(5000) % 100, 1000, 10**9),
    }[spacing]
    times = np.cumsum(steps).astype(np.int64)
    wanted = np.sort(rng.integers(-(10**6), int(times[-1]) + 10**6, 40_000))
    wanted[:200] = np.sort(times[rng.integers(0, 5000, 200)])
    wanted = np.concatenate([wanted, times[:3], times[-3:]])
    integral = Integral.of(from_samples(times, np.ones(5000), Quantity.POWER))
    assert (integral.upto(wanted) == np.searchsorted(times, wanted, side="right")).all()


def test_the_peak_of_a_counter_that_stands_is_of_a_whole_refresh() -> None:
    """28 W all the time, counted each 10 s and read each second: 280 J between two rows are no 280 W, nor are they between the first row and a refresh 2 s later."""
    times = [float(k) for k in range(8, 100)]
    rows = trace(times, [28.0 * 10 * (t // 10) for t in times], Kind.COUNTER, quantity=Quantity.ENERGY)
    peak = highest_power(Integral.of(fresh_readings(rows, 10 * S)))
    assert 28 * 10 / 11 - 0.1 < peak <= 28  # each refresh is seen up to a row late
