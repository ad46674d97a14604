"""Carbontracker's log: an estimate of what was measured."""

import pytest
from tool_log import load

from powermeter.result import Grade


def test_carbontracker_is_an_estimate_of_what_was_measured_not_predicted(tmp_path):
    text = (
        "CarbonTracker: Actual consumption for 2 epoch(s):\n\tTime:\t0:01:40\n\tEnergy:\t0.001 kWh\n"
        "CarbonTracker: Predicted consumption for 100 epoch(s):\n\tTime:\t1:23:20\n\tEnergy:\t0.05 kWh\n"
    )
    log, energies, _ = load(tmp_path, text)
    (channel,) = log.sources[0].channels
    assert energies["components"] == pytest.approx(3600.0) and channel.grade is Grade.ESTIMATED
    assert [(e.count, e.duration_s) for e in log.events] == [(2, 100.0)]


def test_a_training_of_days(tmp_path):
    text = (
        "CarbonTracker: Actual consumption for 1 epoch(s):\n\tTime:\t2 days, 3:04:05\n\tEnergy:\t1.000 kWh\n"
    )
    log, energies, _ = load(tmp_path, text)
    assert log.events[0].duration_s == 2 * 86_400 + 3 * 3600 + 4 * 60 + 5
    assert energies["components"] == pytest.approx(3.6e6)
