"""Stamps follow a better estimate of a clock by a tenth of the time that passed at most."""

from __future__ import annotations

from itertools import pairwise

import pytest

from powermeter.drivers.meters.slewed_stamps import slewed


@pytest.mark.parametrize(
    ("found", "stamp"),
    [
        (1_000, 1_000),  # as the instrument counts
        (1_009, 1_009),  # within a tenth of the 100 ns that passed
        (1_500, 1_010),
        (992, 992),
        (0, 990),
    ],
)
def test_a_step_changes_by_a_tenth_at_most(found: int, stamp: int) -> None:
    assert slewed(found, 1_000.0, 100.0) == stamp


def test_an_estimate_that_is_off_by_5_ms_is_reached_in_50_ms_and_no_stamp_goes_back() -> None:
    stamps = [0]
    for tick in range(1, 61):
        stamps.append(slewed(tick * 1_000_000 - 5_000_000, stamps[-1] + 1e6, 1e6))
    steps = [b - a for a, b in pairwise(stamps)]
    assert steps[:50] == [900_000] * 50 and steps[50:] == [1_000_000] * 10
