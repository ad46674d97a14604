"""At which level events are taken: which are one stretch, which show a level of their own, and which cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis import event_levels
from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.signals.decoding import from_samples
from tests.support.seconds_apart import NS, integral, ns


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


def test_ranges_follow_each_other() -> None:
    assert event_levels.ranges(np.array([3, 10, 7]), np.array([2, 0, 3])).tolist() == [3, 4, 7, 8, 9]


def test_of_many_clusters_four_thousand_are_looked_at_evenly() -> None:
    count = np.full(10_001, 5)
    some = event_levels.chosen(np.arange(10_001), count, count)
    assert some.size == 4_000 and (some[0], some[-1]) == (0, 10_000)
    assert np.ptp(np.diff(some)) <= 1
    every = np.where(np.arange(10_001) < 4_500, 5, 9)  # of those the others are not held whole
    assert event_levels.chosen(np.arange(10_001), count, every).max() < 4_500
    few = np.where(np.arange(10_001) < 199, 5, 9)
    assert event_levels.chosen(np.arange(10_001), count, few)[-1] == 10_000
    some = np.where(np.arange(4_000) < 200, 5, 9)
    assert event_levels.chosen(np.arange(4_000), count, some).tolist() == list(range(200))


def test_long_events_of_which_a_stretch_is_held_stand_for_those_seen_at_their_edges_alone() -> None:
    held = np.where(np.arange(3_000) % 10 == 0, 64, 4)
    assert event_levels.chosen(np.arange(3_000), held, np.full(3_000, 300)).tolist() == list(
        range(0, 3_000, 10)
    )


def test_short_events_that_follow_at_once_are_as_uncertain_as_they_are_unlike() -> None:
    """Rests of ±1 J by turns in events of one interval: 1.15 J each, the deviation of four; events of three intervals show theirs."""
    rests = np.array([1.0, -1.0, 1.0, -1.0, 5.0])
    seconds = np.array([1.0, 1.0, 1.0, 1.0, 3.0])
    found = event_levels.unlike_neighbours(rests, seconds, 1.0)
    assert found.tolist() == pytest.approx([math.sqrt(4 / 3)] * 4 + [0.0])
    assert not event_levels.unlike_neighbours(rests[:1], seconds[:1], 1.0).any()


def test_each_of_a_hundred_short_events_that_follow_at_once_holds() -> None:
    """120 ms events whose first 40 % draw 12 W and the rest 2 W, one behind the other, read each 100 ms: one event held 40 %."""
    held = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        edges = 2.0 + np.concatenate([[0.0], np.cumsum(rng.normal(0.12, 0.012, 100))])
        t = np.arange(rng.uniform(0, 0.1), edges[-1] + 2, 0.1)
        k = np.clip(np.searchsorted(edges, t, "right") - 1, 0, 99)
        x = (t - edges[k]) / np.diff(edges)[k]
        watts = np.where((x >= 0) & (x < 1), np.where(x < 0.4, 12.0, 2.0), 1.0) + rng.normal(0, 0.02, t.size)
        trace = from_samples(np.rint(t * 1e9).astype(np.int64), watts, noise=0.02)
        ns = np.rint(edges * 1e9).astype(np.int64)
        found = measure(Integral.of(trace), ns[:-1], ns[1:])
        for i in range(0, 100, 7):
            one = found.result(i)
            assert one is not None
            held.append(one.low <= 6.0 * (edges[i + 1] - edges[i]) <= one.high)
    assert np.mean(held) >= 0.9
