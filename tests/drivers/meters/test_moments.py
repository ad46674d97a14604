"""Stamps of a stream: bounded by what arrived behind, spread where a burst states no time, counted where they could not rise."""

from __future__ import annotations

from powermeter.drivers.meters.moments import Moments, latest_by_ticks, spread

MS = 1_000_000


def test_samples_of_a_burst_were_taken_at_least_their_ticks_before_its_last() -> None:
    latest = latest_by_ticks([(0, 90 * MS), (1, 90 * MS), (2, 90 * MS), (3, 91 * MS)], 20.0 * MS)
    assert latest[3] == 91 * MS
    for at in range(3):  # the meter's interval may be a few per cent shorter than it states
        assert 19 * MS < latest[at + 1] - latest[at] <= 20 * MS


def test_a_tick_that_steps_back_or_far_ahead_bounds_nothing() -> None:
    assert latest_by_ticks([(7, 50 * MS), (3, 50 * MS), (900, 51 * MS)], 20.0 * MS) == [
        50 * MS,
        50 * MS,
        51 * MS,
    ]


def test_a_burst_without_times_is_spread_at_the_stated_interval() -> None:
    assert spread([1000 * MS, 1500 * MS, 1500 * MS, 1500 * MS], 900 * MS, 100 * MS) == [
        1000 * MS,
        1300 * MS,
        1400 * MS,
        1500 * MS,
    ]


def test_a_burst_without_times_and_interval_is_spread_over_what_passed() -> None:
    assert spread([1000 * MS] * 4, 200 * MS, None) == [400 * MS, 600 * MS, 800 * MS, 1000 * MS]
    assert spread([1000 * MS] * 4, 920 * MS, 100 * MS) == [940 * MS, 960 * MS, 980 * MS, 1000 * MS]


def test_samples_that_cannot_be_stamped_later_than_the_one_before_are_counted() -> None:
    moments = Moments()
    assert [moments.stamp(at) for at in (5, 9, 7, 9, 12)] == [5, 9, 9, 9, 12]
    assert moments.shared == 2
    moments.connect()
    assert moments.stamp(3) == 3 and moments.shared == 2
