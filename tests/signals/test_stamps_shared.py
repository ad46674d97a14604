"""Rows that share a stamp are put between it and the one before; what that leaves open is in the clock."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.signals.stamps_shared import SHARED, at_moments_of_their_own
from powermeter.signals.trace import Trace

MS = 1_000_000


def trace_of(times_ms: list[int], values: list[float], kind: Kind = Kind.INSTANT) -> Trace:
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    return Trace(np.array(times_ms) * MS, np.array(values, float), quantity, kind)


def test_two_rows_of_each_stamp_lie_half_a_step_apart() -> None:
    found = at_moments_of_their_own(trace_of([200 * k for k in range(1, 11) for _ in "ab"], list(range(20))))
    assert found.times_ns.tolist() == [100 * MS * k for k in range(1, 21)]
    assert found.values.tolist() == list(range(20))
    assert found.interval_ns == 100 * MS
    assert math.isclose(
        found.clock_ns * math.sqrt(3), 100 * MS
    )  # they may all have been read from the stamp on
    assert [note.code for note in found.notes] == [SHARED]


def test_behind_a_pause_rows_stay_near_their_stamp() -> None:
    stamps = [200 * k for k in range(1, 11)] + [9000, 9200]
    found = at_moments_of_their_own(trace_of([t for t in stamps for _ in "ab"], [1.0] * 24))
    assert found.times_ns[-4:].tolist() == [8750 * MS, 9000 * MS, 9100 * MS, 9200 * MS]


def test_of_a_counter_the_last_row_of_a_stamp_counts() -> None:
    found = at_moments_of_their_own(
        trace_of([200 * k for k in range(1, 11) for _ in "ab"], list(range(20)), Kind.COUNTER)
    )
    assert found.values.tolist() == list(range(1, 20, 2))
    assert found.times_ns.tolist() == [200 * MS * k for k in range(1, 11)]


def test_few_shared_stamps_change_nothing() -> None:
    some = trace_of([100 * k for k in range(30)] + [2900, 2900], [1.0] * 32)
    assert at_moments_of_their_own(some) is some


def test_the_doubt_is_that_of_the_mean_number_of_rows_where_most_stamps_have_one() -> None:
    """Three stamps in five with a row and two with three, by turns: 1.8 rows each leave 4/9 of a step open, not nothing."""
    times = [200 * k for k in range(1, 31) for _ in range(1 if k % 5 < 3 else 3)]
    found = at_moments_of_their_own(trace_of(times, [1.0] * len(times)))
    assert math.isclose(found.clock_ns * math.sqrt(3), 200 * MS * 4 / 9)
    assert "1.8 each time" in found.notes[0].text


def blocks(seed: int, spread_ms: float, *, buffered: bool) -> tuple[Trace, np.ndarray]:
    """Return 60 blocks of 50 rows half a second apart, of a load that moves at random, and when each was read (ms)."""
    rng = np.random.default_rng(seed)
    place = np.tile(np.arange(50), 60)
    block = np.repeat(np.arange(60), 50)
    stamped = 500.0 * (block + 1) + place * spread_ms / 50
    read = 500.0 * block + 10.0 * (place + 1) if buffered else stamped
    moves = np.cumsum(rng.uniform(300, 1000, 120))
    values = np.where(np.searchsorted(moves, read) % 2 == 0, 1.0, 4.0) + 0.01 * rng.standard_normal(read.size)
    trace = Trace(np.rint(stamped * MS).astype(np.int64), values, Quantity.POWER, Kind.INSTANT)
    return replace(trace, interval_ns=round(spread_ms / 50 * MS)), read


def test_rows_stamped_as_a_buffer_arrives_lie_where_they_were_read() -> None:
    for seed in range(5):
        trace, read = blocks(seed, 5, buffered=True)
        found = at_moments_of_their_own(trace)
        assert [note.code for note in found.notes] == [SHARED], seed
        assert float(np.abs(found.times_ns / MS - read).max()) < 10, seed
        assert abs(found.interval_ns / MS - 10) < 0.01, seed


def test_readings_taken_in_bursts_stay_where_they_are() -> None:
    """The load moves in the pauses, which are a hundred times as long."""
    for seed in range(5):
        trace, _ = blocks(seed, 5, buffered=False)
        assert at_moments_of_their_own(trace) is trace, seed


def test_a_load_that_does_not_move_shows_no_buffer() -> None:
    trace, _ = blocks(0, 5, buffered=True)
    level = replace(trace, values=np.random.default_rng(0).normal(2, 0.01, len(trace)))
    assert at_moments_of_their_own(level) is level
    ramp = replace(trace, values=np.linspace(1, 4, len(trace)))
    assert at_moments_of_their_own(ramp) is ramp


def test_blocks_that_take_a_fifth_of_their_time_to_arrive_are_no_buffers() -> None:
    trace, _ = blocks(0, 100, buffered=True)
    assert at_moments_of_their_own(trace) is trace


def test_a_loop_whose_period_divides_the_pause_shows_no_buffer() -> None:
    trace, read = blocks(0, 5, buffered=False)
    for hertz in (1003.7, 5 / 0.4951, 50 / 0.4951):
        looped = replace(trace, values=np.where(read * hertz * 1e-3 % 1 < 0.5, 1.0, 4.0))
        assert at_moments_of_their_own(looped) is looped, hertz
