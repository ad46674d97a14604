"""Where a waveform lies in a meter's trace: what each sample speaks for, correlations one by one, and a whole clock worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from alignment_scene import S, scene

from powermeter.calibration.correlate import align
from powermeter.calibration.position import correlations, find, spans_of
from powermeter.calibration.waveform import Waveform
from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError
from powermeter.signals.decoding import from_samples

TIMES = np.array([5, 6, 8, 11]) * S


def test_an_instant_speaks_for_its_window_around_it() -> None:
    trace = from_samples(TIMES, np.array([1.0, 2.0, 3.0, 4.0]))
    start, end, values = spans_of(trace)
    assert start.tolist() == end.tolist() == [0.0, 1.0 * S, 3.0 * S, 6.0 * S]
    start, end, _ = spans_of(replace(trace, window_ns=S))
    assert start.tolist() == [-0.5 * S, 0.5 * S, 2.5 * S, 5.5 * S]
    assert end.tolist() == [0.5 * S, 1.5 * S, 3.5 * S, 6.5 * S] and values.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_mean_and_a_step_of_a_counter_speak_for_the_time_since_the_sample_before() -> None:
    mean = from_samples(TIMES, np.array([9.0, 2.0, 3.0, 4.0]), kind=Kind.MEAN)
    start, end, values = spans_of(mean)
    assert (start.tolist(), end.tolist()) == ([0.0, 1.0 * S, 3.0 * S], [1.0 * S, 3.0 * S, 6.0 * S])
    assert values.tolist() == [2.0, 3.0, 4.0]
    counted = from_samples(TIMES, np.array([10.0, 12.0, 18.0, 30.0]), Quantity.ENERGY, kind=Kind.COUNTER)
    assert spans_of(counted)[2].tolist() == [2.0, 3.0, 4.0]


def test_each_lag_has_the_correlation_of_its_stretch_and_a_flat_one_none() -> None:
    """Against numpy's own coefficient of the same stretch; readings that never change follow nothing."""
    rng = np.random.default_rng(5)
    seen = np.concatenate([rng.normal(5, 1, 30), np.full(20, 7.25), rng.normal(2, 3, 30)])
    template = rng.normal(0, 1, 8)
    found = correlations(seen, template)
    assert found.size == 73
    for lag in range(73):
        part = seen[lag : lag + 8]
        wanted = 0.0 if np.ptp(part) == 0 else float(np.corrcoef(part, template)[0, 1])
        assert found[lag] == pytest.approx(wanted, abs=1e-6), lag


def played(rate: float, first_s: float, noise: float = 0.0, seed: int = 3) -> tuple[Waveform, object]:
    """A load that is on and off by chance for 60 steps of 0.4 s, and the means that a meter shows of it."""
    levels = np.random.default_rng(8).integers(0, 2, 60)
    edges = np.round(np.arange(61) * 0.4 * S).astype(np.int64)
    waveform = Waveform(edges, levels.astype(float))
    at = np.arange(round(60 * rate)) / rate
    grid = np.arange(0, 60, 0.001)
    step = np.floor((grid - first_s) / 0.4).astype(int)
    power = 2 + 3.0 * np.where((step >= 0) & (step < 60), levels[np.clip(step, 0, 59)], 0)
    means = power[: round(60 * rate) * round(1000 / rate)].reshape(-1, round(1000 / rate)).mean(axis=1)
    wobble = noise * np.random.default_rng(seed).standard_normal(at.size)
    stamps = np.round((at + 1 / rate) * S).astype(np.int64)
    return waveform, from_samples(stamps, means + wobble, kind=Kind.MEAN)


@pytest.mark.parametrize("first_s", [7.0, 7.13, 12.487])
def test_the_first_edge_is_found_below_a_sample(first_s: float) -> None:
    """Every edge counts: with a noise of a tenth of the step, some thirty of them at 10 Hz are worth 0.1 s x 0.1 / √30, 1.8 ms."""
    waveform, trace = played(10.0, first_s, noise=0.3)
    found = find(trace, waveform)  # type: ignore[arg-type]
    assert -found.offset_ns / S == pytest.approx(first_s, abs=0.006)
    assert 0.0005 < found.spread_ns / S < 0.004
    assert found.meter_ns / S == pytest.approx(first_s + 12.0, abs=0.006)


def on_another_clock(trace, offset_s: float, drift: float):
    """The same readings stamped by a clock that was `offset_s` behind at 0 and gains `-drift` of the time."""
    own = np.rint((trace.times_ns - offset_s * S) / (1 + drift)).astype(np.int64)
    return replace(trace, times_ns=own)


@pytest.mark.parametrize("drift", [2e-4, -3e-5])
@pytest.mark.parametrize("pattern", [True, False])
def test_a_clock_s_offset_and_drift_are_found(drift: float, pattern: bool) -> None:
    """Host time = meter time x (1 + drift) + 100 s, by two patterns, or by the run's own load."""
    truth, events = scene(np.random.default_rng(21), 10.0, pattern=pattern)
    if pattern:
        events = [event for event in events if event.name != "infer"]
    at = np.arange(0, float(truth.times_s[-1]), 0.1)
    joules = truth.integral(at)
    trace = from_samples(np.rint(at * S).astype(np.int64), joules, Quantity.ENERGY, kind=Kind.COUNTER)
    found = align(on_another_clock(trace, 100.0, drift), events)
    moments = np.array([event.start_ns for event in events])
    own = np.rint((moments - 100 * S) / (1 + drift)).astype(np.int64)
    error = np.abs(found.to_host(own) - moments).max() / S
    assert error < 0.02, error
    assert found.drift == pytest.approx(drift, abs=1e-6 if pattern else 2e-5)
    assert math.isfinite(found.offset_u_ns) and found.offset_u_ns < 0.05 * S


def test_no_load_is_no_place() -> None:
    waveform, trace = played(10.0, 7.0)
    with pytest.raises(DataError, match="not recognised"):
        find(replace(trace, values=np.full(600, 2.0)), waveform)  # type: ignore[call-overload,arg-type]
