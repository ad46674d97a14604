"""Rows that share a stamp are put between it and the one before; what that leaves open is in the clock."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.signals.stamps_shared import BUFFERED, SHARED, at_moments_of_their_own
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


def arriving(seed: int, *, buffered: bool) -> tuple[Trace, np.ndarray]:
    """Return 60 buffers of 50 rows of a load that moves at random, half a second apart and stamped within 5 ms, and when each was read (ms)."""
    rng = np.random.default_rng(seed)
    place, block = np.tile(np.arange(50), 60), np.repeat(np.arange(60), 50)
    stamped = 500 * (block + 1) - (49 - place) // 10
    read = 500 * block + 10 * (place + 1) if buffered else stamped
    moves = np.cumsum(rng.uniform(300, 1000, 120))
    values = np.where(np.searchsorted(moves, read) % 2 == 0, 1.0, 4.0) + 0.01 * rng.standard_normal(read.size)
    apart = np.rint(stamped * MS + 1000 * (place % 10)).astype(np.int64)
    return replace(trace_of([0], [0]), times_ns=apart, values=values, interval_ns=1000), read


def test_rows_stamped_as_a_buffer_arrives_lie_where_they_were_read() -> None:
    for seed in range(5):
        trace, read = arriving(seed, buffered=True)
        found = at_moments_of_their_own(trace)
        assert [note.code for note in found.notes] == [BUFFERED], seed
        assert np.abs(found.times_ns / MS - read).max() < 0.1
        assert found.interval_ns == 10 * MS
        assert math.isclose(found.clock_ns * math.sqrt(12), 500 * MS)


def test_rows_read_in_bursts_stay_where_they_are() -> None:
    for seed in range(5):
        trace, _ = arriving(seed, buffered=False)
        assert at_moments_of_their_own(trace) is trace, seed
