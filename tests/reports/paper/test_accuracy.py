"""Accuracy against energy: a measure that is the same in every event has a range of nothing, not below it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.recording import Recording
from powermeter.reports.paper.accuracy import accuracy, points_of
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions


def test_a_mean_of_equal_values_lies_between_them(make, twenty):
    """Twenty times 0.91 add up to a mean beside 0.91: a bar of negative length stopped the figure."""
    events = [replace(event, measures={"accuracy": 0.91}) for event in twenty]
    with Recording.open(make(events=events)) as recording:
        name, points = points_of(gather(recording, ReportOptions()))
    assert name == "accuracy"
    assert all(p.low <= p.mean <= p.high for p in points)


def test_a_bar_reaches_from_the_least_to_the_most_of_the_events(make, twenty):
    """Ten times 0.8 and ten times 0.9: a point at 0.85 with a bar from 0.8 to 0.9."""
    figures = pytest.importorskip("matplotlib.figure")
    events = [replace(event, measures={"accuracy": 0.8 + 0.1 * (i % 2)}) for i, event in enumerate(twenty)]
    with Recording.open(make(events=events)) as recording:
        drawn = accuracy(figures.Figure, gather(recording, ReportOptions()), 1)
    (bar,) = drawn.axes[0].containers
    (_, low), (_, high) = bar.lines[2][1].get_segments()[0]
    assert bar.lines[0].get_ydata() == pytest.approx([0.85])
    assert (low, high) == (pytest.approx(0.8), pytest.approx(0.9))
