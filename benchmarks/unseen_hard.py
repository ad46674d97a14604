"""What earlier rounds of `unseen_loads.py` left open: loads in step with readings at regular moments, memory, pulses, widths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from unseen_world import (
    FOLDER,
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
    telegraph,
    ticks,
)

from powermeter import Recording, analyse, compare
from powermeter.channel import Kind


def _wave(rng: Rng, watts, a: float, b: float, hertz: float, duty: float, level: float, **more) -> None:  # type: ignore[no-untyped-def]
    """Add a square wave to a stretch: its phase walks (`walk`, of a period a turn) or its turns are off by `jitter` seconds."""
    walk, jitter, dt = more.get("walk", 0.0), more.get("jitter", 0.0), more.get("dt", 5e-4)
    x = a - rng.uniform(0, 1 / hertz)
    while x < b:
        begin = x + (rng.normal(0, jitter) if jitter else 0.0)
        low, high = max(a, begin), min(b, begin + duty / hertz)
        if high > low:
            put(watts, low, high, level, dt)
        x += (1 + (rng.normal(0, walk) if walk else 0.0)) / hertz


def _read(
    name: str, rng: Rng, load: Load, events: Sequence[Span], rate: float, only: str = "run label single"
):  # type: ignore[no-untyped-def]
    t, v = instant(rng, load, rate)
    return stated(save(name, [(power(noise=0.01), v)], t, events), load, events, only)


@scene("a1", "a loop of 30 Hz (40 %), its phase walks 1 % a turn, in one event of 20 s; 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(24, 1.0)
    _wave(rng, watts, 2, 22, 30, 0.4, 6.0, walk=0.01)
    return _read("a1", rng, Load(watts), [("e", 2.0, 22.0)], 10, "run label")


@scene("a2", "the same, 3 % a turn")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(24, 1.0)
    _wave(rng, watts, 2, 22, 30, 0.4, 6.0, walk=0.03)
    return _read("a2", rng, Load(watts), [("e", 2.0, 22.0)], 10, "run label")


@scene("a3", "the same, 1 % a turn, in twelve events of 1-2 s")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 12, (1, 2), (0.5, 1.5))
    watts = blank(end, 1.0)
    for _, a, b in events:
        _wave(rng, watts, a, b, 30, 0.4, 6.0, walk=0.01)
    return _read("a3", rng, Load(watts), events, 10)


def _pwm(rng: Rng) -> tuple[Load, list[Span]]:
    events, end = spans(rng, 12, (1, 2), (0.5, 1.5))
    watts, dt = blank(end, 1.0, 1e-4), 1e-4
    hertz, phase = 100 * (1 + 1e-6 * rng.uniform(0, 300)), rng.uniform()
    on = np.mod(np.arange(watts.size) * dt * hertz + phase, 1.0) < 0.3
    for _, a, b in events:
        put(watts, a, b, 1.0, dt)
        part = slice(round(a / dt), round(b / dt))
        watts[part] += 6.0 * on[part]
    return Load(watts, dt), events


@scene("a4", "PWM of 100 Hz and 30 %, 0-300 ppm off, in twelve events of 1-2 s; 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    return _read("a4", rng, *_pwm(rng), 10)


@scene("a11", "the same PWM, 10 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _pwm(rng)
    t, v = instant(rng, load, 10, vary=True)
    return stated(save("a11", [(power(noise=0.01), v)], t, events), load, events)


@scene("a5", "ripple of 50 Hz (sine, 4 of 5 W), exactly in step with 10 Hz on the grid, in one event of 20 s")
def _(rng: Rng) -> Sequence[Said]:
    watts, dt = blank(24, 1.0), 5e-4
    part = slice(round(2 / dt), round(22 / dt))
    watts[part] += 5 + 4 * np.sin(2 * np.pi * (50 * np.arange(part.stop - part.start) * dt + rng.uniform()))
    return _read("a5", rng, Load(watts, dt), [("e", 2.0, 22.0)], 10, "label")


@scene("a6", "frames of 30.3 a second (12 ms), 2 ms of jitter each, in events of 2-4 s; 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 12, (2, 4), (1, 2))
    watts = blank(end, 1.0)
    for _, a, b in events:
        _wave(rng, watts, a, b, 30.3, 0.36, 6.0, jitter=0.002)
    return _read("a6", rng, Load(watts), events, 10)


@scene("a7", "pulses of 0.2 s and 5 W every 2 s on 1 W, 18 readings at 4 Hz")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(5, 1.0)
    for x in np.arange(-rng.uniform(0, 2), 5, 2.0):
        put(watts, max(x, 0.0), max(x + 0.2, 0.0), 4.0)
    return _read("a7", rng, Load(watts), [], 4, "run")


@scene("a8", "pulses of 60 ms and 12 W, one in 5 s, on 1 W: an instant meter of 1 Hz for 40 s")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(42, 1.0)
    for x in rng.uniform(0, 41, rng.poisson(8)):
        put(watts, x, x + 0.06, 12.0)
    return _read("a8", rng, Load(watts), [], 1, "run")


@scene("a9", "waits at random at idle inside eight events of 4 s (on and off 0.2-1.5 s); 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 8, (4, 4), (1, 2))
    watts = blank(end, 1.0)
    for _, a, b in events:
        x, on = a, bool(rng.integers(2))
        while x < b:
            stop = min(b, x + rng.uniform(0.2, 1.5))
            if on:
                put(watts, x, stop, 6.0)
            x, on = stop, not on
    return _read("a9", rng, Load(watts), events, 10)


@scene("a10", "a sine of 0.4 Hz (3 of 5 W) in one event of 30 s, 3 of 100 rows lost; 10 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    watts, dt = blank(34, 1.0), 5e-4
    part = slice(round(2 / dt), round(32 / dt))
    watts[part] += 5 + 3 * np.sin(2 * np.pi * (0.4 * np.arange(part.stop - part.start) * dt + rng.uniform()))
    load = Load(watts, dt)
    t, v = instant(rng, load, 10)
    keep = rng.uniform(size=t.size) > 0.03
    events = [("e", 2.0, 32.0)]
    return stated(save("a10", [(power(noise=0.01), v[keep])], t[keep], events), load, events, "run label")


def _next(name: str, rng: Rng, factors, truth: float) -> list[Said]:  # type: ignore[no-untyped-def]
    events, end = spans(rng, len(factors), (0.6, 0.6), (0.4, 0.8))
    watts = blank(end, 1.0)
    for k, (_, a, b) in zip(factors, events, strict=True):
        put(watts, a, b, 4.0 * k)
    t, v = mean(rng, Load(watts), 20)
    with Recording.open(save(name, [(power(Kind.MEAN, noise=0.01), v)], t, events)) as recording:
        row = analyse(recording).row("e")
        return [("next", 0.6 * (1 + 4.0 * truth), row.per_item)]


def _memory(rng: Rng, n: int, rho: float) -> np.ndarray:
    x = rng.normal(0, 1, n + 60)
    for i in range(1, x.size):
        x[i] = rho * x[i - 1] + (1 - rho * rho) ** 0.5 * x[i]
    return x[60:]


@scene("n4", "the next item: memory of 0.8, spread of 10 %, 20 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _next("n4", rng, 1 + 0.1 * _memory(rng, 20, 0.8), 1.0)


@scene("n5", "the next item: Pareto (2.5) on a tenth, 20 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _next("n5", rng, 0.9 + 0.1 * rng.pareto(2.5, 20) * 1.5, 1.0)


@scene("n6", "the next item: a heavy Pareto (1.8 above 1), 15 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _next("n6", rng, 0.4 * (1 + rng.pareto(1.8, 15)), 0.4 * (1 + 1 / 0.8))


@scene("n7", "the next item: by turns 4 and 8 W (a square wave of two items), 20 repeats")
def _(rng: Rng) -> Sequence[Said]:
    return _next("n7", rng, np.where(np.arange(20) % 2, 2.0, 1.0) * (1 + 0.01 * rng.standard_normal(20)), 1.5)


for _n in (1, 2, 3, 5, 7):

    @scene(f"q{_n}", f"the number to quote of {_n} repeats with a spread of 10 %")
    def _(rng: Rng, n: int = _n) -> Sequence[Said]:
        f = 1 + 0.1 * rng.standard_normal(n)
        return _next(f"q{n}", rng, f, float(f[0]) if n == 1 else 1.0)


@scene("p1", "the median and p95 of 12 events whose lengths differ twofold, 20 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 12, (0.5, 1.0), (0.4, 0.8), 5.0)
    t, v = mean(rng, load, 20)
    joules = [float(load.between(a, b)) for _, a, b in events]
    with Recording.open(save("p1", [(power(Kind.MEAN, noise=0.005), v)], t, events)) as recording:
        row = analyse(recording).row("e")
    return [
        ("median", float(np.quantile(joules, 0.5)), row.energy_median),
        ("p95", float(np.quantile(joules, 0.95)), row.energy_p95),
    ]


def _verdict(name: str, rng: Rng, order: str, factors) -> list[Said]:  # type: ignore[no-untyped-def]
    events, end = spans(rng, len(order), (0.6, 0.6), (0.3, 0.6))
    watts = blank(end, 1.0)
    for k, (_, a, b) in zip(factors, events, strict=True):
        put(watts, a, b, 5 * max(float(k), 0.02))
    t, v = instant(rng, Load(watts), 20, vary=True)
    named = [(order[i], a, b) for i, (_, a, b) in enumerate(events)]
    found = compare(save(name, [(power(noise=0.01), v)], t, named), label=("A", "B")).rows[0].contrast
    return [
        ("ratio", 1.0, found.ratio),
        ("no false verdict", 0.0, str(found.verdict) not in ("less", "more")),
    ]


@scene("c4", "the same program by turns (AB, 5 a side), one in ten costs five times as much")
def _(rng: Rng) -> Sequence[Said]:
    return _verdict(
        "c4", rng, "AB" * 5, np.where(rng.uniform(size=10) < 0.1, 5.0, 1.0) * rng.lognormal(0, 0.03, 10)
    )


@scene("c5", "the same program, first all of A, then all of B (8 a side), on a random walk of 3 % a step")
def _(rng: Rng) -> Sequence[Said]:
    return _verdict("c5", rng, "A" * 8 + "B" * 8, 1 + np.cumsum(rng.normal(0, 0.03, 16)))


@scene("c6", "the same program by turns (AB, 5 a side) on a random walk of 5 % a step")
def _(rng: Rng) -> Sequence[Said]:
    return _verdict("c6", rng, "AB" * 5, 1 + np.cumsum(rng.normal(0, 0.05, 10)))


@scene("c7", "the same program in two recordings, each on its own random walk of 2 % a step, 10 a side")
def _(rng: Rng) -> Sequence[Said]:
    paths = []
    for side in "AB":
        events, end = spans(rng, 10, (0.6, 0.6), (0.3, 0.6))
        watts = blank(end, 1.0)
        for k, (_, a, b) in zip(1 + np.cumsum(rng.normal(0, 0.02, 10)), events, strict=True):
            put(watts, a, b, 5 * k)
        t, v = instant(rng, Load(watts), 20, vary=True)
        paths.append(save(f"c7{side}", [(power(noise=0.01), v)], t, events))
    found = compare(*paths).row("e")
    return [("no false verdict", 0.0, str(found.verdict) not in ("less", "more"))]


@scene("o1", "four readings a minute of a cycling load by two, a run of 20 readings that mostly agree")
def _(rng: Rng) -> Sequence[Said]:
    watts, dt = blank(320, 2.0, 0.02), 0.02
    telegraph(rng, watts, 0, 320, 0.0, 5.0, 60.0)
    load = Load(watts, dt)
    t = ticks(rng, load, 1 / 15)
    path = save("o1", [(power(noise=0.01), load.at(t) + rng.normal(0, 0.01, t.size))], t, [])
    assert path.parent == FOLDER
    return stated(path, load, [], "run")
