"""A run on the host's clock, and the same on the clock of a meter that knows none of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.calibration.pattern import Pattern
from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.result import Grade
from powermeter.testing.simulation import SimulatedPowerMeter, Truth

S = 1_000_000_000
HOST_START = 5_000 * S
EPOCH = 1_790_000_000 * S
DRIFT = 120e-6
EVENT = "powermeter.sync"


def run_of(rng, rate=10.0, patterns=2):
    """A run on the host's clock (s from its start): power, events with their true energies' windows."""
    edges, levels, events, at = [0.0], [2.0], [], 8.0

    def emit(pattern, start):
        first = round(start * S)
        moments = [(when, level) for when, level in pattern.edges()]
        for when, level in moments:
            edges.append(start + when)
            levels.append(2.0 + 3.0 * level)
        edges.append(start + pattern.seconds)
        levels.append(2.0)
        attributes = {
            "edges_ns": [round(when * S) for when, _ in moments],
            "levels": [lv for _, lv in moments],
        }
        events.append(
            Event(
                EVENT,
                HOST_START + first,
                HOST_START + round((start + pattern.seconds) * S),
                uid=len(events) + 1,
                process=7,
                attributes=attributes,
            )
        )
        return start + pattern.seconds + 1

    if patterns:
        at = emit(Pattern.for_meter(1 / rate), at)
    for _ in range(60):
        start, length = at + rng.uniform(0.1, 0.9), rng.uniform(0.5, 1.5)
        edges += [start, start + length]
        levels += [5.0, 2.0]
        events.append(
            Event(
                "infer",
                HOST_START + round(start * S),
                HOST_START + round((start + length) * S),
                uid=len(events) + 1,
                process=7,
            )
        )
        at = start + length
    at += 1.5
    if patterns > 1:
        at = emit(Pattern.for_meter(1 / rate, backwards=True), at)
    edges.append(at + 10)
    return Truth.steps(edges, levels), events


def write_host(path: Path, events, seconds=400) -> None:
    """What `powermeter record` leaves: a poor source of its own, the events, pairs of both clocks."""
    rail = Rail("machine", boundary=Boundary.MODEL)
    with Writer.create(path, {"clock": "monotonic", "attributes": {"model": "tiny"}}) as writer:
        channels = (Channel("load.power", Quantity.POWER, 0.1, rail, grade=Grade.ESTIMATED),)
        source = writer.add_source("estimate://", "estimate", "estimate", channels)
        times = HOST_START + np.arange(0, seconds * S, S, dtype=np.int64)
        writer.append(source, times, np.full(times.size, 30))
        writer.add_events(events)
        for at in (0, seconds * S):
            writer.add_clock_pair(HOST_START + at, EPOCH + at)


def to_meter(host_s, offset_s):
    """Meter's clock of host times: host = meter + offset + drift × meter."""
    return np.rint((np.asarray(host_s) - offset_s) * S / (1 + DRIFT)).astype(np.int64)


def write_meter(
    path: Path, rng, truth, rate=10.0, offset_s=-1234.5, kind=Kind.INSTANT, clock="relative", late=0.0
):
    """The external meter's recording, on its own clock; `late` leaves out its first seconds."""
    simulated = SimulatedPowerMeter(rate, kind, accuracy=Accuracy(noise=0.02, step=0.01, gain=0.005))
    seen = simulated.record(truth, [], rng, errors=(0.0, 0.0, 0.0))
    host_s = seen.data[1].times_ns / S
    channel = seen.sources[0].channels[0]
    keep = host_s >= late
    with Writer.create(path, {"clock": clock, "clock_aligned": False}) as writer:
        source = writer.add_source("import://meter.csv?format=csv", "meter", "csv", (channel,))
        base = EPOCH if clock == "utc" else 0
        writer.append(source, base + to_meter(host_s[keep], offset_s), seen.data[1].codes[channel.name][keep])


def energies_hold(path: Path, truth, events, share=0.9) -> None:
    """The energies of the host's events on the meter's trace hold the truth as often as they say."""
    with Recording.open(path) as recording:
        analysis = analyse(recording)
    assert analysis.line.source_name == "meter" and analysis.energies.known.all()
    held = []
    for i, event in enumerate(analysis.events):
        if event.name == "infer":
            result = analysis.energies.result(i)
            true = truth.energy((event.start_ns - HOST_START) / S, (event.end_ns - HOST_START) / S)
            held.append(result.low <= true <= result.high)
            assert result.value == pytest.approx(true, rel=0.2)
    assert len(held) == 60 and np.mean(held) >= share
    row = analysis.row("infer")
    true = sum(
        truth.energy((e.start_ns - HOST_START) / S, (e.end_ns - HOST_START) / S)
        for e in events
        if e.name == "infer"
    )
    assert row.energy.low <= true <= row.energy.high
    assert row.energy.value == pytest.approx(true, rel=0.01)
