"""Rows that come faster than their stamps are written: spread in pieces as in one."""

import numpy as np
import pytest

from powermeter.importers import coarse_stamps
from powermeter.importers.coarse_stamps import (
    nearly_one_a_stamp,
    skipped_stamps,
    spread_stamps,
    whole_seconds,
)
from powermeter.importers.time_axis import axis

SECOND = 10**9


@pytest.mark.parametrize("uneven", [False, True])
def test_pieces_make_no_difference(uneven, monkeypatch):
    """100 rows a second, or a pause of a minute in the middle, over which no row is spread."""
    stamps = (np.arange(2000) // 100) * SECOND
    stamps[1000:] += 60 * SECOND * uneven
    whole = spread_stamps(stamps)
    monkeypatch.setattr(coarse_stamps, "_PIECE", 97)
    pieces = spread_stamps(stamps)
    assert np.array_equal(whole.times_ns, pieces.times_ns) and pieces.resolution_ns == SECOND
    assert pieces.how == whole.how and ("changes" in whole.how) is uneven
    assert np.abs(pieces.times_ns - stamps).max() <= SECOND + 1


def test_whole_seconds_are_seen_across_pieces(monkeypatch):
    monkeypatch.setattr(coarse_stamps, "_PIECE", 8)
    stamps = np.arange(100) * SECOND
    assert whole_seconds(stamps) == SECOND and whole_seconds(stamps[:4]) == 0
    stamps[90] += 1
    assert whole_seconds(stamps) == 0


@pytest.mark.parametrize("rate", [1.03, 0.96, 1.2])
@pytest.mark.parametrize("cut", [np.floor, np.round])
def test_a_clock_cut_to_about_its_own_interval_is_put_back_on_its_line(rate, cut):
    """Rows are found to a twentieth of a second, and as late as they are to a quarter, whether fractions were dropped or rounded."""
    exact = 0.37 + np.arange(120) / rate
    found = nearly_one_a_stamp((cut(exact) * SECOND).astype(np.int64))
    assert found is not None and found.resolution_ns == SECOND and found.late_ns is not None
    apart = (found.times_ns + found.late_ns) / SECOND - exact
    assert np.ptp(apart) < 0.1 and abs(apart.mean()) < 0.3


def test_rows_that_are_repeated_or_missing_are_no_cut_clock():
    rows = np.arange(100) * SECOND
    assert nearly_one_a_stamp(rows) is None
    assert nearly_one_a_stamp(np.delete(rows, [20, 21, 22, 60])) is None  # a hole and a lost row
    assert nearly_one_a_stamp(np.delete(rows, [20, 24, 61, 70, 71])) is None
    assert nearly_one_a_stamp(np.insert(rows, [10, 12, 50], rows[[10, 12, 50]])) is None
    assert nearly_one_a_stamp(rows[:10]) is None
    assert nearly_one_a_stamp(np.sort(rows + (np.arange(100) % 7) * 1_300_001)) is None


@pytest.mark.parametrize("stamped", [0, 9])
def test_rows_stamped_together_lie_on_either_side_of_their_stamp(stamped):
    """Ten rows of 10 ms share the stamp of the first or the last of them, 7.137 s into a minute: both are within what stays open.

    Taken for stamps that were cut, those stamped when they arrived were 90 ms late.
    """
    exact = 7_137_000_000 + np.arange(1000) * 10_000_000
    found = spread_stamps(exact[(np.arange(1000) // 10) * 10 + stamped])
    assert found.late_ns is not None and found.open_ns == 120_000_000 and found.resolution_ns == 100_000_000
    apart = found.times_ns + found.late_ns - exact
    assert np.abs(apart).max() <= 45_000_001 and np.ptp(apart) <= 1
    assert np.abs(apart).max() < 1.96 * found.open_ns / np.sqrt(12)


def test_a_block_behind_a_hole_goes_back_by_one_step():
    exact = 7_137_000_000 + np.arange(600) * 10_000_000
    exact[300:] += 5 * SECOND
    found = spread_stamps(exact[(np.arange(600) // 10) * 10 + 9])
    assert np.abs(found.times_ns - exact).max() <= 1_000_000


def test_stamps_of_tenths_were_cut():
    exact = 7_137_000_000 + np.arange(1000) * 10_000_000
    assert spread_stamps(exact // 100_000_000 * 100_000_000).open_ns is None


def test_a_second_that_rows_slower_than_one_leave_out_is_no_hole():
    """150 rows each 1.0011 s skip one whole second; two that lie closer than the rows beside them are missing rows."""
    exact = 0.9 + 1.0011 * np.arange(150)
    stamps = np.floor(exact).astype(np.int64) * SECOND
    assert np.unique(np.diff(stamps)).tolist() == [SECOND, 2 * SECOND]
    assert skipped_stamps(stamps) == 1
    found = axis(stamps.tolist(), "log.csv")
    assert not found.gaps and [note.code for note in found.warnings] == ["skipped-stamps"]
    lost = np.delete(np.arange(150), [40, 50]) * SECOND
    assert skipped_stamps(lost) == 0 and skipped_stamps(lost // 10) == 0
    assert axis(lost.tolist(), "log.csv").gaps
    long = np.delete(np.arange(150), [40, 41]) * SECOND
    assert skipped_stamps(long) == 0
