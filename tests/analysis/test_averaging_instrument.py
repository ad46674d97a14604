"""An instrument that averages exponentially over many readings, seen at the edges of few long events; and loads that only resemble one."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.averaging_instrument import as_fed
from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.event_estimate import LAG, Activity, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
IDLE, ADDED, FINE = 1.2, 3.5, 0.1


def read(watts: np.ndarray, spans: list[tuple[float, float]]) -> Analysis:
    """Return what 1 Hz readings of a course in steps of 0.1 s show."""
    pick = np.arange(3, watts.size, 10)
    noise = 0.002 * np.random.default_rng(1).standard_normal(pick.size)
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("BAT"), accuracy=Accuracy(noise=0.002))
    codes = np.rint((watts[pick] + noise) / 1e-3).astype(np.int64)
    times = np.rint(pick * FINE * NS).astype(np.int64)
    source = SourceInfo(1, "test://", "gauge", "test", {}, (channel,))
    events = [Event("job", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)]
    data = {1: Samples(times, {"power": codes}, np.zeros(times.size, np.uint8))}
    return analyse(SimulatedRecording([source], data, {1: []}, events))


def busy(seconds: float, spans: list[tuple[float, float]]) -> np.ndarray:
    """Return the power of jobs that draw two levels in turn."""
    t = np.arange(0, seconds, FINE)
    watts = np.full(t.size, IDLE)
    for a, b in spans:
        inside = (t >= a) & (t < b)
        watts[inside] += ADDED + np.where((t[inside] - a) % 3.7 < 1.7, 1.0, -0.85)
    return watts


def averaged(watts: np.ndarray, constant_s: float) -> np.ndarray:
    """Return y with T dy/dt = watts − y, from watts at rest."""
    kernel = np.exp(-np.arange(0, 10 * constant_s, FINE) / constant_s)
    shown = np.convolve(watts - IDLE, kernel / kernel.sum())[: watts.size]
    return np.asarray(IDLE + shown)


FOUR = [(40.3, 150.9), (230.1, 345.6), (420.4, 560.2), (650.7, 770.3)]


@pytest.mark.parametrize(("constant_s", "spans"), [(25.0, FOUR), (12.0, FOUR), (12.0, FOUR[:1])])
def test_few_long_jobs_behind_a_filter_are_estimated_and_open_upward(
    constant_s: float, spans: list[tuple[float, float]]
) -> None:
    watts = busy(spans[-1][1] + 130, spans)
    found = read(averaged(watts, constant_s), spans)
    used = np.mean([watts[round(a / FINE) : round(b / FINE)].sum() * FINE for a, b in spans])
    energy = found.rows[0].energy_per_item
    assert energy is not None and energy.grade is Grade.ESTIMATED
    assert energy.low < 0.96 * used < used <= energy.high < 1.1 * used
    assert found.energies.groups[0].why == LAG


def test_a_log_that_ends_soon_behind_a_job_opens_the_run_by_what_the_filter_holds() -> None:
    watts = busy(790.0, FOUR)
    found = read(averaged(watts, 25.0), FOUR)
    used = float(watts.sum()) * FINE
    assert found.energy.grade is Grade.ESTIMATED
    assert found.energy.value < used < found.energy.high < 1.06 * used


def test_a_ramp_at_starts_alone_is_no_filter() -> None:
    watts = busy(900.0, FOUR)
    t = np.arange(watts.size) * FINE
    for a, b in FOUR:
        inside = (t >= a) & (t < b)
        watts[inside] -= ADDED * np.exp(-(t[inside] - a) / 12)
    found = read(watts, FOUR)
    used = np.mean([watts[round(a / FINE) : round(b / FINE)].sum() * FINE for a, b in FOUR])
    energy = found.rows[0].energy_per_item
    assert energy is not None and energy.grade is Grade.MEASURED
    assert energy.low <= used <= energy.high < 1.06 * used


def test_a_load_that_runs_down_behind_its_end_but_starts_at_once_is_no_filter() -> None:
    watts = busy(900.0, FOUR)
    t = np.arange(watts.size) * FINE
    for _, b in FOUR:
        watts[t >= b] += ADDED * np.exp(-(t[t >= b] - b) / 12)
    found = read(watts, FOUR)
    assert found.energies.groups[0].why != LAG and found.energy.grade is Grade.MEASURED


def test_a_moving_average_of_moments_is_fed_with_those_moments() -> None:
    """y = 0.3 x + 0.7 y before it, each 0.1 s: T = −0.1 s/ln 0.7 leads back to x."""
    rng = np.random.default_rng(6)
    x = rng.uniform(2, 9, 200)
    y = x.copy()
    for k in range(1, y.size):
        y[k] = 0.3 * x[k] + 0.7 * y[k - 1]
    times = np.arange(200, dtype=np.int64) * 100_000_000
    integral = Integral.of(from_samples(times, y))
    estimate = GroupEstimate.empty(1)
    seen = (Activity(times[:1], times[-1:], estimate),)
    assert as_fed(integral, seen) is integral
    estimate.averages_s = -0.1 / float(np.log(0.7))
    assert as_fed(integral, seen).trace.values == pytest.approx(x)
