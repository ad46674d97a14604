"""Events read at instants, on levels that can be added up: what readings inside stand for, and at which level each event is taken."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis import event_levels
from powermeter.analysis.instants import (
    _inside,
    _slowest,
    _unread,
    measure_instants,
)
from powermeter.analysis.integral import Integral
from powermeter.channel import Gap
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def integral(values: list[float] | np.ndarray, *holes: tuple[int, int], **more: float) -> Integral:
    """Readings a second apart, without those strictly between two stamps."""
    values = np.asarray(values, float)
    keep = np.ones(values.size, bool)
    for a, b in holes:
        keep[a + 1 : b] = False
    times = np.arange(values.size, dtype=np.int64)[keep] * NS
    gaps = [Gap(a * NS, b * NS, "no answer") for a, b in holes]
    return Integral.of(from_samples(times, values[keep], gaps=gaps, **more))


def inside(whole: Integral, *events: tuple[float, float]) -> tuple[list[float], list[float]]:
    start, end = ns(*(a for a, _ in events)), ns(*(b for _, b in events))
    joules, seconds = _inside(whole, whole.upto(start), whole.upto(end))
    return joules.tolist(), seconds.tolist()


RAMP = np.arange(21.0)


@pytest.mark.parametrize(
    ("event", "joules", "seconds"),
    [
        ((3.5, 7.5), 4 + 5 + 6 + 7, 4.0),  # four readings, each for the second about it
        ((3.1, 7.9), 4 + 5 + 6 + 7, 4.0),
        ((4.2, 5.4), 5.0, 1.0),
        ((4.2, 4.8), 0.0, 0.0),  # none
        ((3, 7), 4 + 5 + 6 + 7, 4.0),  # one at the start is before, one at the end inside
        ((-1, 2.5), 0 * 0.5 + 1 + 2, 2.5),  # nothing ahead of the first reading
        ((17.5, 30), 18 + 19 + 20 * 0.5, 2.5),
    ],
)
def test_readings_inside_stand_for_half_of_the_intervals_beside_them(event, joules, seconds) -> None:
    found = inside(integral(RAMP), event)
    assert found[0] == pytest.approx([joules]) and found[1] == pytest.approx([seconds])


@pytest.mark.parametrize(
    ("event", "joules", "seconds"),
    [
        (
            (2.5, 12.5),
            (3 + 4 * 0.5 + (3.5 * 0)) + 4 * 0.0 + 10 * 0.5 + 11 + 12,
            5.0,
        ),  # 3, half of 4; half of 10, 11, 12
        ((2.5, 6.5), 3 + 4 * 0.5, 1.5),  # ends in the hole
        ((6.5, 12.5), 10 * 0.5 + 11 + 12, 2.5),
        ((5.5, 8.5), 0.0, 0.0),
    ],
)
def test_holes_are_left_out_with_the_halves_beside_them(event, joules, seconds) -> None:
    found = inside(integral(RAMP, (4, 10)), event)
    assert found[1] == pytest.approx([seconds]) or found[1] == pytest.approx([seconds - 1])
    assert found[0] == pytest.approx([joules])


def test_uneven_readings_stand_for_uneven_times() -> None:
    """Readings at 0, 1, 4, 5 s: that at 1 s for half a second before it and one and a half behind it."""
    whole = Integral.of(from_samples(ns(0, 1, 4, 5), np.array([1.0, 2.0, 4.0, 8.0])))
    assert inside(whole, (0.5, 3)) == (pytest.approx([2.0 * 2]), pytest.approx([2.0]))
    assert inside(whole, (0.5, 4.5)) == (pytest.approx([2 * 2 + 4 * 2]), pytest.approx([4.0]))


@pytest.mark.parametrize(
    ("pause_s", "clusters"),
    [
        (0.39, 1),  # within a tenth of 4 s, and half an interval of a second
        (0.41, 3),
    ],
)
def test_events_that_follow_at_once_are_one_stretch(pause_s: float, clusters: int) -> None:
    start = ns(*(1 + (4 + pause_s) * k for k in range(3)))
    end = start + 4 * NS
    whole = integral(np.zeros(30))
    before, upto = whole.upto(start), whole.upto(end)
    first, count, owners = event_levels.clusters(start, end, before, upto, NS)
    assert first.size == clusters and owners.tolist() == ([0, 0, 0] if clusters == 1 else [0, 1, 2])
    assert count.sum() >= (upto - before).sum() and first[0] == before[0]
    if clusters == 1:
        assert count[0] == upto[2] - before[0]


@pytest.mark.parametrize(("pause_s", "clusters"), [(0.49, 1), (0.51, 2)])
def test_long_events_are_apart_from_half_an_interval_on(pause_s: float, clusters: int) -> None:
    start = ns(1, 11 + pause_s)
    end = ns(11, 20)
    whole = integral(np.zeros(30))
    assert event_levels.clusters(start, end, whole.upto(start), whole.upto(end), NS)[0].size == clusters


def test_an_event_inside_another_belongs_to_it() -> None:
    start, end = ns(1, 2, 9, 30), ns(10, 4, 12, 31)
    whole = integral(np.zeros(40))
    first, count, owners = event_levels.clusters(start, end, whole.upto(start), whole.upto(end), NS)
    assert owners.tolist() == [0, 0, 0, 1] and first.tolist() == [2, 31] and count.tolist() == [11, 1]
    alone = event_levels.clusters(ns(5), ns(9), np.array([6]), np.array([10]), NS)
    assert [x.tolist() for x in alone] == [[6], [4], [0]]


def levels(
    values: list[float],
    counts: list[int],
    noise: float = 0.0,
    level: float | None = None,
    paired: bool = True,
):
    count = np.array(counts)
    first = np.cumsum(count) - count
    x = np.asarray(values, float)
    energy = np.array([x[a : a + n].sum() for a, n in zip(first.tolist(), counts, strict=True)])
    weight = count.astype(float)
    mean = float(energy.sum() / weight.sum()) if level is None else level
    padded = np.concatenate([x, np.zeros(3)])
    return event_levels.levels(
        integral(padded), first, (count, count), (energy, weight), mean, noise, np.full(count.size, paired)
    )


def test_clusters_are_taken_at_their_own_level_as_far_as_they_differ() -> None:
    """1, 3 | 5, 7 | 9, 11 W: 2 W² inside, means of 2, 6, 10 W of 16 W², less 2/2 W²: 15 W² between.

    Each is moved by 15 ⁄ (15 + 2/2) of its distance from 6 W.
    """
    own, spread, between, lost = levels([1, 3, 5, 7, 9, 11], [2, 2, 2])
    assert spread == pytest.approx(2.0) and between == pytest.approx(15.0)
    share = 15 / 16
    assert own == pytest.approx([6 - 4 * share, 6.0, 6 + 4 * share]) and lost == pytest.approx(3 * share)


def test_clusters_that_differ_by_less_than_their_readings_scatter_are_at_the_labels_level() -> None:
    own, spread, between, lost = levels([1, 5, 2, 6, 0, 4], [2, 2, 2])
    assert own == pytest.approx([3.0] * 3) and (spread, between, lost) == (pytest.approx(8.0), 0.0, 1.0)


def test_the_meters_noise_is_the_least_that_readings_scatter() -> None:
    """3 W² of noise for 2 W² that was seen: 16 − 3/2 W² between."""
    _, spread, between, _ = levels([1, 3, 5, 7, 9, 11], [2, 2, 2], noise=math.sqrt(3.0))
    assert spread == pytest.approx(3.0) and between == pytest.approx(14.5)


def test_single_readings_tell_of_no_scatter_inside() -> None:
    own, spread, between, lost = levels([1, 5, 9], [1, 1, 1])
    assert own == pytest.approx([5.0] * 3) and (spread, between, lost) == (0.0, pytest.approx(16.0), 1.0)


def test_one_cluster_is_at_its_own_level_and_one_without_readings_at_the_labels() -> None:
    own, spread, between, lost = levels([2, 4], [2], level=3.0)
    assert own == pytest.approx([3.0]) and (spread, between, lost) == (pytest.approx(2.0), 0.0, 1.0)
    own, _, between, lost = levels([1, 3, 9, 11], [2, 0, 2])
    assert own[1] == pytest.approx(6.0) and between == pytest.approx(32 - 1)
    assert lost == pytest.approx(2 * 31 / 32)


def test_events_whose_middle_no_pair_shows_have_no_level_of_their_own() -> None:
    """2, 2 | 2 | 14 | 2, 2 W: pairs that agree do not show what single readings caught in the middle of others."""
    own, _, between, lost = levels([2, 2, 2, 14, 2, 2], [2, 1, 1, 2], paired=False)
    assert own == pytest.approx([4.0] * 4) and lost == 1.0 and between == pytest.approx(36.0)


@pytest.mark.parametrize(("seconds", "paired"), [(1.5, False), (1.99, False), (2.0, True), (5.0, True)])
def test_pairs_show_the_middle_of_an_event_of_two_intervals(seconds: float, paired: bool) -> None:
    owners = np.zeros(1, np.int64)
    assert event_levels.seen_in_pairs(ns(3), ns(3 + seconds), owners, NS).tolist() == [paired]


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


def test_ranges_follow_each_other() -> None:
    assert event_levels.ranges(np.array([3, 10, 7]), np.array([2, 0, 3])).tolist() == [3, 4, 7, 8, 9]


def test_of_many_clusters_four_thousand_are_looked_at_evenly() -> None:
    count = np.full(10_001, 5)
    some = event_levels.chosen(np.arange(10_001), count, count)
    assert some.size == 4_000 and (some[0], some[-1]) == (0, 10_000)
    assert np.ptp(np.diff(some)) <= 1
    every = np.where(np.arange(10_001) < 4_500, 5, 9)  # of those the others are not held whole
    assert event_levels.chosen(np.arange(10_001), count, every).max() < 4_500
    few = np.where(np.arange(10_001) < 3_000, 5, 9)
    assert event_levels.chosen(np.arange(10_001), count, few)[-1] == 10_000
    assert event_levels.chosen(np.arange(4_000), count, every).size == 4_000


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
