"""Events read at instants, on levels that can be added up: what readings inside stand for, and at which level each event is taken."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.energy_from_instants import (
    _slowest,
    _unread,
    measure_instants,
)
from tests.support.seconds_apart import integral, ns


def test_a_spike_that_few_events_show_is_no_level_of_theirs() -> None:
    """40 events of 1.5 s that draw 2 W, and 42 W in their middle 0.15 s: 9 J each; a reading a second at random phase.

    No event holds two readings that differ, and those that caught the spike looked like events of another kind at ± 0 J.
    """
    rng = np.random.default_rng(20_261_127)
    start = 2 + 4 * np.arange(40) + rng.random(40)
    t = np.arange(170.0)
    values = np.zeros(t.size)
    for a in start:
        values[(t > a) & (t <= a + 1.5)] = 2.0
        values[(t > a + 0.675) & (t <= a + 0.825)] = 42.0
    found = measure_instants(integral(values), ns(*start), ns(*(start + 1.5)))
    hits = int((values > 40).sum())
    assert hits and found.own.min() > 1.0
    total = math.sqrt(found.factor * float(np.sum(found.own**2)))
    assert total == pytest.approx(40 * math.sqrt(hits), rel=0.25)
    assert abs(float(found.value.sum()) - 40 * 9.0) < 2 * total


def test_an_event_without_reading_may_be_at_any_level_that_others_are() -> None:
    found = _unread(np.array([1.0, 0.0, 0.0]), np.array([2.0, 3.0, 0.5]), 4.0)
    assert found.tolist() == [0.0, 6.0, 1.0]
    assert _unread(np.zeros(1), np.ones(1), -1.0).tolist() == [0.0]


@pytest.mark.parametrize(
    ("lengths", "known"), [([24, 24], True), ([11, 11], False), ([16, 15, 2], True), ([16, 9, 8], False)]
)
def test_slow_changes_are_known_where_half_of_the_readings_are_in_long_stretches(lengths, known) -> None:
    """Long is twelve readings and more."""
    x = np.random.default_rng(1).standard_normal(sum(lengths))
    assert (_slowest(x, np.array(lengths)) is not None) is known


def test_level_events_have_their_level_times_their_duration() -> None:
    """6 W inside, 2 W beside; no edge lies on a reading, and none is needed to."""
    values = np.full(101, 2.0)
    start = 3.35 + 9.7 * np.arange(10)
    end = start + 4.0 + 0.11 * np.arange(10)
    for a, b in zip(start, end, strict=True):
        values[math.ceil(a) : math.floor(b) + 1] = 6.0
    found = measure_instants(integral(values), ns(*start), ns(*end))
    assert found.value == pytest.approx(6.0 * (end - start)) and found.level == pytest.approx(6.0)
    assert found.quiet == pytest.approx(2.0) and found.seen.tolist() == [
        math.floor(b) - math.ceil(a) + 1 for a, b in zip(start, end, strict=True)
    ]


def test_events_of_different_levels_are_each_at_its_own() -> None:
    """Without any scatter inside, all that differs is between events."""
    values = np.full(101, 2.0)
    start = 3.35 + 9.6 * np.arange(10)
    watts = 5.0 + np.arange(10)
    for a, w in zip(start, watts, strict=True):
        values[math.ceil(a) : math.floor(a + 4) + 1] = w
    found = measure_instants(integral(values), ns(*start), ns(*(start + 4.0)))
    assert found.value == pytest.approx(watts * 4.0, rel=1e-6)


def test_no_reading_at_all_is_a_bound() -> None:
    values = np.full(101, 2.0)
    found = measure_instants(integral(values), ns(10.2, 20.2, 30.2), ns(10.7, 20.7, 30.7))
    assert found.why == "unseen" and found.seen.tolist() == [0, 0, 0]


def test_readings_that_fall_into_short_events_by_luck_are_no_more_than_were_expected() -> None:
    """Nine events of a quarter of an interval, each met by chance: 2.3 readings were expected of them."""
    rng = np.random.default_rng(5)
    met = 5 + 15.0 * np.arange(9)
    values = np.ones(161)
    values[met.astype(int)] = 4 + rng.uniform(-1, 1, 9)
    start = met - rng.uniform(0.02, 0.23, 9)
    found = measure_instants(integral(values), ns(*start), ns(*(start + 0.25)))
    assert found.seen.tolist() == [1] * 9 and found.why == "few"


@pytest.mark.parametrize(
    ("events", "each", "few"),
    [(1, 4, True), (1, 5, False), (7, 1, True), (8, 1, False), (3, 2, True), (4, 2, False)],
)
def test_fewer_than_eight_readings_in_fewer_than_four_pairs_are_a_handful(events, each, few) -> None:
    """Events at uneven moments of 4 ± 1 W on 1 W; so many readings lie in each."""
    values = np.ones(161)
    start = 3.45 + 19.0 * np.arange(events) + 0.37 * np.arange(events) ** 2 % 0.5
    for k, a in enumerate(start):
        first = math.ceil(a)
        values[first : first + each] = 4.0 + np.array([1.0, -1.0, 0.3, -0.6, 0.8])[:each] * (-1) ** k
    found = measure_instants(integral(values), ns(*start), ns(*(np.ceil(start) + each - 0.45)))
    assert found.seen.tolist() == [each] * events
    assert (found.why == "few") == few, found.why
