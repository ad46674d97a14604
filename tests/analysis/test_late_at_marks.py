"""Levels that change late behind marks: whoever logs a plug that refreshes every few seconds knows each edge to that, rows each second or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.late_at_marks import at_late_changes
from powermeter.channel import Kind, Quantity
from powermeter.result import Grade
from powermeter.signals.trace import Trace, median_interval_ns

START, END = 30.4, 90.4


def log(*changes: tuple[int, float]) -> tuple[Trace, NDArray[np.int64], NDArray[np.int64]]:
    """Return a row each second for two minutes, 15 W up to the first change, and the marks of one event."""
    values = np.full(120, 15.0)
    for second, watts in changes:
        values[second:] = watts
    times = np.arange(120, dtype=np.int64) * 1_000_000_000
    trace = Trace(times, values, Quantity.POWER, kind=Kind.INSTANT, interval_ns=median_interval_ns(times))
    return trace, np.array([int(START * 1e9)]), np.array([int(END * 1e9)])


def test_what_comes_late_by_two_times_is_a_reading_for_each_refresh() -> None:
    """Changes 3.6 and 1.6 s late stand for 7.2 s at most: 60 W of an event then step anywhere in the 7 s ahead of each row that shows it."""
    found = at_late_changes(*log((34, 60.0), (50, 90.0), (92, 15.0)))
    assert found.grade is Grade.ESTIMATED
    assert [note.code for note in found.notes] == ["late-at-marks"]
    steps = np.diff(found.times_ns)[np.diff(found.values) != 0] * 1e-9
    assert np.all((steps > 6.5) & (steps < 7.5))
    assert found.times_ns[[0, -1]].tolist() == [0, 119_000_000_000]
    assert set(found.values.tolist()) == {15.0, 60.0, 90.0}


def test_the_first_row_behind_each_mark_is_a_reading_of_its_own() -> None:
    trace, start, end = log((31, 60.0), (50, 90.0), (91, 15.0))
    assert at_late_changes(trace, start, end) is trace


def test_changes_in_two_rows_next_to_each_other_are_of_no_slow_refresh() -> None:
    trace, start, end = log((34, 60.0), (35, 90.0), (92, 15.0))
    assert at_late_changes(trace, start, end) is trace


def test_clocks_that_are_known_no_better_show_nothing() -> None:
    """A change 1.6 s late, of stamps that are known to 0.3 s: three of those and a row are 1.9 s."""
    trace, start, end = log((32, 60.0), (50, 90.0), (91, 15.0))
    assert at_late_changes(trace, start, end) is not trace
    doubted = replace(trace, clock_ns=0.3e9)
    assert at_late_changes(doubted, start, end) is doubted
