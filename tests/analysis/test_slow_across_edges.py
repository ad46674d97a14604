"""Slow loads that were marked anywhere, read a few times an event; and loads that jump at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace

NS = 1_000_000_000
SEED = 11


def marks(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return twelve marks of 2 to 5 s, 0.5 to 2.5 s apart."""
    lengths, pauses = rng.uniform(2, 5, 12), rng.uniform(0.5, 2.5, 12)
    starts = 2 + np.cumsum(lengths + pauses) - lengths
    return starts, starts + lengths


def wave(rng: np.random.Generator, seconds: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frequencies, amplitudes and phases of a load of 10 W that moves slowly by 3 W."""
    f = rng.uniform(0.2, 1, 8) / seconds
    return f, rng.normal(0, 3 / 2, 8), rng.uniform(0, 2 * math.pi, 8)


def power(of: tuple[np.ndarray, np.ndarray, np.ndarray], t: np.ndarray) -> np.ndarray:
    f, a, phase = of
    found: np.ndarray = 10 + np.sin(2 * math.pi * np.multiply.outer(t, f) + phase) @ a
    return found


def energy(of: tuple[np.ndarray, np.ndarray, np.ndarray], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return its integral, in closed form."""
    f, size, phase = of
    w = 2 * math.pi * f
    below, above = (np.cos(np.multiply.outer(t, w) + phase) @ (size / w) for t in (a, b))
    found: np.ndarray = 10 * (b - a) + below - above
    return found


def measured(t: np.ndarray, watts: np.ndarray, a: np.ndarray, b: np.ndarray) -> Windows:
    times, starts, ends = (np.rint(x * NS).astype(np.int64) for x in (t, a, b))
    interval = int(np.median(np.diff(times)))
    trace = Trace(times, watts, Quantity.POWER, Kind.INSTANT, interval_ns=interval, noise=0.01)
    return measure(Integral.of(trace), starts, ends)


def stamps(rng: np.random.Generator, until: float, interval: float) -> np.ndarray:
    n = int((until + 4) / interval)
    return (np.arange(n) + rng.uniform() + rng.uniform(-0.02, 0.02, n)) * interval


def test_what_lies_beside_the_edges_of_a_slow_load_is_its_course_inside() -> None:
    held, single, widths = [], [], []
    for seed in range(SEED, SEED + 12):
        rng = np.random.default_rng(seed)
        (a, b), of = marks(rng), wave(rng, 6.0)
        t = stamps(rng, b[-1], 0.5)
        found = measured(t, power(of, t) + rng.normal(0, 0.01, t.size), a, b)
        truth = energy(of, a, b)
        whole = found.combine(np.ones(a.size), "all")
        held.append(whole.low <= truth.sum() <= whole.high)
        single.append(np.mean(np.abs(found.value - truth) <= found.half_width()))
        widths.append(whole.half_width / truth.sum())
        assert BY_EDGES in found.shared
    assert np.mean(held) == 1.0 and np.mean(single) > 0.97
    assert np.median(widths) < 0.003  # readings inside alone: 0.008


@pytest.mark.parametrize("shape", ["flat", "ramp"])
def test_power_that_jumps_at_edges_is_left_to_the_readings_inside(shape: str) -> None:
    rng = np.random.default_rng(SEED)
    a, b = marks(rng)
    t = stamps(rng, b[-1], 0.5)
    inside = (t[:, None] >= a) & (t[:, None] < b)
    part = (t[:, None] - a) / (b - a)
    watts = 2 + ((inside * (part if shape == "ramp" else 1.0)) @ np.full(a.size, 6.0))
    found = measured(t, watts, a, b)
    assert BY_EDGES not in found.shared
    whole = found.combine(np.ones(a.size), "all")
    truth = float(np.sum((b - a) * (2 + 6 * (0.5 if shape == "ramp" else 1.0))))
    assert whole.low <= truth <= whole.high


def test_a_jump_at_an_edge_takes_a_sixth_of_its_interval_from_interpolation() -> None:
    """τ J ∫ (1 − u)²/2 du over an even place u of the edge."""
    starts = np.arange(1, 1001) * 10 + np.linspace(0, 1, 1000, endpoint=False)
    t = np.arange(10_020.0)
    watts = np.zeros(t.size)
    for a in starts:
        watts[(t >= a) & (t < a + 5.5)] = 1.0
    ends = starts + 3  # well inside, where nothing jumps
    times, begun, over = (np.rint(x * NS).astype(np.int64) for x in (t, starts, ends))
    trace = Trace(times, watts, Quantity.POWER, Kind.INSTANT, interval_ns=NS)
    lost = 3.0 - Integral.of(trace).between(begun, over)
    assert float(lost.mean()) == pytest.approx(1 / 6, rel=0.01)
