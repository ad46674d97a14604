"""Hourly intensity met with a recording, summer time and gaps included; the saved formats."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from day_of_hours import (
    HOUR,
    met,
    utc_ns,
)
from electricity_maps import saved
from simulated_day import simulate_day

from powermeter.errors import DataError
from powermeter.footprint.best_hours import best_and_worst
from powermeter.footprint.hourly_intensity import Intensity, Utc, mean_of
from powermeter.footprint.intensity_file import read
from powermeter.footprint.weighted_intensity import as_factor, of_events, weigh


def test_a_sample_interval_that_straddles_an_hour_is_split_by_time(tmp_path: Path) -> None:
    path = simulate_day(
        tmp_path / "r.power",
        [3.6, 3.6],
        seconds_per_sample=3600,
        start_utc_ns=utc_ns(datetime(2024, 1, 1, 0, 45, tzinfo=timezone.utc)),
    )
    start = utc_ns(datetime(2024, 1, 1, tzinfo=timezone.utc))
    series = Intensity.of("t", [(start, 100.0), (start + HOUR, 500.0)])
    found = met(path, series)
    assert found.grams == pytest.approx(3.6e-3 * (0.25 * 100 + 0.75 * 500), rel=1e-9)


def test_events_alone_meet_their_own_hours() -> None:
    """1 W all along; events in the second half of the first hour and the first quarter of the second."""
    running = of_events(lambda times: times / 1e9, [(HOUR // 2, HOUR), (HOUR, HOUR + HOUR // 4)])
    series = Intensity.of("t", [(0, 100.0), (HOUR, 500.0)])
    found = weigh(series, running, 0, 2 * HOUR, [(0, 0)])
    assert found.energy_j == pytest.approx(2700)
    assert found.grams == pytest.approx((1800 * 100 + 900 * 500) / 3.6e6)
    with pytest.raises(DataError, match="overlap"):
        of_events(lambda times: times / 1e9, [(0, 10), (5, 20)])


def test_the_running_energy_of_events_stands_still_between_them() -> None:
    """3 W; events from 10 to 20 s and from 30 to 35 s, given in any order: 0 before, 30 J between, 45 J after."""
    running = of_events(lambda times: 3.0 * times / 1e9, [(30 * 10**9, 35 * 10**9), (10 * 10**9, 20 * 10**9)])
    at = np.array([0, 10, 15, 20, 25, 30, 32, 35, 90], np.int64) * 10**9
    assert running(at) == pytest.approx([0, 0, 15, 30, 30, 30, 36, 45, 45])


def test_the_wall_clock_may_drift_against_the_monotonic_one() -> None:
    clock = Utc([(0, 10**18), (1000, 10**18 + 2000)])
    assert clock.of(500) == 10**18 + 1000
    assert clock.monotonic(10**18 + 1000) == 500
    assert clock.of(-10) == 10**18 - 10
    assert clock.of(1010) == 10**18 + 2010
    with pytest.raises(DataError, match="no wall clock"):
        Utc([])


def test_best_and_worst_start() -> None:
    series = Intensity.of(
        "t", [(i * HOUR, value) for i, value in enumerate([300.0, 100.0, 120.0, 500.0, 400.0])]
    )
    found = best_and_worst(series, 2 * HOUR)
    assert (found.best, found.best_start_ns) == (pytest.approx(110), HOUR)
    assert (found.worst, found.worst_start_ns) == (pytest.approx(450), 3 * HOUR)
    half = best_and_worst(series, HOUR + HOUR // 2)
    assert half.best == pytest.approx((100 + 120 / 2) / 1.5)
    broken = Intensity.of(
        "t", [(i * HOUR, value) for i, value in ((0, 9.0), (1, 50.0), (3, 1.0), (4, 80.0))], HOUR
    )
    found = best_and_worst(broken, 2 * HOUR)
    assert (found.best_start_ns, found.worst_start_ns) == (0, 3 * HOUR)
    with pytest.raises(DataError, match="too short"):
        best_and_worst(series, 9 * HOUR)


@pytest.mark.thorough
def test_a_year_of_five_minutes_is_quick() -> None:
    step = HOUR // 12
    series = Intensity.of("y", [(i * step, 100.0 + i % 50) for i in range(105_120)])
    assert best_and_worst(series, 24 * HOUR).best == pytest.approx(
        100 + (5 * sum(range(50)) + sum(range(38))) / 288
    )


# Files -------------------------------------------------------------------------------------------


def test_a_file_that_does_not_say_which_is_read_as_average_and_the_account_says_so(tmp_path: Path) -> None:
    series = read(saved(tmp_path, "timestamp_utc,ci_g_per_kwh\n2024-01-01T00:00Z,10\n2024-01-01T01:00Z,11\n"))
    assert series.kind == "average"
    assert "not stated in the file" in as_factor(series, 10.5, 0.0, "SWE").note
    said = read(
        saved(
            tmp_path,
            "timestamp_utc,ci_g_per_kwh,kind,basis\n2024-01-01T00:00Z,10,marginal,direct\n"
            "2024-01-01T01:00Z,11,marginal,direct\n",
        )
    )
    assert "not stated" not in as_factor(said, 10.5, 0.0, "SWE").note
    assert as_factor(said, 10.5, 0.0, "SWE").basis == "direct, marginal"


def test_the_mean_of_a_run_is_weighted_by_its_hours_and_of_a_file_it_is_the_plain_one() -> None:
    """An hour of 100 and one of 500 g/kWh: 45 min in the first and 15 in the second are 200."""
    series = Intensity.of("t", [(0, 100.0), (HOUR, 500.0)])
    assert mean_of(series, None, 10**9) == (300.0, 0.0)
    mean, filled = mean_of(series, HOUR // 4, HOUR)
    assert mean == pytest.approx(200.0) and filled == 0.0
    assert mean_of(series, HOUR - 1, 0)[0] == 100.0, "a run without length stands in its hour"
    assert mean_of(series, HOUR - 1, 1)[0] == 100.0 and mean_of(series, HOUR, 1)[0] == 500.0


def test_the_filled_share_is_that_of_the_energy() -> None:
    """Two hours known, the third not: 1, 2 and 5 J, so that five eighths of the energy meet a filled value."""
    start = utc_ns(datetime(2024, 1, 1, tzinfo=timezone.utc))
    series = Intensity.of("x", [(start, 100.0), (start + HOUR, 200.0), (start + 3 * HOUR, 400.0)], HOUR)
    joules = np.array([0.0, 1.0, 3.0, 8.0])

    def energy_at(times: np.ndarray) -> np.ndarray:
        return np.interp(times, HOUR * np.arange(4), joules)

    found = weigh(series, energy_at, 0, 3 * HOUR, [(0, start), (4 * HOUR, start + 4 * HOUR)], 300.0)
    assert found.filled_share == pytest.approx(5 / 8)
    held = next(piece.value for piece, _ in found.pieces if piece.filled)
    grams = (1 * 100 + 2 * 200 + 5 * held) / 3.6e6
    assert found.grams == pytest.approx(grams) and found.energy_j == pytest.approx(8.0)
