"""Ticks counted past their wrap."""

from __future__ import annotations

from powermeter.drivers.meters.tick_counter import TickCounter


def test_tick_counter_unwraps() -> None:
    counter = TickCounter(2**32)
    assert [counter.feed(tick) for tick in (2**32 - 2, 2**32 - 1, 3, 1, 10)] == [
        2**32 - 2,
        2**32 - 1,
        2**32 + 3,
        2**32 + 1,
        2**32 + 10,
    ]
