"""A run whose power is known, with load patterns before and after it, for the tests of alignment."""

from __future__ import annotations

import math

import numpy as np

from powermeter.calibration.pattern import EVENT, Pattern
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.recording import Samples
from powermeter.testing.simulation import SimulatedPowerMeter, SimulatedRecording, Truth

S = 1_000_000_000
RATES = (2.0, 10.0, 100.0, 1000.0)


def scene(rng: np.random.Generator, rate: float, *, pattern: bool, active: bool = True, run_s: float = 60.0):
    """A run with random work, a pattern before and one backwards after it."""
    edges, levels, events = [0.0], [2.0], []
    at = rng.uniform(5, 20)
    slow = 1.0 if rate > 5 else 6.0

    def emit(one: Pattern, start: float) -> float:
        moments = []
        for when, level in one.edges():
            moments.append(start + when + rng.uniform(0, 0.002))
            edges.append(moments[-1])
            levels.append(2.0 + 3.0 * level)
        end = start + one.seconds
        edges.append(end)
        levels.append(2.0)
        first = round(moments[0] * S)
        relative = [round(m * S) - first for m in moments]
        attributes = {"edges_ns": relative, "levels": [level for _, level in one.edges()]}
        events.append(Event(EVENT, first, round(end * S), attributes=attributes))
        return end

    if pattern:
        at = emit(Pattern.for_meter(1 / rate), at) + 1
    end = at + run_s * slow * 2 if not pattern else at + run_s
    while active and at < end:
        start = at + rng.uniform(0.05, 0.5) * slow
        stop = start + rng.uniform(0.1, 0.8) * slow
        edges += [start, stop]
        levels += [2 + rng.uniform(1, 4), 2.0]
        events.append(Event("infer", round(start * S), round(stop * S)))
        at = stop
    at = max(at, end) + 1
    if pattern:
        at = emit(Pattern.for_meter(1 / rate, backwards=True), at)
    edges.append(at + rng.uniform(5, 20))
    return Truth.steps(edges, levels), events


def seen_by(rng, truth, rate, kind=Kind.INSTANT, late_s=0.0, early_s=math.inf):
    """A meter's recording on its own clock, and the true host times of its samples."""
    recording = SimulatedPowerMeter(rate, kind, accuracy=Accuracy(noise=0.1, step=0.02)).record(
        truth, [], rng
    )
    host = recording.data[1].times_ns
    keep = (host >= late_s * S) & (host <= early_s * S)
    offset, drift = rng.uniform(-3600, 3600) * S, rng.uniform(-200e-6, 200e-6)
    own = np.rint((host[keep] - offset) / (1 + drift)).astype(np.int64)
    codes = {name: column[keep] for name, column in recording.data[1].codes.items()}
    recording.data[1] = Samples(own, codes, recording.data[1].flags[keep])
    return recording, offset, drift


def host_of(events) -> SimulatedRecording:
    return SimulatedRecording(happened=list(events))
