"""The saving of a better hour, with the interval of two windows and a shared error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.footprint.best_hours import best_and_worst, saving
from powermeter.footprint.factors import default
from powermeter.footprint.hourly_intensity import Intensity

HOUR = 3600 * 10**9


def test_a_saving_inside_the_data_error_is_not_claimed() -> None:
    flat = Intensity.of("f", [(i * HOUR, value) for i, value in enumerate([100.0, 98.0, 99.0])])
    small = saving(flat, best_and_worst(flat, HOUR), 100.0, 1.0)
    assert not small.resolved
    assert "cannot be decided" in small.lines()[0]
    steep = Intensity.of("s", [(i * HOUR, value) for i, value in enumerate([500.0, 60.0, 300.0])])
    large = saving(steep, best_and_worst(steep, HOUR), 500.0, 1.0)
    assert large.resolved
    assert large.grams.low < 440 == pytest.approx(large.grams.value)
    forecast = replace(steep, estimated=3)
    wider = saving(forecast, best_and_worst(forecast, HOUR), 500.0, 1.0)
    assert wider.grams.high - wider.grams.low > large.grams.high - large.grams.low
    assert "forecast" in wider.lines()[1]


def test_the_interval_of_a_saving_is_that_of_two_windows_and_a_shared_error() -> None:
    steep = Intensity.of("s", [(i * HOUR, value) for i, value in enumerate([500.0, 60.0, 300.0])])
    found = saving(steep, best_and_worst(steep, HOUR), 500.0, 2.0).grams
    common, own = default("hourly.common").sigma, default("hourly.own").sigma
    expected = 2.0 * ((440 * common) ** 2 + (500 * own) ** 2 + (60 * own) ** 2) ** 0.5
    assert found.value == pytest.approx(880)
    assert found.standard_uncertainty == pytest.approx(expected)


def test_a_run_at_its_best_hour_saves_nothing() -> None:
    series = Intensity.of("s", [(i * HOUR, value) for i, value in enumerate([60.0, 500.0, 300.0])])
    found = saving(series, best_and_worst(series, HOUR), 60.0, 1.0)
    assert found.grams.value == 0 and not found.resolved
