"""A loop in step with readings at regular moments: readings agree inside each event, and events stand far apart."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.levels_apart import strays_are_outermost
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedRecording

HIGH, LOW, IDLE = 320.0, 110.0, 60.0
NOISE = 0.3


def jobs_of(
    starts: list[float], seconds: float, period: float, jitter: float = 0.0, **loads: float
) -> Analysis:
    """Analyse jobs that are on for 60 % of each period, which begins with the job, read ten times a second."""
    chance = np.random.default_rng(5)
    end = starts[-1] + seconds + 2
    times = np.arange(0.05, end, 0.1)
    times += chance.uniform(-jitter, jitter, times.size)
    power = np.full(times.size, IDLE)
    for k, start in enumerate(starts):
        inside = (times >= start) & (times < start + seconds)
        if period:
            before = np.linspace(-loads.get("averages", 0.0), 0.0, 51)
            turned = np.mod(times[inside][:, None] - start + before, period) / period
            power[inside] = np.where(turned < 0.6, HIGH, LOW).mean(axis=1)
        else:
            power[inside] = HIGH * loads.get("apart", 1.0) ** (k % 2)
    power += chance.normal(0, loads.get("noise", NOISE), times.size)
    channel = Channel(
        "gpu.power", Quantity.POWER, 0.01, Rail("GPU"), accuracy=Accuracy(gain=0.01, step=0.01, noise=NOISE)
    )
    samples = Samples(
        np.rint(times * NS).astype(np.int64),
        {"gpu.power": np.rint(power * 100).astype(np.int64)},
        np.zeros(times.size, np.uint8),
    )
    made = SimulatedRecording([SourceInfo(1, "x://", "meter", "x", {}, (channel,))], {1: samples})
    made.happened = [
        Event("job", round(start * NS), round((start + seconds) * NS), uid=1 + k)
        for k, start in enumerate(starts)
    ]
    return analyse(made)


MEAN = 0.6 * HIGH + 0.4 * LOW
FOUR = [2.0, 8.53, 15.09, 28.01]
"""A loop of 50 ms from these on is met 0, 20, 10 and 40 ms behind its start; of the 25 ms before that it is on for 5, 20, 10 and 15."""


def test_few_jobs_may_each_have_been_met_on_either_level() -> None:
    a = jobs_of(FOUR, 5.0, 0.05, averages=0.025)
    row = a.row("job")
    assert row.energy is not None and row.energy.grade is Grade.ESTIMATED
    assert row.energy.low <= 20 * MEAN <= row.energy.high
    assert row.energy.high <= 1.02 * 20 * HIGH and row.energy.low >= 0.98 * 20 * LOW
    beside = (a.end_ns - a.start_ns) / NS - 20
    assert a.energy.grade is Grade.ESTIMATED
    assert a.energy.low <= 20 * MEAN + beside * IDLE <= a.energy.high
    one = a.energies.result(0)
    assert one is not None and one.low <= 5 * MEAN <= one.high
    assert any(note.code == "not-resolved" and "lie far apart between them" in note.text for note in a.notes)


def test_places_of_many_jobs_explain_their_levels() -> None:
    starts = (np.arange(25) * 2.5 + np.random.default_rng(3).uniform(0, 0.5, 25)).round(3).tolist()
    a = jobs_of(starts, 0.6, 0.02, jitter=0.001)
    row = a.row("job")
    truth = 25 * 0.6 * MEAN
    assert row.energy is not None and row.energy.grade is Grade.ESTIMATED
    assert row.energy.low <= truth <= row.energy.high
    # Twenty-five draws of two levels that are 210 W apart: 2 · 103 / √25 W of 236.
    assert row.energy.high - row.energy.low < 2.4 * 0.19 * truth


def test_readings_on_two_levels_that_follow_how_late_they_are_show_an_edge() -> None:
    """One job of 60 s, met within 2 ms of where its loop of 50 ms switches off: 65 % of the readings, not 60 %, are on."""
    a = jobs_of([2.0205], 60.0, 0.05, jitter=0.002)
    energy = a.row("job").energy
    assert energy is not None and energy.grade is Grade.ESTIMATED
    assert energy.low <= 60 * MEAN <= energy.high


def test_few_readings_of_another_level_that_are_the_latest_show_an_edge() -> None:
    """Ten of 600 readings lie across an edge of a loop of 50 ms: those whose stamps are furthest off, by 1.5 ms at most."""
    a = jobs_of([2.01852], 60.0, 0.05, jitter=0.0015)
    energy = a.row("job").energy
    assert energy is not None and energy.grade is Grade.ESTIMATED
    assert energy.low <= 60 * MEAN <= energy.high


@pytest.mark.parametrize(
    ("starts", "load"),
    [
        ([2.0 + 3.1 * k for k in range(8)], {"apart": 0.9}),  # jobs that differ by a tenth
        (FOUR, {"apart": 0.7, "noise": 12.0}),  # what varies inside is no image
        ([2.0 + 3.1 * k for k in range(20)], {"apart": 0.7}),  # two kinds by turns, whatever the place
    ],
)
def test_jobs_that_differ_by_their_work_are_measured(starts: list[float], load: dict[str, float]) -> None:
    a = jobs_of(starts, 2.0, 0.0, **load)
    energy = a.row("job").energy
    assert energy is not None and energy.grade is Grade.MEASURED
    assert energy.half_width < 0.05 * energy.value


def test_many_readings_that_agree_are_noted_however_many() -> None:
    """Of 600 normal readings the span is six standard deviations and more in most runs."""
    assert any(note.code == "between-readings" for note in jobs_of([2.0], 90.0, 0.0).notes)


@pytest.mark.parametrize(("events", "latest"), [(1, True), (95, True), (200, True), (200, False)])
def test_strays_of_many_jobs_are_outermost_by_lateness_alone(events: int, latest: bool) -> None:
    """Of 300 readings 45 are strays: the latest, or any; surprises of many jobs add up beyond what a float's powers hold."""
    chance, interval = np.random.default_rng(6), NS // 10
    late = chance.normal(0, 0.02 * interval, (events, 300))
    place = late if latest else chance.normal(0, 1, late.shape)
    strays = place > np.sort(place, axis=1)[:, 254:255]
    stamps = np.rint(np.arange(late.size) * interval + late.ravel()).astype(np.int64)
    read = np.arange(events) * 300, np.full(events, 300)
    assert strays_are_outermost(stamps, read, strays.ravel(), interval) is latest
