"""Rows that are lost while the load is high."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.lost_while_high import lost_while_high
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 1_000_000_000
ROWS = 2000


def log(kind: Kind, share: float, seed: int, *, informative: bool, high_w: float = 6.0) -> Trace:
    """Ten rows a second of 1 W, from 0.8 s to 1.6 s of every 1.6 s `high_w`; a share of the rows (of the high ones) is lost."""
    rng = np.random.default_rng(seed)
    t = np.arange(ROWS, dtype=np.int64) * NS // 10
    power = np.where(np.arange(ROWS) % 16 >= 8, high_w, 1.0)
    keep = rng.random(ROWS) >= share
    if informative:
        keep |= power < high_w
    keep[[0, -1]] = True
    return from_samples(t[keep], (power + 0.01 * rng.standard_normal(ROWS))[keep], kind=kind)


@pytest.mark.parametrize(("kind", "share"), [(Kind.MEAN, 0.6), (Kind.MEAN, 0.3), (Kind.INSTANT, 0.6)])
def test_what_a_busy_logger_lost_is_inside_the_intervals(kind: Kind, share: float) -> None:
    integral = Integral.of(log(kind, share, 1, informative=True))
    bridges = Bridges.of(integral)
    found = measure_run(integral, bridges=bridges)
    used = 3.5 * (integral.end_ns - integral.start_ns) / NS
    assert found.starved > 0 and found.energy.grade is Grade.ESTIMATED
    assert found.energy.low <= used <= found.energy.high
    # A stretch of several periods, as one event.
    start, end = np.array([16 * NS], np.int64), np.array([80 * NS], np.int64)
    event = measure(integral, start, end, bridges=bridges).result(0)
    assert event is not None and event.low <= 3.5 * 64 <= event.high
    assert event.grade is Grade.ESTIMATED


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.INSTANT])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_rows_that_are_lost_at_random_cost_nothing(kind: Kind, share: float) -> None:
    doubted = 0
    for seed in range(20):
        integral = Integral.of(log(kind, share, seed, informative=False))
        edges = np.array([integral.start_ns], np.int64), np.array([integral.end_ns], np.int64)
        doubted += bool(lost_while_high(integral, *edges)[0] > 0)
    assert doubted <= 2  # of 20 at one in a hundred: three or more once in a thousand


def test_parts_of_a_run_hold_what_the_run_holds() -> None:
    integral = Integral.of(log(Kind.MEAN, 0.6, 2, informative=True))
    edges = np.linspace(integral.start_ns, integral.end_ns, 8).astype(np.int64)
    parts = lost_while_high(integral, edges[:-1], edges[1:])
    whole = lost_while_high(integral, edges[:1], edges[-1:])
    assert parts.sum() == pytest.approx(whole[0]) and whole[0] > 0
