"""Rows that were printed together, by hand: where they stand in blocks, what their values show, and where they are put."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.importers.measured_before_printed import put_back
from powermeter.recording.rows_together import blocks_of, evenly_measured

NS = 10**9
MS = 10**6


def printed(blocks: int, rows: int, period_ms: float, apart_ms: float) -> np.ndarray:
    """So many rows each period, stamped some ms apart, the last of them at the period's end."""
    ends = (np.arange(blocks) + 1) * period_ms
    times = ends[:, None] - apart_ms * np.arange(rows - 1, -1, -1)
    return np.round(times.ravel() * MS).astype(np.int64)


@pytest.mark.parametrize(
    ("rows", "period_ms", "apart_ms"),
    [
        (10, 1000, 2),
        (4, 400, 30),
        (10, 100, 0.5),
        (2, 200, 4),
        (30, 1000, 1),
        (50, 500, 0.1),
        (400, 1000, 0.1),
    ],
)
def test_rows_that_stand_together_are_blocks(rows, period_ms, apart_ms):
    found = blocks_of(printed(20, rows, period_ms, apart_ms))
    assert found is not None and (found.rows, found.period_ns) == (rows, period_ms * MS)
    assert found.first.tolist() == list(range(0, 20 * rows, rows))


def test_rows_at_even_times_or_with_one_stamp_are_none():
    assert blocks_of(np.arange(400) * NS // 10) is None
    assert blocks_of(printed(20, 10, 1000, 0)) is None
    assert blocks_of(printed(20, 4, 400, 60)) is None  # a pause of 220 ms is not eight times 60
    assert blocks_of(printed(7, 10, 1000, 2)) is None


def test_a_block_that_was_lost_is_a_hole():
    times = printed(20, 4, 400, 2)
    times = np.delete(times, slice(40, 44))
    found = blocks_of(times)
    assert found is not None
    back = put_back(times, found).times_ns
    assert np.diff(back)[:39].tolist() == [100 * MS] * 39
    assert back[40] - back[39] == 500 * MS and back[43] == times[43]


@pytest.mark.parametrize("rows", [2, 5, 10])
def test_values_show_whether_rows_were_measured_evenly_or_in_bursts(rows):
    """Twenty seeds of a load that jumps each 4 s or so, read at even times and in bursts at the end of each second."""
    decided = wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        levels = rng.uniform(1, 9, 400)
        jumps = np.cumsum(rng.exponential(4.0, 400))
        blocks = blocks_of(printed(300, rows, 1000, 1))
        assert blocks is not None
        even = np.arange(1, 300 * rows + 1) / rows
        bursts = printed(300, rows, 1000, 1) / NS
        read = [levels[np.searchsorted(jumps, t)] + rng.normal(0, 0.05, t.size) for t in (even, bursts)]
        found = [evenly_measured(blocks, values) for values in read]
        decided += found[0] is True
        wrong += found[0] is False
        assert found[1] is False
        totals = [
            np.concatenate([[0.0], np.cumsum(v[1:] * np.diff(t))])
            for v, t in zip(read, (even, bursts), strict=True)
        ]
        found = [evenly_measured(blocks, total, counted=True) for total in totals]
        assert found == [True, False]
    assert decided >= 14 and wrong <= 1


@pytest.mark.parametrize("rows", [4, 12])
def test_rows_that_a_loads_bursts_set_off_or_that_do_not_follow_a_load_show_nothing(rows):
    """Bursts of one shape, a load that flickers faster than the rows, noise: at even times they would read the same."""
    times = printed(120, rows, 1000, 5)
    blocks = blocks_of(times)
    assert blocks is not None
    for seed in range(20):
        rng = np.random.default_rng([rows, seed])
        shape = np.tile(6 + 2 * np.sin(np.linspace(0, 3, rows)), 120) + rng.normal(0, 0.05, times.size)
        assert evenly_measured(blocks, shape) is not True
        assert evenly_measured(blocks, rng.choice([1.0, 8.0], times.size)) is not True
        assert evenly_measured(blocks, rng.normal(5, 0.1, times.size)) is not True
        assert (
            evenly_measured(blocks, np.cumsum(rng.choice([1.0, 8.0], times.size)), counted=True) is not True
        )


@pytest.mark.parametrize("rows", [8, 20])
def test_captures_from_before_a_burst_until_behind_it_are_not_taken_for_even(rows):
    """Bursts of any height, idle at both ends: hardly anything changes over the pauses."""
    blocks = blocks_of(printed(120, rows, 1000, 5))
    assert blocks is not None
    heights = np.random.default_rng(rows).uniform(2, 8, 120)[:, np.newaxis]
    shape = np.sin(np.linspace(0, np.pi, rows)) ** 2
    assert evenly_measured(blocks, 0.5 + (heights * shape).ravel()) is not True


def test_a_totals_steps_are_what_was_used_and_not_its_square():
    """1 J a row, and once 20, 50, 50 and 20 J: of all that was used 26 %, of its squares 93 %, which as good as three steps would carry."""
    blocks = blocks_of(printed(40, 10, 1000, 2))
    assert blocks is not None
    used = 1 + 0.5 * np.sin(np.arange(400) / 23)
    used[202:206] = 20, 50, 50, 20
    assert evenly_measured(blocks, np.cumsum(used), counted=True) is True


def test_a_change_or_two_show_nothing():
    blocks = blocks_of(printed(20, 10, 1000, 2))
    assert blocks is not None
    assert evenly_measured(blocks, np.where(np.arange(200) < 95, 1.0, 5.0)) is None
    assert evenly_measured(blocks, np.full(200, np.nan)) is None


def test_rows_are_put_back_evenly_and_none_behind_its_stamp():
    times = printed(20, 10, 1000, 2)
    blocks = blocks_of(times)
    assert blocks is not None
    found = put_back(times, blocks)
    assert np.diff(found.times_ns).tolist() == [100 * MS] * 199 and (found.times_ns <= times).all()
    assert found.times_ns[-1] == times[-1]
    assert (found.late_ns, found.open_ns, found.rows) == (0, NS, 10)


def test_a_row_a_period_is_no_block_where_a_few_were_written_twice():
    times = np.sort(np.concatenate([np.arange(100) * NS, np.arange(10, 60, 10) * NS + 2 * MS]))
    assert blocks_of(times) is None
