"""A long hole beside which events lie is judged by what the load does over spans of its length, not by the noise of readings next to it."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Gap, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

SECOND = 10**9
RATE = 50


def analysed(path, watts, hole, starts, kind=Kind.INSTANT):
    """Readings at 50 Hz with a noted hole, and events of 100 ms that leave no mark."""
    times = (np.arange(watts.size) + 1) / RATE
    keep = (times <= hole[0]) | (times >= hole[1])
    stamps = np.rint(times * SECOND).astype(np.int64)
    channel = Channel("p", Quantity.POWER, 1e-4, Rail("in"), kind=kind)
    lost = np.flatnonzero(~keep)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", [channel])
        writer.append(source, stamps[keep], np.rint(watts[keep, None] * 1e4).astype(np.int64))
        gap = Gap(int(stamps[lost[0] - 1]), int(stamps[lost[-1] + 1]), "stalled", "the recorder was stopped")
        writer.add_gap(source, gap)
        writer.add_events(
            Event("e", round(s * SECOND), round((s + 0.1) * SECOND), uid=k + 1) for k, s in enumerate(starts)
        )
    return analyse(path).energy


def each_second(seed):
    rng = np.random.default_rng(seed)
    return np.repeat(rng.uniform(1, 5, 200), RATE) + rng.normal(0, 0.02, 200 * RATE)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_a_load_that_changes_each_second_is_not_what_was_read_beside_the_hole(kind, tmp_path):
    """100 of 200 s were not seen; their mean has a standard deviation of 4/√12/√100 W, 11.5 J, and as much again from what is seen."""
    held = []
    for seed in range(6):
        watts = each_second(seed)
        energy = analysed(
            tmp_path / f"{seed}.power", watts, (40.3, 140.3), np.linspace(1, 198, 60).tolist(), kind
        )
        truth = float(watts[1:].sum() if kind is Kind.MEAN else (watts[1:] + watts[:-1]).sum() / 2) / RATE
        held.append(energy.low <= truth <= energy.high)
        half = (energy.high - energy.low) / 2
        assert 20 < half < 6 * 1.96 * 16
        assert abs(energy.value - truth) < 3.5 * 16
    assert all(held)


@pytest.mark.thorough
def test_means_without_an_event_in_the_hole_are_judged_so_too(tmp_path):
    """Events in the first 30 s only: how one window differs from the next says nothing of 100 s."""
    for seed in range(4):
        watts = each_second(10 + seed)
        starts = np.linspace(1, 29, 30).tolist()
        energy = analysed(tmp_path / f"{seed}.power", watts, (40.3, 140.3), starts, Kind.MEAN)
        assert energy.low <= float(watts.sum()) / RATE <= energy.high
        assert (energy.high - energy.low) / 2 < 6 * 1.96 * 16


def test_a_steady_load_is_known_in_a_long_hole(tmp_path):
    rng = np.random.default_rng(3)
    watts = 2 + rng.normal(0, 0.02, 200 * RATE)
    energy = analysed(tmp_path / "a.power", watts, (40.3, 140.3), np.linspace(1, 198, 60).tolist())
    assert energy.low <= 400 <= energy.high
    assert (energy.high - energy.low) / 2 < 1


def test_a_step_inside_the_hole_may_have_been_anywhere_in_it(tmp_path):
    """2 W before and 3 W behind: 200 J to 300 J lie in 100 s."""
    rng = np.random.default_rng(4)
    watts = np.where(np.arange(200 * RATE) < 60 * RATE, 2.0, 3.0) + rng.normal(0, 0.02, 200 * RATE)
    energy = analysed(tmp_path / "a.power", watts, (40.3, 140.3), np.linspace(1, 198, 60).tolist())
    assert energy.low <= float(watts.sum()) / RATE <= energy.high
    assert (energy.high - energy.low) / 2 < 110


def test_a_window_that_nobody_marked_pays_for_its_edges_as_an_event_does(tmp_path):
    """A counter of whole joules read each second: 0.7 s of 0 or 6 W may hold 0 to 6 J more or less than its readings divide evenly."""
    rng = np.random.default_rng(6)
    fine = np.where((np.arange(60_000) // 900) % 2, 6.0, 1.0)
    total = np.concatenate([[0.0], np.cumsum(fine) / 1000])
    at = np.arange(0, 60_001, 1000)
    channel = Channel("e", Quantity.ENERGY, 1.0, Rail("in"), kind=Kind.COUNTER)
    with Writer.create(tmp_path / "a.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", [channel])
        writer.append(source, at * 10**6 + SECOND, np.floor(total[at] + 0.3).astype(np.int64)[:, None])
    page = analyse(tmp_path / "a.power")
    for length in (700, 2300):
        for start in rng.integers(2000, 50_000, 12).tolist():
            ends = (start * 10**6 + SECOND, (start + length) * 10**6 + SECOND)
            energy, _ = page.window(*ends)
            assert energy.low <= total[start + length] - total[start] <= energy.high
