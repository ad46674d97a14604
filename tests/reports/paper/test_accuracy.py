"""Accuracy against energy: a measure that is the same in every event has a range of nothing, not below it."""

from __future__ import annotations

from dataclasses import replace

from powermeter.recording import Recording
from powermeter.reports.paper.accuracy import points_of
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions


def test_a_mean_of_equal_values_lies_between_them(make, twenty):
    """Twenty times 0.91 add up to a mean beside 0.91: a bar of negative length stopped the figure."""
    events = [replace(event, measures={"accuracy": 0.91}) for event in twenty]
    with Recording.open(make(events=events)) as recording:
        name, points = points_of(gather(recording, ReportOptions()))
    assert name == "accuracy"
    assert all(p.low <= p.mean <= p.high for p in points)
