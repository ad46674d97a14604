"""Counters that fall: set back, wrapped, or no counters; the numbers are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Gap
from powermeter.recording.counter_wraps_and_resets import (
    falls_to_almost_nothing,
    reset_note,
    two_way,
    unwrap,
    was_set_back,
)

S = 1_000_000_000
TIMES = np.arange(6) * S


def test_a_counter_wraps_where_it_can_and_restarts_where_it_cannot() -> None:
    values, resets = unwrap(TIMES, np.array([250, 254, 2, 6, 10, 14]), 1.0, 256)
    assert values.tolist() == [0, 4, 8, 12, 16, 20] and not resets
    values, resets = unwrap(TIMES, np.array([250, 254, 2, 6, 10, 14]), 1.0, None)
    assert values.tolist() == [0, 4, 8, 12, 16, 20]  # bridged at the rate beside it
    assert [(g.start_ns, g.reason) for g in resets] == [(S, "lost setup")]
    values, resets = unwrap(TIMES, np.array([1000, 1010, 1020, 0, 10, 20]), 1.0, 2**32)
    assert resets and values[-1] == pytest.approx(50)  # a wrap would be 4 billion


def test_a_counter_that_began_again_at_zero_counts_what_it_shows() -> None:
    """100 an interval, and 2000 of its own since the restart; a fall to no zero is bridged at the usual rate."""
    values, resets = unwrap(TIMES, np.array([50_000, 50_100, 50_200, 2000, 2100, 2200]), 1.0, None)
    assert values.tolist() == [0, 100, 200, 2200, 2300, 2400] and len(resets) == 1
    values, resets = unwrap(TIMES, np.array([50_000, 50_100, 50_200, 50_000, 50_100, 50_200]), 1.0, None)
    assert values.tolist() == [0, 100, 200, 300, 400, 500] and len(resets) == 1


@pytest.mark.parametrize(("after", "fell"), [(49.0, True), (50.0, False), (1000.0, False), (1001.0, False)])
def test_a_twentieth_of_what_it_showed_is_almost_nothing(after: float, fell: bool) -> None:
    assert falls_to_almost_nothing(np.array([1000.0]), np.array([after])).tolist() == [fell]


@pytest.mark.parametrize(
    ("steps", "rises", "falls", "to_nothing", "is_reset"),
    [
        (20, 18, 2, 2, True),
        (20, 17, 3, 3, False),  # more than a tenth of the steps
        (20, 18, 2, 1, False),  # once to somewhere else
        (5, 4, 1, 1, True),  # one fall is always few
        (4, 3, 1, 1, False),  # three rises come by chance
    ],
)
def test_a_counter_is_set_back_seldom_and_to_almost_nothing(
    steps: int, rises: int, falls: int, to_nothing: int, is_reset: bool
) -> None:
    assert was_set_back(steps, rises, falls, to_nothing) is is_reset


def test_a_note_counts_the_falls_and_those_to_almost_zero() -> None:
    assert reset_note("E", 0, 0) is None
    assert "'E' was reset 2 times" in str(reset_note("E", 2, 2))
    assert "'E' falls 3 times, 2 of them to almost zero" in str(reset_note("E", 3, 2))


@pytest.mark.parametrize(
    ("reason", "goes_on"), [("lost setup", True), ("bad data", True), ("missed", False), ("no answer", False)]
)
def test_a_counter_that_may_fall_goes_on_where_its_setup_or_its_data_were_lost(
    reason: str, goes_on: bool
) -> None:
    """10 an interval, and a step of 980 over which something is noted: with that reason it goes on at 10."""
    codes = np.array([0, 10, 20, 1000, 1010, 1000])
    values = two_way(TIMES, codes, 0.5, [Gap(2 * S, 3 * S, reason, "")])
    assert values.tolist() == ([0, 5, 10, 15, 20, 15] if goes_on else [0, 5, 10, 500, 505, 500])
