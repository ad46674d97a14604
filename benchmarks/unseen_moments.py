"""Fifteen more for `unseen_loads.py`: beats that are not finished, a reading or two in a shaped event, events that abut, items that drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from unseen_world import (
    Load,
    Rng,
    Said,
    Span,
    blank,
    busy,
    instant,
    mean,
    power,
    put,
    save,
    scene,
    spans,
    stated,
)

from powermeter import Recording, analyse
from powermeter.channel import Kind

Shape = Callable[..., object]


def _read(name: str, rng: Rng, load: Load, events: Sequence[Span], rate: float) -> list[Said]:
    t, v = instant(rng, load, rate)
    return stated(save(name, [(power(noise=0.01), v)], t, events), load, events)


def _beat(name: str, rng: Rng, n: int, period: float, lasts: float, rate: float, shape: Shape) -> list[Said]:
    """Return what is stated of equal events at a steady period on regular readings."""
    starts = 1.0 + rng.uniform(0, 1) + np.arange(n) * period
    watts = blank(starts[-1] + lasts + 2, 1.0, 2e-4)
    for a in starts:
        put(watts, a, a + lasts, shape, 2e-4)
    events = [("e", round(float(a), 4), round(float(a) + lasts, 4)) for a in starts]
    return _read(name, rng, Load(watts, 2e-4), events, rate)


@scene(
    "p1",
    "30 events of 0.2 s each 0.754 s, first third 15 W, then 3 W; 4 Hz on the grid (a beat of half a turn)",
)
def _(rng: Rng) -> Sequence[Said]:
    return _beat("p1", rng, 30, 0.754, 0.2, 4, lambda u: np.where(u < 0.33, 15.0, 3.0))


@scene("p2", "50 events of 70 ms each 0.201 s, saw teeth to 12 W; 10 Hz on the grid (half a turn)")
def _(rng: Rng) -> Sequence[Said]:
    return _beat("p2", rng, 50, 0.201, 0.07, 10, lambda u: 12 * u)


@scene("p3", "80 events of 0.6 s each 1.018 s, four stages; 1 Hz on the grid (one turn and a half)")
def _(rng: Rng) -> Sequence[Said]:
    return _beat("p3", rng, 80, 1.018, 0.6, 1, lambda u: np.array([2.0, 9.0, 4.0, 1.0])[(4 * u).astype(int)])


@scene("p4", "25 flat events of 0.3 s each 0.999 s, 2 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    return _beat("p4", rng, 25, 0.999, 0.3, 2, lambda u: 6.0 + 0 * u)


@scene("p5", "60 events of 40 ms each 0.1013 s that decay, 20 Hz on the grid (three quarters of a turn each)")
def _(rng: Rng) -> Sequence[Said]:
    return _beat("p5", rng, 60, 0.1013, 0.04, 20, lambda u: 14 * np.exp(-3 * u))


@scene("p6", "40 events of 0.12-0.2 s, a spike of 20 W in the last fifth, 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 40, (0.12, 0.2), (0.3, 0.8), lambda u: np.where(u > 0.8, 20.0, 1.0))
    return _read("p6", rng, load, events, 10)


@scene("p7", "30 triangles of 0.15-0.3 s, 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 30, (0.15, 0.3), (0.3, 0.8), lambda u: 12 * (1 - np.abs(2 * u - 1)))
    return _read("p7", rng, load, events, 10)


@scene("p8", "25 events of 0.3-0.5 s, a dip in their middle, 5 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 25, (0.3, 0.5), (0.5, 1.2), lambda u: np.where(np.abs(u - 0.5) < 0.2, 0.5, 8.0))
    return _read("p8", rng, load, events, 5)


@scene("p9", "60 events of 80-120 ms, quiet and then heavy, 12 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 60, (0.08, 0.12), (0.2, 0.5), lambda u: np.where(u > 0.5, 10.0, 0.5))
    return _read("p9", rng, load, events, 12)


def _abutting(name: str, rng: Rng, n: int, lasts: float, rate: float, shape: Shape) -> list[Said]:
    """Return what is stated of events of one shape without a pause between them."""
    edges = 2.0 + np.round(np.concatenate([[0.0], np.cumsum(lasts * rng.uniform(0.8, 1.2, n))]), 4)
    watts = blank(edges[-1] + 2, 1.0, 2e-4)
    for a, b in pairwise(edges):
        put(watts, a, b, shape, 2e-4)
    events = [("e", float(a), float(b)) for a, b in pairwise(edges)]
    return _read(name, rng, Load(watts, 2e-4), events, rate)


@scene("p10", "80 abutting saw teeth of 80-120 ms, 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    return _abutting("p10", rng, 80, 0.1, 10, lambda u: 12 * u)


@scene("p11", "40 abutting events of 0.24-0.36 s, early 15 W, then 2 W, 5 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    return _abutting("p11", rng, 40, 0.3, 5, lambda u: np.where(u < 0.3, 15.0, 2.0))


@scene("p12", "200 abutting events of 40-60 ms, a dip in their middle, 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    return _abutting("p12", rng, 200, 0.05, 10, lambda u: np.where(np.abs(u - 0.5) < 0.25, 1.0, 9.0))


def _drifting(name: str, rng: Rng, course: np.ndarray, next_one: float, *, window: bool) -> list[Said]:
    """Return what is stated of the next item where items follow a course with 4 % of scatter."""
    events, end = spans(rng, course.size, (0.5, 0.5), (0.3, 0.6))
    watts = blank(end, 1.0)
    for k, (_, a, b) in zip(course, events, strict=True):
        put(watts, a, b, 5 * k * (1 + 0.04 * rng.standard_normal()))
    load = Load(watts)
    t, v = mean(rng, load, 10) if window else instant(rng, load, 20, vary=True)
    path = save(name, [(power(Kind.MEAN if window else Kind.INSTANT, noise=0.01), v)], t, events)
    with Recording.open(path) as recording:
        row = analyse(recording).row("e")
    return [("next", 0.5 * (1 + 5 * next_one), row.per_item)]


@scene("p13", "the next of 120 items that rise by 12 %, 20 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    return _drifting("p13", rng, 1 + 0.12 * np.arange(120) / 120, 1.12, window=False)


@scene(
    "p14",
    "the next of 30 items that fall off towards a level (20 % above, time constant 15 items), 10 Hz mean",
)
def _(rng: Rng) -> Sequence[Said]:
    return _drifting("p14", rng, 1 + 0.2 * np.exp(-np.arange(30) / 15), 1 + 0.2 * np.exp(-2), window=True)


@scene("p15", "the next of 50 items, a step up of 8 % after thirty, 10 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    return _drifting("p15", rng, np.where(np.arange(50) < 30, 1.0, 1.08), 1.08, window=True)
