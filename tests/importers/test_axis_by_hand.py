"""Time axes of a few rows: which row is left out, which jump is a clock that was set, and from which step on rows are missing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.importers.hole_limits import hole_limit, pauses
from powermeter.importers.time_axis import (
    MOST_CELLS,
    Axis,
    axis,
    first_interval_ns,
    keep_first_step,
    refuse_sparse,
    regular,
    usual_step,
)

NS = 10**9
MONTH_S = 32 * 86_400  # and a day, for months of 31 days by clocks that are set


def read(seconds: list[float | None], **more: object) -> Axis:
    return axis([None if s is None else round(s * NS) for s in seconds], "log", spread=False, **more)


def seconds(found: Axis) -> list[float]:
    return (found.times_ns / NS).tolist()


def codes(found: Axis) -> list[str]:
    return [note.code for note in found.warnings]


def test_rows_without_a_time_are_left_out_counted_and_named() -> None:
    found = read([0, None, 2, None, 4], lines=np.array([10, 11, 12, 13, 14]))
    assert seconds(found) == [0, 2, 4] and found.kept.tolist() == [0, 2, 4]
    assert codes(found) == ["rows-without-time"]
    assert "2 of 5 rows" in found.warnings[0].text and "(lines 11, 13)" in found.warnings[0].text
    one = read([0, None, 2], lines=np.array([1, 2, 3]))
    assert "(line 2)" in one.warnings[0].text
    many = read([0, *[None] * 6, 7], lines=np.arange(8))
    assert "(lines 1, 2, 3, 4, 5 …)" in many.warnings[0].text
    with pytest.raises(DataError, match="no row has a time"):
        read([None, None])


def test_times_too_large_for_differences_are_none() -> None:
    found = axis(np.array([0, MISSING, 2**62, NS], np.int64), "log", spread=False)
    assert seconds(found) == [0, 1] and found.kept.tolist() == [0, 3]
    whole = read([0, 1, 2])
    assert whole.picked is None and whole.kept.tolist() == [0, 1, 2] and not whole.warnings


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        (
            [0, 1, 2, 3, 2.5, 4, 5, 6, 7, 8, 9, 10],
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        ),  # put together: see below
        ([0, 1, 2, 3, 1, 5, 6, 7, 8, 9, 10, 11], [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]),  # one row lies before
        ([0, 1, 2, 9, 3, 4, 5, 6, 7, 8, 9, 10], [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]),  # one row jumped ahead
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),  # the last shows nothing
    ],
)
def test_rows_out_of_order(times: list[float], kept: list[int]) -> None:
    found = read(times)
    assert found.kept.tolist() == kept
    assert (np.diff(found.times_ns) >= 0).all()
    if len(kept) < len(times):
        assert "rows-out-of-order" in codes(found) and seconds(found) == [times[k] for k in kept]
        assert "log-clock-set" not in codes(found)


def test_a_clock_set_back_leaves_one_usual_step() -> None:
    """Ten rows a second apart, then ten from 3 s on: the later part follows one step behind, every row in its place."""
    found = read([*range(10), *range(3, 13)])
    assert seconds(found) == list(range(20)) and found.picked is None
    assert "log-clock-set" in codes(found) and "back by 6" in found.warnings[0].text
    (gap,) = found.gaps
    assert (gap.start_ns, gap.end_ns, gap.reason) == (9 * NS, 10 * NS, "clock set")


@pytest.mark.parametrize(("jump", "is_set"), [(MONTH_S, False), (MONTH_S + 1, True)])
def test_a_jump_of_more_than_a_month_ahead_is_a_clock_that_was_set(jump: int, is_set: bool) -> None:
    times = [*range(10), *(9 + jump + k for k in range(10))]
    found = read(times)
    assert ("log-clock-set" in codes(found)) is is_set
    if is_set:
        # The later part has the time that somebody set; the earlier one is moved up to it.
        assert seconds(found) == [9 + jump - 10 + k for k in range(20)]
        assert [(g.start_ns, g.end_ns) for g in found.gaps] == [((9 + jump - 1) * NS, (9 + jump) * NS)]
    else:
        assert seconds(found) == times and [g.reason for g in found.gaps] == ["missed"]


def test_two_jumps_ahead_move_what_lies_before_both() -> None:
    times = [0, 1, 2, *(MONTH_S * 2 + k for k in range(3)), *(MONTH_S * 4 + k for k in range(3))]
    found = read(times)
    assert seconds(found) == [MONTH_S * 4 - 6 + k for k in range(9)]
    assert sorted(g.end_ns // NS - MONTH_S * 4 for g in found.gaps) == [-3, 0]


@pytest.mark.parametrize(("back", "refused"), [(2, False), (3, True)])
def test_one_in_ten_that_runs_backwards_is_no_time_axis(back: int, refused: bool) -> None:
    """Of 20 rows two may."""
    times = [float(k) for k in range(20)]
    for k in range(back):
        times[3 + 5 * k] -= 1.5
    if refused:
        with pytest.raises(DataError, match="3 of 20 times run backwards"):
            read(times)
    else:
        read(times)


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ([0, 1, 2, 3, 4, 45], [0, 1, 2, 3, 4]),  # 41 s behind, of 4 s: more than ten times
        ([0, 1, 2, 3, 4, 44], [0, 1, 2, 3, 4, 5]),
        ([-41, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5]),
        ([-40, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]),
        ([-1000, 0, 1, 2, 3, 99999], [1, 2, 3, 4]),
        ([0, 1, 2, 3, 40], [0, 1, 2, 3, 4]),  # of five rows nobody knows which is wrong
        ([0, 0, 0, 0, 0, 9], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_row_ten_lengths_away_at_an_end_is_astray(times: list[float], kept: list[int]) -> None:
    found = read(times, holes=False)
    assert found.kept.tolist() == kept and seconds(found) == [times[k] for k in kept]
    assert ("stray-rows" in codes(found)) is (len(kept) < len(times))


@pytest.mark.parametrize(
    ("steps", "limit"),
    [
        ([1] * 10, 1.6),
        ([1] * 3, 1.6),
        ([1] * 3 + [2], 1.6),  # of fewer than ten steps one may be longer
        ([1] * 2 + [2], 3.0),  # two of three are no rule: three medians
        ([1] * 5 + [2] * 2, 3.0),  # nor are five of seven
        ([1], math.inf),
        ([1] * 2, 100.0),  # a hundred of the shorter ones is a hole, however few there are
        ([1, 1, 900], 100.0),
        ([1, 2, 900, 3], 100.0 * 1.5),
        ([1] * 38 + [900], 1.6),
        ([1] * 18 + [2] * 2, 1.6),  # nine in ten within a fifth
        ([1] * 17 + [2] * 3, 3.0),
        ([1] * 17 + [1.2] * 2 + [9], 1.6),
        ([1] * 20 + [4] * 10, 8.0),  # twice the upper quarter's
        ([1] * 37 + [4] * 3, 1.6),
        ([1] * 34 + [4] * 6, 8.0),  # from 40 steps on twice the upper twentieth's
        ([0] * 5 + [1] * 10, 1.6),  # steps of nothing do not count
    ],
)
def test_from_which_step_on_rows_are_missing(steps: list[float], limit: float) -> None:
    times = np.rint(np.concatenate([[0], np.cumsum(steps)]) * NS).astype(np.int64)
    assert hole_limit(times) == pytest.approx(limit * NS)


@pytest.mark.parametrize(("step", "gap"), [(1.59, False), (1.61, True)])
def test_a_step_above_the_limit_is_a_gap(step: float, gap: bool) -> None:
    times = np.rint(np.concatenate([np.arange(20), 19 + step + np.arange(20)]) * NS).astype(np.int64)
    found = pauses(times)
    assert [(g.start_ns, g.end_ns, g.reason) for g in found] == (
        [(19 * NS, round((19 + step) * NS), "missed")] if gap else []
    )
    assert len(pauses(times, 0.5 * NS)) == 39 and pauses(times[:3]) == []


def test_the_usual_step_is_the_median_of_those_that_are_steps() -> None:
    assert usual_step(np.array([0, 0, 2, 4, 5, 5 + MONTH_S], np.int64) * NS) == 2 * NS
    assert usual_step(np.zeros(4, np.int64)) == 0.0
    assert first_interval_ns(Axis(np.array([10, 12, 14], np.int64) * NS)) == 8 * NS
    assert first_interval_ns(Axis(np.array([10, 10], np.int64) * NS)) == 9 * NS


@pytest.mark.parametrize(
    ("times", "columns", "refused"), [(MOST_CELLS, 1, False), (MOST_CELLS // 4 + 1, 4, True)]
)
def test_a_table_that_would_fill_memory_is_refused(times: int, columns: int, refused: bool) -> None:
    if refused:
        with pytest.raises(DataError, match="4 series"):
            refuse_sparse(times, columns, "log")
    else:
        refuse_sparse(times, columns, "log")


def test_equal_steps_and_rows_that_share_the_first_stamp() -> None:
    assert regular(4, 0.25, 5).times_ns.tolist() == [5, 250_000_005, 500_000_005, 750_000_005]
    found = Axis(np.array([9, 9, 9, 20], np.int64))
    keep_first_step(found)
    assert found.times_ns.tolist() == [7, 8, 9, 20]
    alone = Axis(np.array([9, 20], np.int64))
    keep_first_step(alone)
    assert alone.times_ns.tolist() == [9, 20]


def test_coarse_stamps_are_spread_where_a_third_of_the_steps_are_none() -> None:
    """Four rows in each second: three of four steps are 0 s."""
    stamps = [k // 4 * NS for k in range(41)]
    found = axis(stamps, "log")
    assert found.flags is not None and "coarse-stamps" in codes(found)
    assert found.resolution_ns == NS and found.span_error == pytest.approx(0.1)
    assert usual_step(found.times_ns) == pytest.approx(0.25 * NS, rel=0.05)
    left = axis(stamps, "log", spread=False)
    assert left.flags is None and codes(left) == ["repeated-times"]
    few = axis([0, NS, NS, 2 * NS, 3 * NS, 4 * NS, 5 * NS], "log")
    assert few.flags is None
