"""The scatter of a sum on readings whose differences can be added up on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.sampling_error import (
    PAD,
    Scatter,
    bounded,
    end_jumps,
    padded,
    scatter_of_line,
    scatter_of_stretches,
    slow,
    slow_of,
    split,
)

Z = 1.959963984540054


def widened(freedom: float) -> float:
    """The square of Student's factor over the normal one."""
    return float(student.ppf(0.975, freedom) / Z) ** 2


def spike(n: int, at: int, size: float = 1.0) -> np.ndarray:
    values = np.zeros(n)
    values[at] = size
    return values


def cosine(n: int, *amplitudes: tuple[int, float]) -> np.ndarray:
    """Whole periods in n readings: an amplitude A leaves A² n / 4 in its own ordinate, nothing in others."""
    k = np.arange(n)
    return sum((a * np.cos(2 * np.pi * periods * k / n) for periods, a in amplitudes), np.zeros(n))


@pytest.mark.parametrize(
    ("white", "jumps", "doubt", "variance"),
    [
        (1.0, 0.0, 0.0, 1.0),
        (0.0, 12.0, 0.0, 1.0),
        (1.0, 12.0, 0.0, 2.0),
        (0.0, 12.0, 1.0, 6.0),
        (0.5, 6.0, 0.2, 1.5),
    ],
)
def test_jumps_count_a_twelfth_and_where_they_are_in_doubt_half(white, jumps, doubt, variance) -> None:
    assert Scatter(white, jumps, doubt=doubt).variance == pytest.approx(variance)


@pytest.mark.parametrize(
    ("white", "jumps", "fourths", "count", "freedom"),
    [
        (2.0, 0.0, 3 * 4 / 10, 100, 9.0),  # 3 w² ⁄ Σ of fourth powers is n, and n − 1 are free
        (2.0, 0.0, 3 * 4 / 10, 6, 5.0),  # no more than there are readings
        (2.0, 0.0, 3 * 4 / 1.5, 100, 1.0),  # no less than one
        (2.0, 0.0, 3 * 4 / 10, 1, 1.0),
        (2.0, 12 * 2.0, 3 * 4 / 10, 100, 9.0 * 4),  # the jumps' half of the variance is known exactly
        (2.0, 0.0, 0.0, 100, math.inf),
        (0.0, 1.0, 1.0, 100, math.inf),
    ],
)
def test_freedom_is_of_what_is_white(white, jumps, fourths, count, freedom) -> None:
    assert Scatter(white, jumps, fourths=fourths, count=count).freedom == pytest.approx(freedom)


@pytest.mark.parametrize(
    ("white", "cubes", "lean"),
    [
        (4.0, 8.0, 1.0),
        (4.0, -8.0, -1.0),
        (1.0, 5.0, 2.0),
        (1.0, -5.0, -2.0),
        (1.0, 1.9, 1.9),
        (0.0, 1.0, 0.0),
    ],
)
def test_skewness_is_cubes_over_the_deviation_cubed_and_at_most_two(white, cubes, lean) -> None:
    assert Scatter(white, cubes=cubes).lean == pytest.approx(lean)


def test_so_many_times_as_many_readings() -> None:
    assert Scatter(1.0, 2.0, 3.0, 4.0, 5, 0.5).scaled(3.0) == Scatter(3.0, 6.0, 9.0, 12.0, 15, 0.5)


def test_stretches_stand_apart_by_four_readings_of_nothing() -> None:
    line, begins = padded(np.array([1.0, 2.0, 3.0, 5.0, 6.0]), np.array([3, 2]))
    assert PAD == 4
    assert line.tolist() == [0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0]
    assert begins.tolist() == [4, 11]


