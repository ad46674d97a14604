"""Stamps that a coarse clock counts in ticks: seen in their distances, whatever the pace, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.signals.clock_ticks import TICKS, tick_of, with_tick
from powermeter.signals.decoding import from_samples

NS = 10**9
WINDOWS = 1 / 64


def stamps(seconds: np.ndarray, tick: float = 0.0, digits: int = 9) -> np.ndarray:
    floored = np.floor(seconds / tick) * tick if tick else seconds
    return np.unique(np.round(np.round(floored, digits) * NS).astype(np.int64))


def even(tau: float, jitter: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.arange(400) * tau + 0.003 + tau * rng.uniform(-jitter, jitter, 400)


@pytest.mark.parametrize(("tau", "jitter"), [(0.1, 0.0), (0.1, 0.3), (0.02, 0.1), (0.033, 0.3), (0.2, 0.0)])
@pytest.mark.parametrize("digits", [9, 3])
def test_a_clock_of_64_ticks_a_second_is_seen_to_the_millisecond(
    tau: float, jitter: float, digits: int
) -> None:
    assert tick_of(stamps(even(tau, jitter), WINDOWS, digits)) == 15_625_000


@pytest.mark.parametrize("tau", [0.033, 0.018, 0.025])
def test_ten_milliseconds_are_seen(tau: float) -> None:
    assert tick_of(stamps(even(tau), 0.01)) == 10_000_000


def test_no_tick_is_seen_in_other_stamps() -> None:
    rng = np.random.default_rng(6)
    rows = np.arange(400.0)
    for name, seconds in {
        "an even pace": rows * 0.1,
        "rows missing of an even pace": np.delete(rows, rng.choice(400, 32, replace=False)) * 0.01,
        "many rows missing": np.delete(rows, rng.choice(400, 112, replace=False)) / 64,
        "stamps in ms": np.round(rows * 0.0333, 3),
        "jitter": rows * 0.1 + rng.uniform(-0.002, 0.002, 400),
        "varied moments": (rows + rng.random(400)) * 0.1,
        "whole seconds": np.floor(rows * 2.3),
        "each tick": rows / 64,
    }.items():
        assert tick_of(stamps(seconds)) == 0, name
    assert tick_of(stamps(even(0.1)[:20], WINDOWS)) == 0  # too few


def recorded(folder: Path, seed: int, kind: Kind, tau: float) -> tuple[Path, float]:
    """Write 60 events of 50 to 100 ms, 10 W over 2 W, marked and stamped by a clock of 1/64 s; return their energy, J."""
    rng = np.random.default_rng(seed)
    lengths, pauses = rng.uniform(0.05, 0.1, 60), rng.uniform(0.05, 0.15, 60)
    start = 1 + np.cumsum(lengths + pauses) - lengths
    end = start + lengths
    edges = np.stack([start, end], 1).ravel()
    joules = (
        2 * edges + 8 * np.repeat(np.cumsum(lengths), 2) - 8 * np.tile([1, 0], 60) * np.repeat(lengths, 2)
    )
    t = rng.uniform(0, tau) + np.arange(int((edges[-1] + 1) / tau)) * tau

    def used(at: np.ndarray) -> np.ndarray:
        return np.interp(at, np.append(0, edges), np.append(0, joules)) + 2 * np.maximum(at - edges[-1], 0)

    inside = np.searchsorted(edges, t, side="right") % 2
    watts = np.where(inside, 10.0, 2.0) if kind is Kind.INSTANT else (used(t) - used(t - tau)) / tau
    phase = rng.uniform(0, WINDOWS)

    def tick(at: np.ndarray) -> np.ndarray:
        return np.rint((np.floor((at + phase) / WINDOWS) * WINDOWS - phase) * NS).astype(np.int64)

    rows, first = np.unique(tick(t), return_index=True)
    path = folder / f"{kind.value}{seed}.power"
    with Writer.create(path, {}) as writer:
        channel = Channel("dut.power", Quantity.POWER, 1e-4, rail=Rail("dut"), kind=kind)
        source = writer.add_source("sim://meter", "meter", "sim", [channel], {})
        writer.append(source, rows, np.rint(watts[first] * 1e4).astype(np.int64), None)
        marks = zip(tick(start).tolist(), tick(end).tolist(), strict=True)
        writer.add_events([Event("infer", a, b, process=1, uid=k) for k, (a, b) in enumerate(marks) if b > a])
    return path, float(10 * lengths.sum())


def test_rows_without_a_usual_distance_have_no_tick() -> None:
    """Two rows to each stamp of a recording that is not held whole: half of the distances are nothing, and nothing is no interval."""
    times = stamps(even(0.04), WINDOWS).repeat(2)
    trace = from_samples(times, np.arange(times.size) % 7.0)
    assert trace.interval_ns == 0 and with_tick(trace) is trace


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_short_events_under_such_a_clock_are_held(tmp_path: Path, kind: Kind) -> None:
    """Edges a tick too early or too late take from each event half a tick of what it adds (8 % here), always to the same side."""
    held, off = 0, []
    for seed in range(12):
        path, truth = recorded(tmp_path, seed, kind, 0.02)
        analysis = analyse(path)
        energy = analysis.row("infer").energy
        held += energy.low <= truth <= energy.high
        off.append(energy.value / truth - 1)
        assert TICKS in {note.code for note in analysis.notes}
    assert held >= 10
    assert abs(float(np.mean(off))) < 0.02
