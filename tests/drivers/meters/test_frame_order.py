"""What numbers and steady ticks of frames show, and that none is believed against the clock."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.frame_order import FrameOrder, SequenceNumbers, SteadyTicks, Step

MS = 1_000_000
TWICE_OR_LATE = Step(is_next=False)


def steps(order: FrameOrder, numbers: list[int], every_ms: int = 10, at_ms: int = 0) -> list[Step]:
    """Return what frames of these numbers show, one each so many milliseconds, each with a reading of its own."""
    return [order.step(n, [at], (at_ms + at * every_ms) * MS) for at, n in enumerate(numbers)]


def test_a_jump_further_than_time_allows_is_no_loss_of_that_size() -> None:
    """100 frames a second jump from 202 to 30,000 within 10 ms: at most a few can be missing."""
    found = steps(FrameOrder(65536), [*range(203), *range(30_000, 30_010)])
    assert [step for step in found[:203] if step != Step()] == []
    assert found[203].is_jump and found[203].missing <= 3
    assert all(step == Step() for step in found[204:])


def test_what_time_allows_is_lost() -> None:
    """10 s without a frame, then old ones at once and behind them a hole: 900 are lost, though no time passed in it."""
    order = FrameOrder(65536)
    steps(order, list(range(300)))
    burst = [order.step(number, [number], 13_000 * MS) for number in (*range(300, 350), *range(1250, 1290))]
    assert sum(step.missing for step in burst) == 900 and not any(step.is_jump for step in burst)


@pytest.mark.parametrize("batch", [1, 5, 50])
def test_losses_within_batches_are_counted_in_full(batch: int) -> None:
    """100 frames a second, up to 50 at a time; of those after the third second each 40th is left out."""
    order, numbers = FrameOrder(256), [n for n in range(1000) if n < 300 or n % 40]
    found = [order.step(n % 256, [n], (n // batch + 1) * batch * 10 * MS) for n in numbers]
    assert sum(step.missing for step in found) == 17 and not any(step.is_jump for step in found)


def test_an_overtaken_frame_is_lost_once_and_a_doubled_one_not_at_all() -> None:
    order = FrameOrder(65536)
    numbers = [n for n in range(300) if n != 150]
    numbers.insert(170, 150)  # 20 frames late
    found = steps(order, numbers)
    assert found[170] == TWICE_OR_LATE
    assert sum(step.missing for step in found) == 1 and not any(step.is_jump for step in found)
    assert order.step(299, [299], 3_000 * MS) == TWICE_OR_LATE
    assert order.step(300, [300], 3_010 * MS) == Step()


def test_a_number_that_stands_is_no_frame_that_came_twice() -> None:
    numbers = SequenceNumbers(256)
    assert [numbers.step(7, [code]).is_next for code in (1, 1, 2, 3)] == [True, False, True, True]


def test_numbers_that_begin_anew_are_followed_after_three() -> None:
    order = FrameOrder(65536)
    found = steps(order, [*range(300), *range(10)])
    assert found[300:303] == [TWICE_OR_LATE, TWICE_OR_LATE, Step(2, is_jump=True)]
    assert found[303:] == [Step()] * 7


@pytest.mark.parametrize(
    ("ticks", "missing"),
    [
        ([0, 10, 20, 30, 50, 60], [0, 0, 0, 0, 1, 0]),  # one lost
        ([0, 10, 20, 30, 50, 70, 80], [0, 0, 0, 0, 1, 1, 0]),  # two, one after the other
        ([0, 10, 20, 30, 48, 60], [0, 0, 0, 0, 1, 0]),  # one lost, the next one early
        ([0, 10, 21, 30, 41, 50], [0] * 6),  # a scheduler's millisecond
        ([0, 10, 20, 30, 130, 230, 330, 430], [0, 0, 0, 0, 9, 9, 0, 0]),  # the interval was set anew
        ([0, 100, 200, 300, 310, 320, 330], [0] * 7),  # to a shorter one
        ([0, 10, 20, 30, 30, 5], [0] * 6),  # twice the same, and a restart
    ],
)
def test_a_step_of_several_intervals_shows_what_was_lost(ticks: list[int], missing: list[int]) -> None:
    counted = SteadyTicks()
    assert [counted.step(tick, [at]).missing for at, tick in enumerate(ticks)] == missing


def test_an_overtaken_tick_makes_no_loss_of_the_next_and_a_restart_is_followed() -> None:
    ticks = SteadyTicks()
    found = [ticks.step(tick, [at]) for at, tick in enumerate([0, 10, 20, 30, 40, 50, 20, 60, 70, 0, 10, 20])]
    assert [step.missing for step in found[:9]] == [0] * 9
    assert found[6] == TWICE_OR_LATE and found[7] == Step()
    assert found[9] == TWICE_OR_LATE and found[10].is_jump and found[11] == Step()


def test_a_tick_that_leaps_is_no_loss_of_that_size() -> None:
    found = steps(FrameOrder(None), [*range(0, 2000, 10), 9_000_000_000])
    assert found[-1].is_jump and found[-1].missing <= 3


@pytest.mark.parametrize("lost", [100, 140, 250, 256, 300, 1000])
def test_numbers_that_went_round_in_a_hole_are_counted_by_the_time(lost: int) -> None:
    """50 frames a second numbered to 255, whose ticks show when each was taken."""
    order = FrameOrder(256)
    sent = [n for n in range(2000) if not 200 <= n < 200 + lost]
    found = [order.step(n % 256, [n], n * 20 * MS, is_timed=True) for n in sent]
    assert sum(step.missing for step in found) == lost
    assert all(step.is_next and not step.is_jump for step in found)