@pytest.mark.parametrize(
    ("first", "fourth", "white", "jumps"),
    [
        (3.0, 3.0, 3.0, 0.0),
        (7.0 / 2, 7.0 * 2 / 7, 0.0, 7.0),  # one jump of √7: s/2 and 2/7 s
        (1 + 7 / 2, 1 + 2.0, 1.0, 7.0),
        (2.0, 3.0, 3.0, 0.0),  # more in the fourth differences than in the first
        (9.0, 1.0, 0.0, 3.5),  # slower than jumps: what the fourth differences hold is all there is
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_white_and_jumps_from_first_and_fourth_differences(first, fourth, white, jumps) -> None:
    assert split(first, fourth) == pytest.approx((white, jumps), abs=1e-12)


@pytest.mark.parametrize(
    ("lengths", "values", "jumps"),
    [
        ([6], np.full(6, 2.0), 4 + 4),
        ([5], np.full(5, 2.0), 4 + 4),
        ([2], np.array([1.0, 3.0]), 4 + 4),  # fewer than six: the mean of what there is
        ([1], np.array([3.0]), 9 + 9),
        ([4], np.array([1.0, 1.0, 4.0, 4.0]), 2**2 + 3**2),
        # A ramp of 1 a reading leads to half a reading before the first and behind the last.
        ([8], 10.0 + np.arange(8), 9.5**2 + 17.5**2),
        ([6, 7], np.concatenate([np.arange(6.0), 3 - np.arange(7.0)]), 0.5**2 + 5.5**2 + 3.5**2 + 3.5**2),
    ],
)
def test_a_stretch_begins_and_ends_with_a_jump_from_nothing(lengths, values, jumps) -> None:
    assert end_jumps(values, np.array(lengths)) == pytest.approx(jumps)


@pytest.mark.parametrize("n", [4, 5, 40])
def test_a_stretch_of_constant_power_is_two_jumps(n: int) -> None:
    found = scatter_of_stretches(np.full(n, 3.0), np.array([n]))
    assert found.jumps == pytest.approx(2 * 9.0) and found.white == pytest.approx(0.0, abs=1e-9)
    assert found.variance == pytest.approx(2 * 9.0 / 12) and found.count == n
    assert found.cubes == 0.0 and found.freedom > 1e6


def test_two_stretches_are_four_jumps() -> None:
    found = scatter_of_stretches(np.array([3.0] * 5 + [2.0] * 6), np.array([5, 6]))
    assert found.jumps == pytest.approx(2 * 9 + 2 * 4) and found.count == 11


@pytest.mark.parametrize("size", [1.0, -2.0])
def test_a_lone_spike_is_white_and_carries_the_skewness(size: float) -> None:
    """Its fourth difference is 1, −4, 6, −4, 1: 70 in all."""
    found = scatter_of_line(spike(15, 7, size))
    assert found.white == pytest.approx(size**2) and found.jumps == pytest.approx(0.0, abs=1e-12)
    assert found.cubes == pytest.approx(size**3)
    assert found.fourths == pytest.approx(size**4 * (1 + 256 + 1296 + 256 + 1) / 70**2)
    assert found.count == 15 and found.doubt == pytest.approx((8 / 15) ** 2)


def test_a_spike_is_as_high_as_the_lower_of_its_sides() -> None:
    values = np.concatenate([np.zeros(6), [3.0], np.full(8, 1.0)])
    assert scatter_of_line(values).cubes == pytest.approx(2.0**3)


@pytest.mark.parametrize(("n", "doubt"), [(4, 1.0), (8, 1.0), (16, 0.25)])
def test_few_readings_need_not_have_seen_all_jumps(n: int, doubt: float) -> None:
    assert scatter_of_line(np.zeros(n)).doubt == pytest.approx(doubt)


def test_a_reading_that_stands_for_twice_the_time_counts_twice() -> None:
    weights = np.ones(15)
    weights[7] = 2.0
    found = scatter_of_line(spike(15, 7), weights)
    first, fourth = (2**2 + 2**2) / 2, (1 + 16 + 12**2 + 16 + 1) / 70
    jumps = (first - fourth) * 14 / 3
    assert found.jumps == pytest.approx(jumps)
    assert found.white == pytest.approx(fourth - 2 / 7 * jumps) or found.white == 0.0
    beside = scatter_of_line(spike(15, 7), np.where(np.arange(15) == 2, 2.0, 1.0))
    assert beside.white == pytest.approx(1.0)


def test_what_changes_slowly_is_known_from_sixteen_readings_on() -> None:
    assert slow(np.arange(15.0)) is None and slow(np.arange(16.0)) is not None


@pytest.mark.parametrize(
    ("n", "first", "last"),
    [(16, 2, 4), (39, 2, 9), (40, 3, 10), (64, 3, 16), (71, 3, 17)],
)
def test_one_band_from_the_second_or_third_ordinate_up_to_a_quarter_of_the_rate(n, first, last) -> None:
    """From 40 readings on the slowest two belong to the stretch as a whole, before that one."""
    count = last - first + 1
    for periods in (first, last):
        found = slow(cosine(n, (periods, 2.0)))
        assert found == pytest.approx(2.0**2 * n / 4 / count * widened(2 * count), rel=2e-4)
    for periods in (first - 1, last + 1):
        assert slow(cosine(n, (periods, 2.0))) == pytest.approx(0.0, abs=1e-9)


def test_the_quietest_of_two_bands_counts() -> None:
    """72 readings: ordinates 3 to 10 and 11 to 18; of eight, times (1 + 2 ⁄ √8)."""
    factor = 72 / 4 / 8 * widened(16) * (1 + 2 / math.sqrt(8))
    assert slow(cosine(72, (3, 2.0), (18, 3.0))) == pytest.approx(4 * factor)
    assert slow(cosine(72, (10, 3.0), (11, 1.0))) == pytest.approx(1 * factor)
    assert slow(cosine(72, (5, 3.0))) == pytest.approx(0.0, abs=1e-9)


def test_bands_of_long_stretches_are_a_thirtysecond_wide() -> None:
    """320 readings: ordinates 3 … 80 in seven whole bands of 10."""
    loud = [(3 + 10 * band, 1.0 + band) for band in range(7)]
    factor = 320 / 4 / 10 * widened(20) * (1 + 2 / math.sqrt(10))
    assert slow(cosine(320, *loud)) == pytest.approx(factor)
    assert slow(cosine(320, *loud[:6])) == pytest.approx(0.0, abs=1e-9)
    assert slow(cosine(320, *loud[:6], (72, 0.5))) == pytest.approx(0.25 * factor)


def test_bands_of_several_stretches_are_taken_together() -> None:
    """Two of 96 readings have 24 ordinates each in six bands: eight in a band."""
    loud = cosine(96, *((1 + 4 * band, 1.0) for band in range(6)))
    factor = 2 * 96 / 4 / 8 * widened(16) * (1 + 2 / math.sqrt(8))
    assert slow_of([loud, loud]) == pytest.approx(factor)
    assert slow_of([loud, cosine(96, (1, 3.0))]) == pytest.approx(factor / 2)
    assert slow_of([loud, cosine(96, *((4 + 4 * band, 1.0) for band in range(6)))]) == pytest.approx(factor)


def test_short_stretches_each_have_their_own_say() -> None:
    """Where no band has eight ordinates the means count, each for its readings."""
    one, two = cosine(16, (2, 2.0)), cosine(40, (3, 1.0))
    expected = (16 * slow(one) + 40 * slow(two)) / 56
    assert slow_of([one, two]) == pytest.approx(expected)
    assert slow_of([one, np.zeros(3)]) == pytest.approx(slow(one))
    assert slow_of([np.zeros(3), np.zeros(2)]) is None


@pytest.mark.parametrize("slowest", [None, 0.2, 0.5])
def test_a_scatter_within_its_slow_changes_stays(slowest: float | None) -> None:
    found = Scatter(1.0, 12.0, 8.0, 4.0, 10)
    assert bounded(found, slowest, 10) is found


def test_a_scatter_beyond_its_slow_changes_shrinks_to_them() -> None:
    """A quarter of the variance is half of each deviation: cubes go with its third power, fourths with its fourth."""
    found = bounded(Scatter(1.0, 12.0, 8.0, 4.0, 10), 0.05, 10)
    assert found.variance == pytest.approx(0.5)
    assert (found.white, found.jumps, found.cubes, found.fourths) == pytest.approx((0.25, 3.0, 1.0, 0.25))
