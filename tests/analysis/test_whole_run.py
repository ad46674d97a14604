"""The whole run is the channel's own rule between its first and its last reading, and its interval covers how far that may be off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run, never_negative
from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.result.notes import having
from powermeter.signals.decoding import from_samples
from powermeter.signals.kept_readings import Kept

NS = 1_000_000_000


def run(watts: list[float], every_s: float, **how: object):
    times = np.rint(np.arange(len(watts)) * every_s * NS).astype(np.int64)
    return measure_run(Integral.of(from_samples(times, np.array(watts, float), **how))).energy


def test_a_step_between_readings_by_eye() -> None:
    energy = run([0, 100, 100, 100], 60)
    assert energy.value == pytest.approx(15_000)
    assert energy.low <= 12_100 and energy.high >= 17_900  # the step lies anywhere within a minute


def test_two_readings_by_eye_say_little() -> None:
    energy = run([10, 2], 1)
    assert energy.value == pytest.approx(6)
    assert energy.low < 2.5 and energy.high > 9.5


def test_one_high_reading_an_hour_is_a_kilowatt_hour_of_chance() -> None:
    energy = run([0, 1000, 0, 0], 3600)
    assert energy.value == pytest.approx(3.6e6)
    assert energy.low == 0 and energy.high > 1e7  # one of a kind: its number is Poisson's


def test_two_readings_of_a_display_of_a_watt_hour() -> None:
    times = np.array([0, 3600 * NS])
    trace = from_samples(times, np.array([0.0, 25_200.0]), Quantity.ENERGY, kind=Kind.COUNTER, step=3600.0)
    energy = measure_run(Integral.of(trace)).energy
    assert energy.value == pytest.approx(25_200)
    assert (energy.high - energy.low) / 2 == pytest.approx(2_900, rel=0.05)  # 1.96 × 3600/√6
    assert next(iter(energy.by_kind())) == "step"


def test_a_ripple_that_the_readings_average_out_does_not_widen_the_sum() -> None:
    t = np.arange(8000)
    rng = np.random.default_rng(2)
    watts = 5 + np.where(t % 5.37 < 0.4 * 5.37, 1.0, -2 / 3) + 0.01 * rng.standard_normal(t.size)
    energy = run(watts.tolist(), 0.01)
    # The readings' mean is off by 0.15 J, since they met the period at chosen places; as white noise the ripple would make 1.4 J.
    assert energy.low < 5 * 79.99 < energy.high
    assert (energy.high - energy.low) / 2 < 0.25


@pytest.mark.thorough
def test_events_of_a_whole_number_of_intervals_are_no_beat_where_stamps_jitter(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    times = np.arange(60_000, dtype=np.int64) * 1_000_000 + rng.integers(-60_000, 60_000, 60_000)
    starts = np.arange(400, dtype=np.int64) * 140_000_000 + 10_000_000 + rng.integers(0, 30_000_000, 400)
    inside = np.searchsorted(np.stack([starts, starts + NS // 10], 1).ravel(), times) % 2
    path = tmp_path / "run.power"
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("board", boundary=Boundary.BOARD))
        source = writer.add_source("x://", "meter", "x", (channel,))
        writer.append(source, times, 2000 + 3000 * inside + rng.integers(-9, 9, times.size))
        writer.add_events([Event("infer", s, s + NS // 10, uid=i + 1) for i, s in enumerate(starts.tolist())])
    found = analyse(path)
    assert not having(found.notes, "beat") and found.energy.grade is Grade.MEASURED


@pytest.mark.parametrize(("at", "below"), [(1, True), (None, False)])
def test_a_reading_below_zero_of_a_run_too_long_to_be_held_is_not_missed(at: int | None, below: bool) -> None:
    """140 000 held readings, one of which may be below zero: where readings were left out each that is held is looked at."""
    n = 140_000
    watts = np.full(n, 2.0)
    if at is not None:
        watts[at] = -1.0
    times = np.arange(n, dtype=np.int64) * 1_000_000
    place = np.arange(n) + (np.arange(n) >= n // 2)  # one reading in the middle was left out
    trace = from_samples(times, watts)
    held = Kept(place, np.cumsum(watts) * 1e-3, ((0, n // 2), (n // 2, n)))
    assert never_negative(Integral.of(replace(trace, kept=held))) != below


def test_a_total_that_falls_between_held_readings_can_take_energy_back() -> None:
    """1, 2, 1.5 J: above zero all the while, and 0.5 J less at the end than before."""
    times, total = np.arange(3, dtype=np.int64) * NS, np.array([1.0, 2.0, 1.5])
    trace = from_samples(times, total, Quantity.ENERGY, kind=Kind.COUNTER)
    held = Kept(np.array([0, 1, 5]), None, ((0, 2),))
    assert not never_negative(Integral.of(replace(trace, kept=held)))
    rising = from_samples(times, np.array([-1.0, 0.0, 1.5]), Quantity.ENERGY, kind=Kind.COUNTER)
    assert never_negative(Integral.of(replace(rising, kept=held)))
