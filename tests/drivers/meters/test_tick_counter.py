"""Ticks counted past their wrap, and what is missing between two of them."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.tick_counter import SteadyTicks, TickCounter


def test_tick_counter_unwraps() -> None:
    counter = TickCounter(2**32)
    assert [counter.feed(tick) for tick in (2**32 - 2, 2**32 - 1, 3, 1, 10)] == [
        2**32 - 2,
        2**32 - 1,
        2**32 + 3,
        2**32 + 1,
        2**32 + 10,
    ]


@pytest.mark.parametrize(
    ("ticks", "missing"),
    [
        ([0, 10, 20, 30, 50, 60], [0, 0, 0, 0, 1, 0]),  # one lost
        ([0, 10, 20, 30, 50, 70, 80], [0, 0, 0, 0, 1, 1, 0]),  # two, one after the other
        ([0, 10, 21, 30, 41, 50], [0] * 6),  # a scheduler's millisecond
        ([0, 10, 20, 30, 130, 230, 330, 430], [0, 0, 0, 0, 9, 9, 0, 0]),  # the interval was set anew
        ([0, 100, 200, 300, 310, 320, 330], [0] * 7),  # to a shorter one
        ([0, 10, 20, 30, 30, 5], [0] * 6),  # twice the same, and a restart
    ],
)
def test_a_step_of_several_intervals_shows_what_was_lost(ticks: list[int], missing: list[int]) -> None:
    counted = SteadyTicks()
    assert [counted.missing(tick) for tick in ticks] == missing
