"""Lost rows of a running mean: where lines meet, what filling leaves open, and energies of bursts with rows lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.deconvolution import unfolded
from powermeter.signals.missing_rows import filled
from powermeter.signals.trace import Trace

NS = 10**9


def running_mean(starts: np.ndarray, ends: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return means over the last second of 60 W, and 150 W more in bursts."""

    def until(x: np.ndarray) -> np.ndarray:
        joules: np.ndarray = 60 * x + 150 * np.clip(x[:, None] - starts, 0, ends - starts).sum(axis=1)
        return joules

    return until(t) - until(t - 1)


def trace_of(t: np.ndarray, watts: np.ndarray, noise: float = 1e-3) -> Trace:
    found = from_samples(np.rint(t * NS).astype(np.int64), watts, noise=noise, kind=Kind.MEAN)
    return replace(found, interval_ns=NS // 10)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_lost_rows_lie_where_lines_meet(lost: int) -> None:
    t = 2 + 0.1 * np.arange(60)
    watts = running_mean(np.array([3.45]), np.array([5.95]), t)
    for first in range(3, 55 - lost):
        keep = np.ones(t.size, bool)
        keep[first : first + lost] = False
        found = filled(trace_of(t[keep], watts[keep]), 0.5 * NS, 1e-3).trace
        assert found.times_ns == pytest.approx(np.rint(t * NS), abs=2)
        # Rows next to a bend that is next to the lost ones show no line to meet.
        apart = np.abs(t[first] + 0.05 * (lost - 1) - np.array([3.45, 4.45, 5.95, 6.95])).min()
        if apart < 0.05 * lost or apart > 0.05 * lost + 0.2:
            assert found.values == pytest.approx(watts, abs=0.01)


def test_a_trace_without_lost_rows_stays() -> None:
    t = 2 + 0.1 * np.arange(60)
    trace = trace_of(t, running_mean(np.array([3.45]), np.array([5.95]), t))
    assert filled(trace, 0.5 * NS, 1e-3).trace is trace and filled(trace, 0.5 * NS, 1e-3).doubt == 0


@pytest.mark.thorough
def test_short_bursts_hold_with_a_seventh_of_the_rows_lost() -> None:
    """A straight line across each lost row drew bursts of 0.3 to 0.8 s down by 6 % at ±2 to ±4 %."""
    held, away, wide = [], [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lengths = rng.uniform(0.3, 0.8, 30)
        starts = 4 + np.cumsum(lengths + rng.uniform(0.7, 1.5, 30)) - lengths
        ends = starts + lengths
        t = np.arange(1.0 + rng.uniform(0, 0.1), ends[-1] + 4, 0.1)
        keep = rng.uniform(size=t.size) > 0.15
        watts = running_mean(starts, ends, t) + 0.3 * rng.standard_normal(t.size)
        found = unfolded(trace_of(t[keep], watts[keep], 0.3), NS)
        assert found is not None
        windows = measure(Integral.of(found), *(np.rint(x * NS).astype(np.int64) for x in (starts, ends)))
        stated = windows.combine(np.full(30, 1 / 30), "e")
        used = 210 * lengths.mean()
        held.append(stated.low <= used <= stated.high)
        away.append(stated.value / used - 1)
        wide.append((stated.high - stated.low) / 2 / used)
    assert sum(held) >= 18 and abs(np.mean(away)) < 0.006 and np.median(wide) < 0.03


@pytest.mark.parametrize(
    ("lost", "square"),
    [((50,), 4.0), ((30, 70), 2 * 4.0), ((50, 51), 2 * 16 / 9), ((30, 50, 51), 4.0 + 2 * 16 / 9)],
)
def test_the_doubt_is_what_straight_lines_miss_of_rows_that_are_there(
    lost: tuple[int, ...], square: float
) -> None:
    """Rows swing by ±0.5 W from one to the next, under a noise that hides bends; the root mean square is over all 101 rows.

    A line from a row to the next but one misses the row between by twice 0.5 W.  From 0.5 to the third, which lies at
    −0.5 W, the row after the first is put at 0.5 / 3 in place of −0.5 W: it is missed by 4/3 × 0.5 W.
    """
    t = 0.1 * np.arange(101)
    watts = 10 + 0.5 * (-1.0) ** np.arange(101)
    keep = np.setdiff1d(np.arange(101), lost)
    found = filled(trace_of(t[keep], watts[keep]), 0.5 * NS, 1e3)
    assert found.trace.times_ns.size == 101
    assert found.doubt == pytest.approx(0.5 * np.sqrt(square / 101))
