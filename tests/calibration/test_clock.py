"""Clocks that drift, jump, stop and are set, against a truth drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.calibration.clock import WallClock, fit_ticks
from powermeter.errors import DataError

S = 1_000_000_000


def arrivals(
    rng: np.random.Generator, seconds: int, drift: float, offset: int, delay_ms: float = 3.0
) -> list[tuple[int, int]]:
    """One tick each 100 ms of a millisecond clock, delivered late by an exponential delay."""
    device = np.arange(0, seconds * 1000, 100)
    true = offset + np.rint(device * 1e6 * (1 + drift)).astype(np.int64)
    late = rng.exponential(delay_ms * 1e6, device.size).astype(np.int64)
    return list(zip(device.tolist(), (true + late).tolist(), strict=True))


@pytest.mark.parametrize("drift", [0.0, 40e-6, -180e-6])
def test_offset_and_drift_come_from_the_earliest_arrivals(drift: float) -> None:
    errors, slopes, claimed = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        pairs = arrivals(rng, 300, drift, 5 * S)
        (fit,), troubles = fit_ticks(pairs, 1e6)
        assert not troubles
        true = 5 * S + fit.tick * 1e6 * (1 + drift)
        errors.append(fit.host_ns - true)
        slopes.append(fit.drift - drift)
        claimed.append(fit.offset_u_ns)
    assert np.abs(errors).max() < 0.2e6  # 3 ms of delay, known to 0.2 ms
    assert np.abs(slopes).max() < 3e-6
    assert np.sqrt(np.mean(np.square(errors))) < 3 * np.mean(claimed)


def test_a_jump_is_found_where_it_is_and_both_sides_are_fitted() -> None:
    pairs = arrivals(np.random.default_rng(1), 200, 20e-6, 0)
    jumped = [(tick + (250 if tick >= 120_000 else 0), host) for tick, host in pairs]
    fits, troubles = fit_ticks(jumped, 1e6)
    assert [t.what for t in troubles] == ["jumped"]
    assert troubles[0].host_ns == pytest.approx(120 * S, abs=0.5 * S)
    assert troubles[0].size_ns == pytest.approx(-250e6, rel=0.05)
    assert len(fits) == 2
    late = fits[1].to_host([150_250])[0]
    assert late == pytest.approx(150e9 * (1 + 20e-6), abs=1e6)


def test_a_restart_and_a_standstill_are_told_apart() -> None:
    pairs = arrivals(np.random.default_rng(2), 100, 0.0, 0)
    restarted = [(tick - 50_000 if tick >= 50_000 else tick, host) for tick, host in pairs]
    assert [t.what for t in fit_ticks(restarted, 1e6)[1]] == ["restarted"]
    stopped = [(min(tick, 40_000) if tick < 60_000 else tick, host) for tick, host in pairs]
    what = [t.what for t in fit_ticks(stopped, 1e6)[1]]
    assert "stopped" in what


def test_too_few_or_absurd_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        fit_ticks([(0, 0), (1, 1000)], 1.0)
    wrong_unit = [(tick, host) for tick, host in arrivals(np.random.default_rng(3), 60, 0.0, 0)]
    with pytest.raises(DataError, match="ppm"):
        fit_ticks(wrong_unit, 1.01e6)


def test_a_slewed_wall_clock_is_followed() -> None:
    mono = np.arange(0, 600, 60) * S
    utc = 10**18 + np.rint(mono * (1 + 400e-6)).astype(np.int64)
    clock = WallClock(list(zip(mono.tolist(), utc.tolist(), strict=True)))
    assert clock.steps == []
    wanted = 10**18 + round(90 * S * (1 + 400e-6))
    times, spread = clock.to_monotonic([wanted])
    assert times[0] == pytest.approx(90 * S, abs=1000)
    assert spread[0] < 2e6


def test_a_step_back_makes_times_that_are_not_known() -> None:
    pairs = [(0, 10**18), (60 * S, 10**18 + 60 * S), (120 * S, 10**18 + 90 * S), (180 * S, 10**18 + 150 * S)]
    clock = WallClock(pairs)
    assert [t.what for t in clock.steps] == ["jumped"]
    assert clock.steps[0].size_ns == pytest.approx(-30e9)
    times, spread = clock.to_monotonic([10**18 + 20 * S, 10**18 + 80 * S, 10**18 + 140 * S])
    assert times[0] == 20 * S and np.isfinite(spread[0])
    assert np.isinf(spread[1])  # happened twice
    assert times[2] == 170 * S and np.isfinite(spread[2])


def test_no_pairs_no_mapping() -> None:
    with pytest.raises(DataError, match="no clock pairs"):
        WallClock([])
