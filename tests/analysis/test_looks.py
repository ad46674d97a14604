"""Devices that look at even times and write a row only where power has changed: what each look averaged over."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.analysis import looks
from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.looks import at_looks
from powermeter.analysis.reading_kind import as_events_show
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 1_000_000_000
LOADS = 12


def plug(
    seed: int, look: float, heartbeat: float, step: float = 15.0, mean: bool = True
) -> tuple[Trace, NDArray[np.float64], NDArray[np.float64]]:
    """Return what a plug writes of loads at any place on 3 W, on a change above 1 W or each heartbeat: means since its look before, or snapshots."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(12 * look, 30 * look, LOADS)
    pauses = rng.uniform(15 * look, 35 * look, LOADS + 1)
    starts = np.cumsum(pauses[:-1] + np.append(0, lengths[:-1]))
    ends = starts + lengths
    t = np.arange(0.37 * look, ends[-1] + pauses[-1], look)

    def joules(at: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = 3 * at + step * np.clip(at[:, None] - starts, 0, lengths).sum(axis=1)
        return found

    busy = ((t[:, None] >= starts) & (t[:, None] < ends)).any(axis=1)
    watts = (joules(t) - joules(t - look)) / look if mean else 3.0 + step * busy
    watts = np.round(watts + 0.05 * rng.standard_normal(t.size), 1)
    kept = [0]
    for k in range(1, t.size):
        if abs(watts[k] - watts[kept[-1]]) > 1 or t[k] - t[kept[-1]] >= heartbeat - look / 2:
            kept.append(k)
    return from_samples(np.round(t[kept] * 1e3).astype(np.int64) * 1_000_000, watts[kept]), starts, ends


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("look", "heartbeat"), [(1.0, 10.0), (2.0, 20.0)])
def test_rows_on_change_of_means_are_known_to_a_percent(seed: int, look: float, heartbeat: float) -> None:
    trace, *edges = plug(seed, look, heartbeat)
    start, end = (np.round(x * NS).astype(np.int64) for x in edges)
    shown = as_events_show(trace, start, end)
    assert shown.kind is Kind.MEAN and shown.interval_ns == look * NS
    integral = Integral.of(shown)
    label = measure(integral, start, end).combine(np.ones(LOADS), "all")
    used = 18.0 * float((edges[1] - edges[0]).sum())
    assert label.value == pytest.approx(used, rel=0.01) and label.half_width < 0.015 * used
    run = measure_run(integral).energy
    first, last = trace.times_ns[0] / NS, trace.times_ns[-1] / NS
    assert run.value == pytest.approx(3 * (last - first) + used * 15 / 18, rel=0.01)


@pytest.mark.thorough
def test_steps_of_four_times_the_least_change_leave_rests_that_no_row_shows() -> None:
    held = 0
    for seed in range(6):
        trace, *edges = plug(seed, 1.0, 10.0, step=4.0)
        start, end = (np.round(x * NS).astype(np.int64) for x in edges)
        shown = as_events_show(trace, start, end)
        label = measure(Integral.of(shown), start, end).combine(np.ones(LOADS), "all")
        used = 7.0 * float((edges[1] - edges[0]).sum())
        assert label.half_width < 0.1 * used
        held += label.low <= used <= label.high
    assert held == 6


def test_rows_on_change_of_snapshots_stay_as_they_are() -> None:
    trace, *edges = plug(5, 1.0, 10.0, mean=False)
    start, end = (np.round(x * NS).astype(np.int64) for x in edges)
    assert at_looks(trace) is not None and as_events_show(trace, start, end) is trace


def test_an_even_log_has_no_looks_of_its_own() -> None:
    t = np.arange(200, dtype=np.int64) * NS
    assert at_looks(from_samples(t, np.where(np.arange(200) // 17 % 2, 18.0, 3.0))) is None


def test_very_many_looks_keep_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    trace, *_ = plug(5, 1.0, 10.0)
    assert at_looks(trace) is not None
    monkeypatch.setattr(looks, "_MOST", len(trace))
    assert at_looks(trace) is None
