"""Never a confident wrong answer: recordings that lack a part, and recordings of another run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alignment_scene import RATES, S, host_of, scene, seen_by

from powermeter.calibration.align import activity, place
from powermeter.calibration.correlate import Alignment
from powermeter.calibration.trace_to_align import thinned
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import Truth


def wrong(alignment: Alignment, offset: float, drift: float, events, rate: float) -> bool:
    """Whether the events lie elsewhere than within a fifth of a sample, and than the alignment says (3 u)."""
    moments = np.array([t for e in events for t in (e.start_ns, e.end_ns)])
    own = np.rint((moments - offset) / (1 + drift)).astype(np.int64)
    error = float(np.abs(alignment.to_host(own) - moments).max())
    far = float(np.abs(own - alignment.origin_ns).max())
    return error > max(0.2 * S / rate, 3 * math.hypot(alignment.offset_u_ns, far * alignment.drift_u))


def hunt(rate: float, seeds: range) -> dict[str, list[int]]:
    """Return (accepted, refused, wrong) for three kinds of recordings that do not hold all of the run."""
    counts = {name: [0, 0, 0] for name in ("a part, patterns", "a part, activity", "another run")}
    for seed in seeds:
        rng = np.random.default_rng([seed, int(rate), 77])
        kind = (Kind.INSTANT, Kind.MEAN)[seed % 2]
        for name, tally in counts.items():
            truth, events = scene(rng, rate, pattern=name == "a part, patterns")
            length = float(truth.times_s[-1])
            late = rng.uniform(0, 0.5) * length
            early = rng.uniform(max(0.5, late / length + 0.2), 1.1) * length
            if name == "another run":
                truth, _ = scene(rng, rate, pattern=False)
                late, early = 0.0, math.inf
            recording, offset, drift = seen_by(rng, truth, rate, kind, late, early)
            try:
                found = place(host_of(events), recording, recording.sources).alignment
            except DataError:
                tally[1] += 1
                continue
            tally[0] += 1
            tally[2] += name == "another run" or wrong(found, offset, drift, events, rate)
    return counts


@pytest.mark.thorough
@pytest.mark.parametrize("rate", (10.0, 100.0))
def test_a_recording_that_does_not_hold_the_run_is_right_or_refused(rate: float) -> None:
    counts = hunt(rate, range(2))
    assert all(tally[2] == 0 for tally in counts.values())
    assert counts["another run"][1] == 2


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("rate", RATES)
def test_a_hundred_recordings_that_do_not_hold_the_run_are_right_or_refused(rate: float) -> None:
    for name, (accepted, refused, false) in hunt(rate, range(100)).items():
        print(f"\n{name} {rate:g} Hz: right {accepted - false} refused {refused} wrong {false}")
        assert false == 0


@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN, Kind.COUNTER])
def test_a_thinned_trace_holds_the_same_energy(kind: Kind) -> None:
    times = np.arange(10_000) * 10_000 + 5
    truth = Truth.steps([0.0, 0.03, 0.2], [1.0, 3.0])
    if kind is Kind.COUNTER:
        values = truth.integral(times / S)
    elif kind is Kind.MEAN:
        values = np.diff(truth.integral(np.concatenate([[times[0] - 10_000], times]) / S)) / 1e-5
    else:
        values = truth.power(times / S)
    trace = from_samples(times, values, kind=kind)
    small = thinned(trace, 1_000_000)
    assert small.interval_ns == 1_000_000 and len(small) == 100
    if kind is Kind.COUNTER:
        assert small.values == pytest.approx(truth.integral(small.times_ns / S))
        return
    assert small.kind is Kind.MEAN
    edges = truth.integral(np.concatenate([[small.times_ns[0] - 1_000_000], small.times_ns]) / S)
    one_sample = 2.0 / 100 if kind is Kind.INSTANT else 1e-9  # of a step of 2 W, in the window that holds it
    assert small.values == pytest.approx(np.diff(edges) / 1e-3, abs=one_sample)


def test_only_innermost_events_tell_when_the_program_worked() -> None:
    events = [
        Event("run", 0, 100, 1, 1, uid=1),
        Event("epoch", 10, 50, 1, 1, uid=2, parent=1),
        Event("infer", 12, 20, 1, 1, uid=3, parent=2),
        Event("infer", 60, 70, 1, 2, uid=4),
        Event("mark", 30, 30, 1, 1, uid=5),
    ]
    assert [(e.name, e.start_ns) for e in activity(events)] == [("infer", 12), ("infer", 60)]
    assert [e.name for e in activity(events, "epoch")] == ["epoch"]
