"""Of `unseen_loads.py`: the next item, repeats until a precision is reached, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from itertools import count
from types import SimpleNamespace

import numpy as np
from unseen_world import (
    Load,
    Rng,
    Said,
    blank,
    instant,
    mean,
    power,
    put,
    save,
    scene,
    spans,
)

from powermeter import Recording, RepeatLoop, analyse, compare
from powermeter.channel import Kind

# The next one, repeats


def _next(name: str, rng: Rng, factors: np.ndarray, truth: float, *, window: bool) -> list[Said]:
    events, end = spans(rng, len(factors), (0.6, 0.6), (0.4, 0.8))
    watts = blank(end, 1.0)
    for k, (_, a, b) in zip(factors, events, strict=True):
        put(watts, a, b, 4.0 * k)
    load = Load(watts)
    t, v = mean(rng, load, 20) if window else instant(rng, load, 20, vary=True)
    path = save(name, [(power(Kind.MEAN if window else Kind.INSTANT, noise=0.01), v)], t, events)
    with Recording.open(path) as recording:
        return [("next", 0.6 * (1 + 4.0 * truth), analyse(recording).row("e").expected_per_item)]


@scene("x1", "the next item: three in ten miss a cache and cost three times as much, 15 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _next("x1", rng, np.where(rng.uniform(size=15) < 0.3, 3.0, 1.0), 1.6, window=False)


@scene("x2", "the next item: memory of 0.5, spread of 10 %, 16 repeats")
def _(rng: Rng) -> Sequence[Said]:
    x = rng.normal(0, 0.1, 40)
    for i in range(1, 40):
        x[i] = 0.5 * x[i - 1] + 0.75**0.5 * x[i]
    return _next("x2", rng, 1 + x[24:], 1.0, window=True)


@scene("x3", "the next item: the first four of 24 cost 60 to 20 % more, then 4 % of spread")
def _(rng: Rng) -> Sequence[Said]:
    f = 1 + 0.04 * rng.standard_normal(24)
    f[:4] += [0.6, 0.5, 0.35, 0.2]
    return _next("x3", rng, f, 1.0, window=True)


@scene("x4", "meter.repeat, ±5 %: one pass in ten costs 2.5 times as much, the next resembles the last")
def _(rng: Rng) -> Sequence[Said]:
    x = rng.normal(0, 0.05, 6000)
    for i in range(1, 6000):
        x[i] = 0.4 * x[i - 1] + 0.84**0.5 * x[i]
    joules, clock = (1 + x) * np.where(rng.uniform(size=6000) < 0.1, 2.5, 1.0), count()
    loop = RepeatLoop(
        SimpleNamespace(event=lambda *_, **__: nullcontext()),
        "x",
        precision=0.05,
        at_most=1e9,
        most=6000,  # type: ignore[arg-type]
        read=lambda a, b: joules[: a.size],
        clock_ns=lambda: next(clock) * 10**7,
        sleep=lambda s: None,
    )
    for _ in loop:
        pass
    f = loop.settled
    grade = SimpleNamespace(value="measured")
    return [("mean", 1.15, f and SimpleNamespace(value=f.mean, low=f.low, high=f.high, grade=grade))]


# Comparison


def _turns(rng: Rng, name: str, order: str, factor: float, walk: float, spread: float) -> list[Said]:
    events, end = spans(rng, len(order), (0.6, 0.6), (0.3, 0.6))
    watts, level = blank(end, 1.0), 1 + np.cumsum(rng.normal(0, walk, len(order)))
    for i, (_, a, b) in enumerate(events):
        k = (factor if order[i] == "B" else 1.0) * level[i] * rng.lognormal(0, spread)
        put(watts, a, b, 5 * k)
    load = Load(watts)
    t, v = instant(rng, load, 20, vary=True)
    named = [(order[i], a, b) for i, (_, a, b) in enumerate(events)]
    found = compare(save(name, [(power(noise=0.01), v)], t, named), label=("A", "B")).rows[0].contrast
    said: list[Said] = [("ratio", (1 + 5 * factor) / 6, found.ratio)]
    wrong = ("less", "more") if factor == 1 else ("less", "same")
    return [*said, ("no false verdict", 0.0, str(found.verdict) not in wrong)]


@scene("c1", "the same program by turns (ABAB, 10 a side) on a random walk of 2 % a step")
def _(rng: Rng) -> Sequence[Said]:
    return _turns(rng, "c1", "AB" * 10, 1.0, 0.02, 0.03)


@scene("c2", "the same program by turns (ABBA, 6 a side), a spread of 50 % (lognormal)")
def _(rng: Rng) -> Sequence[Said]:
    return _turns(rng, "c2", "ABBA" * 3, 1.0, 0.0, 0.5)


@scene("c3", "B draws 10 % more, by turns (ABBA, 8 a side), on a random walk of 1 % a step")
def _(rng: Rng) -> Sequence[Said]:
    return _turns(rng, "c3", "ABBA" * 4, 1.1, 0.01, 0.02)
