"""Thirty-two more loads, instruments and questions, new to the estimators but no blind test: whole runs, labels, single events, the next item, comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from unseen_world import (
    NS,
    Load,
    Rng,
    Said,
    Span,
    blank,
    busy,
    counted,
    imported,
    instant,
    mean,
    power,
    put,
    save,
    scene,
    spans,
    stated,
    telegraph,
    ticks,
)

from powermeter import Recording, analyse, compare
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail


def _run(path, load: Load, events: Sequence[Span] = (), only: str = "run") -> list[Said]:  # type: ignore[no-untyped-def]
    return stated(path, load, events, only)


def _cycles(
    rng: Rng, seconds: float, on: tuple[float, float], off: tuple[float, float], low: float, high: float
):  # type: ignore[no-untyped-def]
    dt = 0.05
    watts, x = blank(seconds, low, dt), -rng.uniform(*off)
    while x < seconds:
        length = rng.uniform(*on)
        if x + length > 0:
            put(watts, max(x, 0.0), min(x + length, seconds), high - low, dt)
        x += length + rng.uniform(*off)
    return Load(watts, dt)


@scene("y1", "run: an oven that cycles (on 40-80 s, off 60-120 s), read by eye 14 times, 20-50 s apart (CSV)")
def _(rng: Rng) -> Sequence[Said]:
    load = _cycles(rng, 700, (40, 80), (60, 120), 4.0, 900.0)
    t = np.cumsum(rng.uniform(20, 50, 14))
    path = imported("y1", t, np.round(load.at(t)), [])
    with Recording.open(path) as recording:
        return [("run", float(load.between(t[0], t[-1])), analyse(recording).energy)]


@scene("y2", "run of an hour: a heat pump, counter of 1 Wh each 20 s")
def _(rng: Rng) -> Sequence[Said]:
    load = _cycles(rng, 3600, (200, 500), (100, 300), 60.0, 1400.0)
    channel, t, v = counted(rng, load, 1 / 20, 3600.0)
    return _run(save("y2", [(channel, v)], t, []), load)


@scene("y3", "run of 3 min: a walk of the load (AR, 2 s) at 1 Hz mean, 4 % of rows lost")
def _(rng: Rng) -> Sequence[Said]:
    dt, n = 0.02, 9200
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = 0.99 * x[i - 1] + rng.normal(0, 0.14)
    load = Load(6 * np.exp(0.3 * x), dt)
    t, v = mean(rng, load, 1)
    keep = rng.uniform(size=t.size) > 0.04
    keep[[0, -1]] = True
    return _run(save("y3", [(power(Kind.MEAN, noise=0.005), v[keep])], t[keep], []), load)


def _sleeper(rng: Rng, seconds: float) -> Load:
    watts, x = blank(seconds, 5e-4), rng.uniform(0, 5)
    while x < seconds - 0.1:
        put(watts, x, x + 0.027, 0.08)
        x += rng.uniform(2, 4)
    return Load(watts)


@scene(
    "y4", "run: a sensor node that wakes for 27 ms each 2-4 s (80 mW on 0.5 mW), 50 Hz instant on the grid"
)
def _(rng: Rng) -> Sequence[Said]:
    load = _sleeper(rng, 120)
    t = ticks(rng, load, 50)
    v = load.at(t) + rng.normal(0, 5e-5, t.size)
    return _run(save("y4", [(power(scale=1e-7, noise=5e-5), v)], t, []), load)


@scene("y5", "the same at 5 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load = _sleeper(rng, 120)
    t = ticks(rng, load, 5, vary=True)
    v = load.at(t) + rng.normal(0, 5e-5, t.size)
    return _run(save("y5", [(power(scale=1e-7, noise=5e-5), v)], t, []), load)


def _stages(u):  # type: ignore[no-untyped-def]
    return np.where(u < 0.25, 2.0, np.where(u < 0.8, 7.0, 3.0))


@scene("y6", "60 inferences of 80-120 ms in three stages, 30 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 60, (0.08, 0.12), (0.1, 0.4), _stages)
    t, v = instant(rng, load, 30, vary=True)
    return _run(save("y6", [(power(noise=0.01), v)], t, events), load, events, "run label single")


@scene("y7", "the same, a counter of 0.1 mJ at 30 Hz")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 60, (0.08, 0.12), (0.1, 0.4), _stages)
    channel, t, v = counted(rng, load, 30, 1e-4)
    return _run(save("y7", [(channel, v)], t, events), load, events, "run label single")


@scene("y8", "12 events of 5-9 s that rise to their power (a time constant of a third), 1 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 12, (5, 9), (3, 6), lambda u: 9 * (1 - np.exp(-3 * u)))
    t, v = instant(rng, load, 1)
    return _run(save("y8", [(power(noise=0.01), v)], t, events), load, events, "run label single")


@scene("y9", "40 events of 150 ms that rise evenly, 8 Hz counter of 1 mJ")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 40, (0.15, 0.15), (0.3, 0.7), lambda u: 8 * u)
    channel, t, v = counted(rng, load, 8, 1e-3)
    return _run(save("y9", [(channel, v)], t, events), load, events, "run label single")


def _two_labels(rng: Rng, n: int) -> tuple[Load, list[Span]]:
    events: list[Span] = []
    x = 2.0
    for _ in range(n):
        for name, length in (("prefill", rng.uniform(0.3, 0.5)), ("decode", rng.uniform(1, 2))):
            events.append((name, round(x, 3), round(x + length, 3)))
            x += length
        x += rng.uniform(0.2, 0.8)
    watts = blank(x + 2, 1.5)
    for name, a, b in events:
        put(watts, a, b, (9.0 if name == "prefill" else 4.0) * (1 + 0.04 * rng.standard_normal()))
    return Load(watts), events


@scene("y10", "prefill (0.3-0.5 s) and decode (1-2 s) back to back, 20 times, 10 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _two_labels(rng, 20)
    t, v = instant(rng, load, 10, vary=True)
    return _run(save("y10", [(power(noise=0.01), v)], t, events), load, events, "run label single")


@scene("y11", "the same, 5 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _two_labels(rng, 20)
    t, v = mean(rng, load, 5)
    return _run(
        save("y11", [(power(Kind.MEAN, noise=0.005), v)], t, events), load, events, "run label single"
    )


@scene("y12", "50 requests of 0.5-2 s, up to some at a time, each 3 W more, 10 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    starts = np.sort(rng.uniform(2, 40, 50))
    events = [("e", round(float(a), 3), round(float(a + rng.uniform(0.5, 2)), 3)) for a in starts]
    watts = blank(46, 2.0)
    for _, a, b in events:
        put(watts, a, b, 3.0)
    load = Load(watts)
    t, v = mean(rng, load, 10)
    return _run(save("y12", [(power(Kind.MEAN, noise=0.005), v)], t, events), load, events)


@scene("y13", "epochs that hold 12 steps of 0.4-0.6 s and a check of 1 s, 4 of them, 8 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    events: list[Span] = []
    x = 2.0
    for _ in range(4):
        begin = x
        for _ in range(12):
            length = rng.uniform(0.4, 0.6)
            events.append(("step", round(x, 3), round(x + length, 3)))
            x += length + rng.uniform(0.05, 0.15)
        events.append(("epoch", round(begin, 3), round(x + 1, 3)))
        x += 1 + rng.uniform(0.5, 1)
    watts = blank(x + 2, 2.0)
    for name, a, b in events:
        put(watts, a, b, 7.0 * (1 + 0.03 * rng.standard_normal()) if name == "step" else 1.0)
    load = Load(watts)
    t, v = mean(rng, load, 8)
    return _run(save("y13", [(power(Kind.MEAN, noise=0.005), v)], t, events), load, events, "run label")


@scene("y14", "a declared mean of 1 s at 10 Hz, 40 bursts of lognormal lengths about 0.5 s")
def _(rng: Rng) -> Sequence[Said]:
    events: list[Span] = []
    x = 3.0
    for _ in range(40):
        length = min(3.0, float(rng.lognormal(-0.7, 0.6)))
        events.append(("e", round(x, 3), round(x + length, 3)))
        x += length + rng.uniform(0.5, 2)
    watts = blank(x + 3, 30.0)
    for _, a, b in events:
        put(watts, a, b, 90 * (1 + 0.05 * rng.standard_normal()))
    load = Load(watts)
    t, v = mean(rng, load, 10, noise=0.1, window=1.0)
    return _run(
        save("y14", [(power(Kind.MEAN, 1e-3, NS, noise=0.1), v)], t, events), load, events, "run label single"
    )


@scene("y15", "a gauge of 2 s refresh logged each 0.9-1.1 s (CSV), ten events of 6-12 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 10, (6, 12), (5, 10), 5.0, lead=8)
    fresh = ticks(rng, load, 0.5)
    shown = load.at(fresh) + rng.normal(0, 0.02, fresh.size)
    t = float(fresh[0]) + np.cumsum(rng.uniform(0.9, 1.1, int((load.end - fresh[0]) / 1.1) - 2))
    return _run(
        imported("y15", t, shown[np.searchsorted(fresh, t, "right") - 1], events), load, events, "run label"
    )


@scene(
    "y16", "a plug that logs changes only (on 5-60 s, off 5-60 s; CSV, held), four events of 60-120 s over it"
)
def _(rng: Rng) -> Sequence[Said]:
    load = _cycles(rng, 700, (5, 60), (5, 60), 2.0, 35.0)
    grid = np.arange(1.0, load.end - 1)
    v = np.round(load.at(grid), 1)
    keep = np.concatenate([[True], v[1:] != v[:-1]])
    keep[-1] = True
    events, _ = spans(rng, 4, (60, 120), (30, 50), lead=20)
    return _run(imported("y16", grid[keep], v[keep], events, "--as", "held"), load, events, "label")


@scene("y17", "five holes of 0.2-0.4 s in a log of 50 Hz (CSV), 25 events of 0.4 s in two stages")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 25, (0.4, 0.4), (0.3, 0.8), lambda u: np.where(u < 0.6, 3.0, 8.0))
    t, v = instant(rng, load, 50)
    keep = np.ones(t.size, bool)
    for a in rng.uniform(2, load.end - 3, 5):
        keep &= (t < a) | (t > a + rng.uniform(0.2, 0.4))
    return _run(imported("y17", t[keep], v[keep], events), load, events, "run label single")


@scene("y18", "a hole of 20 s in a run of 150 s that switches each 4 s, 2 Hz (CSV)")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(154, 2.0)
    telegraph(rng, watts, 0, 154, 0.0, 6.0, 4.0)
    load, a = Load(watts), rng.uniform(30, 100)
    t, v = instant(rng, load, 2)
    keep = (t < a) | (t > a + 20)
    path = imported("y18", t[keep], v[keep], [])
    with Recording.open(path) as recording:
        return [("run", float(load.between(t[0], t[-1])), analyse(recording).energy)]


@scene("y19", "pulses of 3 ms and 3 W, 20 a second, in five events of 4 s, 100 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 5, (4, 4), (1, 2))
    watts = blank(end, 0.2)
    for _, a, b in events:
        for x in rng.uniform(a, b - 0.003, rng.poisson(80)):
            put(watts, x, x + 0.003, 3.0)
    load = Load(watts)
    t, v = instant(rng, load, 100, vary=True, noise=0.002)
    return _run(save("y19", [(power(noise=0.002), v)], t, events), load, events, "run label single")


@scene("y20", "30 events of 30 ms, current read 4 ms after voltage (a supply of 0.3 ohm), 250 Hz")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 30, (0.03, 0.03), (0.1, 0.3), 8.0)
    t = ticks(rng, load, 250)[:-3]
    ohm = 0.3

    def ampere(w):  # type: ignore[no-untyped-def]
        return (5 - np.sqrt(25 - 4 * ohm * w)) / (2 * ohm)

    volt = Channel("in.voltage", Quantity.VOLTAGE, 1e-4, Rail("IN"), accuracy=Accuracy(step=1e-4))
    amp = Channel("in.current", Quantity.CURRENT, 1e-5, Rail("IN"), accuracy=Accuracy(step=1e-5))
    columns = [(volt, 5 - ohm * ampere(load.at(t))), (amp, ampere(load.at(t + 0.004)))]
    return _run(save("y20", columns, t, events), load, events, "label single")


@scene("y21", "above idle: a fan goes on and off (0.5 W, each 5-15 s), 20 events of 1.5-2.5 s, 5 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 20, (1.5, 2.5), (1.5, 3), lead=10)
    quiet = blank(end, 3.0)
    x, on = 0.0, False
    while x < end:
        stop = x + rng.uniform(5, 15)
        if on:
            put(quiet, x, min(stop, end), 0.5)
        x, on = stop, not on
    watts = quiet.copy()
    for _, a, b in events:
        put(watts, a, b, 4.0)
    load, idle = Load(watts), Load(quiet)
    t, v = mean(rng, load, 5)
    with Recording.open(save("y21", [(power(Kind.MEAN, noise=0.005), v)], t, events)) as recording:
        above = analyse(recording, baseline=(NS, 9 * NS)).row("e").above_per_item
    return [("above", float(np.mean([load.between(a, b) - idle.between(a, b) for _, a, b in events])), above)]


def _items(name: str, rng: Rng, lengths, levels, truth: float) -> list[Said]:  # type: ignore[no-untyped-def]
    events: list[Span] = []
    x = 2.0
    for length in lengths:
        events.append(("e", round(x, 3), round(x + float(length), 3)))
        x += float(length) + rng.uniform(0.4, 0.8)
    watts = blank(x + 2, 1.0)
    for level, (_, a, b) in zip(levels, events, strict=True):
        put(watts, a, b, float(level))
    t, v = instant(rng, Load(watts), 25, vary=True)
    with Recording.open(save(name, [(power(noise=0.01), v)], t, events)) as recording:
        return [("next", truth, analyse(recording).row("e").per_item)]


@scene("y22", "the next item: short and long prompts (0.4 s, one in four 2 s), 16 repeats")
def _(rng: Rng) -> Sequence[Said]:
    lengths = np.where(rng.uniform(size=16) < 0.25, 2.0, 0.4)
    return _items("y22", rng, lengths, np.full(16, 5.0), 6.0 * (0.25 * 2 + 0.75 * 0.4))


@scene("y23", "the next item: lognormal powers (a spread of 30 %), 9 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _items("y23", rng, np.full(9, 0.6), 5 * rng.lognormal(0, 0.3, 9), 0.6 * (1 + 5 * np.exp(0.045)))


@scene("y24", "the next item: exponential lengths about 1 s, 30 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _items("y24", rng, 0.05 + rng.exponential(1.0, 30), np.full(30, 5.0), 6.0 * 1.05)


@scene("y25", "the next item: a first call of four times the length, then 5 % of spread, 4 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _items("y25", rng, [2.4, 0.6, 0.6, 0.6, 0.6], 5 * (1 + 0.05 * rng.standard_normal(5)), 0.6 * 6)


def _pair(name: str, rng: Rng, factors: Sequence[float], n: Sequence[int], rate: float) -> list[Said]:
    paths = []
    for side, (factor, count) in enumerate(zip(factors, n, strict=True)):
        events, end = spans(rng, count, (0.8, 1.2), (0.4, 0.8))
        watts = blank(end, 1.0)
        for _, a, b in events:
            put(watts, a, b, 5 * factor * (1 + 0.05 * rng.standard_normal()))
        t, v = mean(rng, Load(watts), rate)
        paths.append(save(f"{name}{side}", [(power(Kind.MEAN, noise=0.005), v)], t, events))
    found = compare(*paths).row("e")
    wrong = ("less", "more") if factors[0] == factors[1] else ("less", "same")
    truth = (1 + 5 * factors[1]) / (1 + 5 * factors[0])
    return [("ratio", truth, found.ratio), ("no false verdict", 0.0, str(found.verdict) not in wrong)]


@scene("y26", "compare two recordings of the same program, 15 events each, 10 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    return _pair("y26", rng, (1.0, 1.0), (15, 15), 10)


@scene("y27", "compare: one event against thirty of the same program")
def _(rng: Rng) -> Sequence[Said]:
    return _pair("y27", rng, (1.0, 1.0), (1, 30), 10)


@scene("y28", "compare: B draws twice as much, 12 events each")
def _(rng: Rng) -> Sequence[Said]:
    return _pair("y28", rng, (1.0, 2.0), (12, 12), 10)


@scene("y29", "compare by turns (ABBA, 8 a side), B draws a fifth less, exponential spread of some items")
def _(rng: Rng) -> Sequence[Said]:
    order = "ABBA" * 4
    events, end = spans(rng, 16, (0.6, 0.6), (0.3, 0.6))
    watts = blank(end, 1.0)
    for i, (_, a, b) in enumerate(events):
        put(watts, a, b, 5 * (0.8 if order[i] == "B" else 1.0) * (1 + 0.03 * rng.exponential()))
    load = Load(watts)
    t, v = mean(rng, load, 10)
    named = [(order[i], a, b) for i, (_, a, b) in enumerate(events)]
    found = (
        compare(save("y29", [(power(Kind.MEAN, noise=0.005), v)], t, named), label=("A", "B"))
        .rows[0]
        .contrast
    )
    k = 1.03
    truth = (1 + 4 * k) / (1 + 5 * k)
    return [("ratio", truth, found.ratio), ("right", 0.0, str(found.verdict) == "less")]


@scene("y30", "a ripple of 100 Hz (4 of 6 W) under everything, ten events of 1-2 s, 20 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 10, (1, 2), (1, 2), 6.0)
    watts = load.watts + 1.5
    watts = watts * (1 + 0.66 * np.sin(2 * np.pi * (100 * np.arange(watts.size) * load.dt + rng.uniform())))
    load = Load(watts)
    t, v = instant(rng, load, 20, vary=True)
    return _run(save("y30", [(power(noise=0.01), v)], t, events), load, events, "run label single")


@scene("y31", "the same, on the grid at 19.3 Hz")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 10, (1, 2), (1, 2), 6.0)
    watts = load.watts + 1.5
    watts = watts * (1 + 0.66 * np.sin(2 * np.pi * (100 * np.arange(watts.size) * load.dt + rng.uniform())))
    load = Load(watts)
    t, v = instant(rng, load, 19.3)
    return _run(save("y31", [(power(noise=0.01), v)], t, events), load, events, "run label single")


@scene("y32", "PWM of 37 Hz (45 %) in eight events of 3-5 s, 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 8, (3, 5), (1, 2))
    watts, dt = blank(end, 1.0), 5e-4
    on = np.mod(np.arange(watts.size) * dt * 37 + rng.uniform(), 1.0) < 0.45
    for _, a, b in events:
        part = slice(round(a / dt), round(b / dt))
        watts[part] += 6.0 * on[part]
    load = Load(watts)
    t, v = instant(rng, load, 10)
    return _run(save("y32", [(power(noise=0.01), v)], t, events), load, events, "run label single")
