"""What is held of a long recording: how many readings it stands for, and what those that are left out add up to."""

from __future__ import annotations

import numpy as np

from powermeter.signals.kept_readings import Kept, added, consecutive

PLACE = np.array([0, 1, 5, 6, 10], np.uint32)
SUMS = np.array([0.0, 1.0, 9.0, 10.0, 30.0])


def test_readings_are_counted_over_what_is_left_out() -> None:
    kept = Kept(PLACE, SUMS)
    assert kept.counted(np.array([0, 1, 2, 3]), np.array([5, 3, 2, 4])).tolist() == [11, 5, 0, 1]
    assert kept.skips.tolist() == [False, True, False, True]


def test_a_mean_ends_what_is_left_out() -> None:
    times = PLACE.astype(np.int64) * 1_000_000_000
    means = Kept(PLACE, SUMS).means(times, np.array([9.0, 1.0, 7.0, 1.0, 7.0]))
    assert means.tolist() == [9.0, 1.0, 2.0, 1.0, 5.0]


def test_parts_sums_and_multiples() -> None:
    kept = Kept(PLACE, SUMS, ((0, 2), (2, 4)))
    part = kept.part(1, 4)
    assert part.place.tolist() == [1, 5, 6] and part.fair == ((0, 1), (1, 3))
    twice, three = kept.scaled(2.0), added([kept, kept.scaled(2.0)])
    assert twice.sums is not None and three.sums is not None
    assert twice.sums.tolist() == [0, 2, 18, 20, 60] and three.sums.tolist() == [0, 3, 27, 30, 90]


def test_edges_that_are_put_in_stand_for_no_reading() -> None:
    wider = Kept(PLACE, None, ((0, 2), (2, 4))).with_edges(np.array([0, 2]))
    assert wider.place.tolist() == [0, 0, 1, 5, 5, 6, 10]
    assert wider.fair == ((1, 3), (4, 6))
    assert wider.counted(np.array([1]), np.array([7])).tolist() == [11]


def test_consecutive_readings_are_the_first_ones_without_skips() -> None:
    assert consecutive(None, 5, 3).tolist() == [0, 1, 2] and consecutive(None, 5, 9).tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]
    part = Kept(PLACE, SUMS, ((0, 2), (3, 5)))
    assert consecutive(part, 5, 9).tolist() == [0, 1, 3, 4] and consecutive(part, 5, 3).tolist() == [0, 1, 3]
