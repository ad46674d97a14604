"""Which steps are holes, what lies in them, and what is read beyond the ends."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.channel import Gap, Kind, Quantity
from powermeter.errors import DataError
from powermeter.signals.decoding import from_samples

NS = 10**9


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def integral(
    times: list[float], values: list[float] | float = 2.0, kind: Kind = Kind.INSTANT, gaps: tuple = ()
) -> Integral:
    seconds = np.asarray(times, float)
    levels = np.full(seconds.size, values) if isinstance(values, float) else np.asarray(values, float)
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    found = tuple(Gap(round(a * NS), round(b * NS), reason) for a, b, reason in gaps)
    return Integral.of(from_samples(ns(*seconds), levels, quantity, kind=kind, gaps=found))


def with_step(step: float, before: int = 10, after: int = 10) -> list[float]:
    return [*range(before), *(before - 1 + step + k for k in range(after))]


@pytest.mark.parametrize(
    ("kind", "step", "hole"),
    [
        (Kind.INSTANT, 3.4, False),  # three and a half usual steps for readings of an instant
        (Kind.INSTANT, 3.6, True),
        (Kind.MEAN, 1.4, False),  # one and a half for windows
        (Kind.MEAN, 1.6, True),
        (Kind.COUNTER, 50.0, False),  # a counter counts on
    ],
)
def test_a_step_that_is_far_longer_than_the_usual_one_is_a_hole(kind: Kind, step: float, hole: bool) -> None:
    found = integral(with_step(step), 2.0 if kind is not Kind.COUNTER else list(range(20)), kind)
    assert (found.hole.size == 1) is hole and not found.declared.any()


@pytest.mark.parametrize(("count", "hole"), [(7, False), (8, True)])
def test_of_fewer_than_eight_readings_nobody_knows_the_usual_step(count: int, hole: bool) -> None:
    times = [*range(count - 2), 50, 51]
    assert (integral(times).hole.size == 1) is hole


@pytest.mark.parametrize(("near", "hole"), [(12, True), (11, False)])
def test_where_six_in_ten_steps_are_usual_the_others_are_holes(near: int, hole: bool) -> None:
    """20 steps of 1 s or of 4 s; else the upper tenth says what is usual: one and a half times 4 s."""
    steps = [1.0] * near + [4.0] * (20 - near)
    found = integral(np.concatenate([[0], np.cumsum(steps)]).tolist())
    assert (found.hole.size == 20 - near) is hole and (found.hole.size == 0) is not hole


@pytest.mark.parametrize(("step", "hole"), [(1.4, False), (1.6, True)])
def test_where_a_gap_was_noted_one_and_a_half_steps_are_a_hole(step: float, hole: bool) -> None:
    found = integral(with_step(step), gaps=((9, 9 + step, "no answer"),))
    assert (found.hole.tolist() == [9]) is hole
    if hole:
        assert found.declared.tolist() == [True]
        assert (found.gap_start.tolist(), found.gap_end.tolist()) == ([9 * NS], [round((9 + step) * NS)])


def test_of_a_counter_only_a_restart_is_a_hole() -> None:
    counted = list(range(20))
    lost = integral(list(range(20)), counted, Kind.COUNTER, ((9, 10, "lost setup"),))
    silent = integral(list(range(20)), counted, Kind.COUNTER, ((9, 10, "no answer"),))
    assert lost.hole.tolist() == [9] and lost.declared.all() and silent.hole.size == 0


def test_a_noted_gap_and_one_that_nobody_noted_are_told_apart() -> None:
    times = [*range(10), *range(20, 30), *range(45, 55)]
    found = integral([float(t) for t in times], gaps=((9, 20, "no answer"),))
    assert found.hole.tolist() == [9, 19] and found.declared.tolist() == [True, False]


TWO = integral([*map(float, [*range(10), *range(20, 30), *range(45, 55)])])
"""Holes from 9 s to 20 s and from 29 s to 45 s."""


@pytest.mark.parametrize(
    ("start", "end", "seconds", "long"),
    [
        (0, 54, 27, 16),
        (9, 20, 11, 0),
        (10, 12, 2, 0),
        (15, 40, 5 + 11, 11),
        (20, 29, 0, 0),
        (-5, 10, 1, 0),
        (44, 99, 1, 1),
    ],
)
def test_seconds_in_holes_and_in_those_of_some_length(start, end, seconds, long) -> None:
    assert TWO.gap_seconds(ns(start), ns(end))[0] == pytest.approx(seconds)
    assert TWO.gap_seconds(ns(start), ns(end), 16 * NS)[0] == pytest.approx(long)
    assert TWO.gap_seconds(ns(start), ns(end), 16 * NS + 1)[0] == 0.0
    assert integral([0.0, 1.0, 2.0]).gap_seconds(ns(0, 1), ns(1, 2)).tolist() == [0.0, 0.0]


def test_a_windows_mean_speaks_for_its_own_window_and_the_hole_is_bridged() -> None:
    """Stamps 1 … 4 and 8 … 11 s: from 4 s to 7 s nobody saw; the bridge is the mean of both sides."""
    values = [1.0] * 8 + [5.0] * 8
    times = [*range(1, 9), *range(12, 20)]
    found = integral([float(t) for t in times], values, Kind.MEAN)
    assert (found.start_ns, found.end_ns) == (0, 19 * NS)
    assert (found.gap_start.tolist(), found.gap_end.tolist()) == ([8 * NS], [11 * NS])
    assert found.between(ns(0, 8, 11), ns(8, 11, 19)) == pytest.approx([8.0, 9.0, 40.0])
    assert found.between(ns(7.5), ns(11.5))[0] == pytest.approx(0.5 + 9 + 2.5)


def test_beyond_its_ends_the_nearest_rate_goes_on() -> None:
    ramp = integral([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    assert ramp.at(ns(-2, 4)) == pytest.approx([-2.0, 4 + 6.0])
    counted = integral([0.0, 1.0, 2.0], [5.0, 6.0, 9.0], Kind.COUNTER)
    assert counted.at(ns(-1, 0, 1.5, 3)) == pytest.approx([-1.0, 0.0, 2.5, 7.0])


def test_rates_of_a_counter_are_its_slopes() -> None:
    counted = integral([0.0, 1.0, 3.0, 3.0], [5.0, 6.0, 10.0, 12.0], Kind.COUNTER)
    assert counted.rates(np.arange(4)).tolist() == [1.0, 1.0, 2.0, 0.0]
    assert integral([0.0, 1.0], [3.0, 4.0]).rates(np.arange(2)).tolist() == [3.0, 4.0]


def test_where_times_lie_among_readings() -> None:
    found = integral([0.0, 1.0, 2.0, 3.0])
    assert found.locate(ns(-1, 0, 0.5, 1, 2.9, 3, 9)).tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert found.upto(ns(-1, 0, 0.5, 1, 3, 9)).tolist() == [0, 1, 1, 2, 4, 4]
    assert found.fair_index(2).tolist() == [0, 2] and found.fair_index(9).tolist() == [0, 1, 2, 3]
    assert found.counted(np.array([1]), np.array([3])).tolist() == [2] and found.skip.size == 0


def test_units() -> None:
    assert integral([0.0, 1.0]).unit == "J" and integral([0.0, 1.0], [0.0, 1.0], Kind.COUNTER).is_energy
    current = Integral.of(from_samples(ns(0, 1), np.ones(2), Quantity.CURRENT))
    assert current.unit == "C" and not current.is_energy


@pytest.mark.parametrize(("count", "words"), [(0, "0 samples"), (1, "1 sample ")])
def test_one_reading_is_no_time(count: int, words: str) -> None:
    with pytest.raises(DataError, match=words):
        integral([0.0] * count, 2.0)
