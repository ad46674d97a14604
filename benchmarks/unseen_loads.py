"""Thirty loads and instruments that nobody here designed for: do the stated 95 % intervals hold their truth?

python benchmarks/unseen_loads.py [--trials 60] [--seed 1] [NAME ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from unseen_world import (
    NS,
    SCENES,
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
    tried,
)

from powermeter import Recording, analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail


def _span(name: str, load: Load, t, v, *options: str) -> list[Said]:  # type: ignore[no-untyped-def]
    """Return what is stated of an imported log without events."""
    with Recording.open(imported(name, t, v, [], *options)) as recording:
        return [("run", float(load.between(t[0], t[-1])), analyse(recording).energy)]


# Whole runs


@scene("r1", "run of 20 min: a pump on 20-60 s, off 40-120 s; a plug each 5 s in steps of 1 W")
def _(rng: Rng) -> Sequence[Said]:
    dt, watts, x = 0.02, blank(1200, 3.0, 0.02), 0.0
    while x < 1200:
        on = rng.uniform(20, 60)
        put(watts, x, x + on, 42.0, dt)
        x += on + rng.uniform(40, 120)
    load = Load(watts, dt)
    t = ticks(rng, load, 0.2)
    return _span("r1", load, t, np.round(load.at(t)))


@scene("r2", "run of 90 s: requests as they come (Poisson, 1/s, 0.1-2 s each), a 1 Hz log")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(92, 2.0, 0.005)
    for a in rng.uniform(0, 92, rng.poisson(50)):
        put(watts, a, a + min(2.0, 0.1 + rng.exponential(0.4)), 5.0, 0.005)
    load = Load(watts, 0.005)
    t = ticks(rng, load, 1)
    return _span("r2", load, t, load.at(t))


@scene("r3", "run of an hour: charging that falls off (10 W to 1 W) with a compressor, a mean each minute")
def _(rng: Rng) -> Sequence[Said]:
    dt = 0.1
    time = np.arange(int(3700 / dt)) * dt
    watts, x = 1 + 9 * np.exp(-time / 1500), rng.uniform(0, 300)
    while x < 3600:
        put(watts, x, x + 200, 15.0, dt)
        x += rng.uniform(400, 700)
    load = Load(watts, dt)
    t = ticks(rng, load, 1 / 60, start=60)
    v = load.between(t - 60, t) / 60
    with Recording.open(imported("r3", t, v, [], "--as", "mean")) as recording:
        return [("run", float(load.between(t[0] - 60, t[-1])), analyse(recording).energy)]


@scene("r4", "run of 30 s, one reading of 9e8 W among those of a 20 Hz meter on a telegraph load")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(32, 1.0)
    telegraph(rng, watts, 0, 32, 0.0, 4.0, 0.7)
    load = Load(watts)
    t, v = instant(rng, load, 20)
    v[rng.integers(5, t.size - 5)] = 9e8
    return stated(save("r4", [(power(noise=0.01), v)], t, []), load, [], "run")


# In step, and not


def _timer(rng: Rng, n: int, period: float, on: float, watts_on: float = 5.0) -> tuple[Load, list[Span]]:
    starts = 1.5 + np.arange(n) * period
    watts = blank(starts[-1] + 2.5, 1.0, 2e-4)
    for a in starts:
        put(watts, a, a + on, watts_on, 2e-4)
    return Load(watts, 2e-4), [("e", float(a), float(a + on)) for a in starts]


@scene("l1", "a control loop 50 times a second (15 of 20 ms), 5 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _timer(rng, 1200, 0.02, 0.015)
    t, v = instant(rng, load, 5, vary=True)
    return stated(save("l1", [(power(noise=0.01), v)], t, events), load, events, "run label")


@scene("l2", "a camera at 7 frames a second (60 of 143 ms), 14 Hz on the grid: two readings a frame")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _timer(rng, 150, 1 / 7, 0.06)
    t, v = instant(rng, load, 14)
    return stated(save("l2", [(power(noise=0.01), v)], t, events), load, events, "run label")


@scene("l3", "audio blocks of 16 ms (4 ms busy) all through one event of 30 s, 12.5 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(34, 1.0)
    for a in np.arange(2 + rng.uniform(0, 0.016), 32, 0.016):
        put(watts, a, min(a + 0.004, 32), 8.0)
    load, events = Load(watts), [("e", 2.0, 32.0)]
    t, v = instant(rng, load, 12.5)
    return stated(save("l3", [(power(noise=0.01), v)], t, events), load, events)


@scene("l4", "the same, 12.5 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(34, 1.0)
    for a in np.arange(2 + rng.uniform(0, 0.016), 32, 0.016):
        put(watts, a, min(a + 0.004, 32), 8.0)
    load, events = Load(watts), [("e", 2.0, 32.0)]
    t, v = instant(rng, load, 12.5, vary=True)
    return stated(save("l4", [(power(noise=0.01), v)], t, events), load, events)


@scene("l5", "24 events a second long, 1.5 s apart to the millisecond, 2 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = _timer(rng, 24, 2.5, 1.0)
    t, v = instant(rng, load, 2)
    return stated(save("l5", [(power(noise=0.01), v)], t, events), load, events)


# Few readings inside


@scene("n1", "3 events of 0.2 s, 2 Hz instant")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 3, (0.2, 0.2), (2, 4), 6.0)
    t, v = instant(rng, load, 2)
    return stated(save("n1", [(power(noise=0.01), v)], t, events), load, events)


@scene("n2", "100 events of 12 ms that decay, 25 Hz at varied moments")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 100, (0.012, 0.012), (0.1, 0.3), lambda u: 12 * np.exp(-3 * u))
    t, v = instant(rng, load, 25, vary=True)
    return stated(save("n2", [(power(noise=0.01), v)], t, events), load, events)


@scene("n3", "12 events of 0.5-0.9 s in three stages, 5 Hz on the grid")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(
        rng, 12, (0.5, 0.9), (0.7, 1.4), lambda u: np.where(u < 0.2, 9.0, np.where(u < 0.6, 2.0, 5.0))
    )
    t, v = instant(rng, load, 5)
    return stated(save("n3", [(power(noise=0.01), v)], t, events), load, events)


# Means and counters


@scene("m1", "45 events of 30-50 ms that rise, 10 Hz counter of 1 mJ")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 45, (0.03, 0.05), (0.25, 0.6), lambda u: 10 * u)
    channel, t, v = counted(rng, load, 10, 1e-3)
    return stated(save("m1", [(channel, v)], t, events), load, events, "run label")


@scene("m2", "500 events of 3 ms with 20 ms that fade behind each, 20 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 500, (0.003, 0.003), (0.08, 0.2), 15.0, vary=0.02)
    watts = load.watts.copy()
    for _, _, b in events:
        put(watts, b, b + 0.05, lambda u: 4 * np.exp(-2.5 * u))
    load = Load(watts)
    t, v = mean(rng, load, 20)
    return stated(save("m2", [(power(Kind.MEAN, noise=0.005), v)], t, events), load, events, "run label")


@scene("m3", "16 events of 2-5 s that switch 1/11 W each 0.2 s, 1 Hz mean (CSV)")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 16, (2, 5), (1.5, 4))
    watts = blank(end, 1.0)
    for _, a, b in events:
        telegraph(rng, watts, a, b, 0.0, 10.0, 0.2)
    load = Load(watts)
    t, v = mean(rng, load, 1)
    return stated(imported("m3", t, v, events, "--as", "mean"), load, events)


@scene("m4", "30 events of 0.3-0.6 s, each with 0.5 s of 2 W behind it, 10 Hz mean in steps of 10 mW")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 30, (0.3, 0.6), (1, 2), 6.0)
    watts = load.watts.copy()
    for _, _, b in events:
        put(watts, b, b + 0.5, 2.0)
    load = Load(watts)
    t, v = mean(rng, load, 10)
    return stated(
        save("m4", [(power(Kind.MEAN, scale=0.01, noise=0.005, step=0.01), v)], t, events), load, events
    )


# Declared windows and held readings


@scene("w1", "a declared mean of 1 s at 10 Hz, events of 0.4-0.9 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 25, (0.4, 0.9), (1, 2), 60.0, idle=20.0)
    t, v = mean(rng, load, 10, noise=0.05, window=1.0)
    return stated(save("w1", [(power(Kind.MEAN, 1e-3, NS, noise=0.05), v)], t, events), load, events)


@scene("w2", "a declared mean of 2 s at 2 Hz, saw teeth of 2-4 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 14, (2, 4), (2, 5), lambda u: 50 * u, idle=20.0)
    t, v = mean(rng, load, 2, noise=0.05, window=2.0)
    return stated(save("w2", [(power(Kind.MEAN, 1e-3, 2 * NS, noise=0.05), v)], t, events), load, events)


@scene("h1", "a refresh of 1 s logged at 4 Hz (CSV, nothing stated), two-phase events of 3-6 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 14, (3, 6), (2, 5), lambda u: np.where(u < 0.3, 2.0, 7.0))
    fresh = ticks(rng, load, 1)
    shown = load.at(fresh) + rng.normal(0, 0.02, fresh.size)
    t = ticks(rng, load, 4, start=float(fresh[0]))
    return stated(imported("h1", t, shown[np.searchsorted(fresh, t, "right") - 1], events), load, events)


@scene("h2", "a gauge that averages its 3 s, logged each second (CSV), events of 10-20 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 8, (10, 20), (8, 20), 6.0, lead=10)
    fresh = ticks(rng, load, 1 / 3, start=3)
    shown = load.between(fresh - 3, fresh) / 3 + rng.normal(0, 0.02, fresh.size)
    t = ticks(rng, load, 1, start=float(fresh[0]))
    return stated(imported("h2", t, shown[np.searchsorted(fresh, t, "right") - 1], events), load, events)


@scene("h3", "a plug that reports changes of 5 % (CSV, held), ramps of 20-60 s between 10 and 60 W")
def _(rng: Rng) -> Sequence[Said]:
    corners = np.cumsum(rng.uniform(20, 60, 12))
    dt = 0.05
    load = Load(np.interp(np.arange(int(corners[-1] / dt)) * dt, corners, rng.uniform(10, 60, 12)), dt)
    keep, t = [0], np.arange(0, load.end - 1, 1.0)
    v = load.at(t) + rng.normal(0, 0.05, t.size)
    for i in range(1, t.size):
        if abs(v[i] - v[keep[-1]]) > 0.05 * v[keep[-1]] or i == t.size - 1:
            keep.append(i)
    return _span("h3", load, t[keep], v[keep], "--as", "held")


# Holes and missing rows


@scene("g1", "20 Hz log with three holes of 0.5-1.5 s (CSV), 18 events of 0.6-1 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 18, (0.6, 1), (0.5, 1.2), lambda u: np.where(u < 0.5, 8.0, 3.0))
    t, v = instant(rng, load, 20)
    keep = np.ones(t.size, bool)
    for a in rng.uniform(2, load.end - 4, 3):
        keep &= (t < a) | (t > a + rng.uniform(0.5, 1.5))
    return stated(imported("g1", t[keep], v[keep], events), load, events)


@scene("g2", "a hole of 4 s in one event of 20 s that switches each 0.3 s, 5 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    watts, a = blank(28, 1.0), rng.uniform(6, 16)
    telegraph(rng, watts, 4, 24, 2.0, 9.0, 0.3)
    load, events = Load(watts), [("e", 4.0, 24.0)]
    t, v = mean(rng, load, 5)
    keep = (t < a) | (t > a + 4)
    return stated(
        save("g2", [(power(Kind.MEAN, noise=0.005), v[keep])], t[keep], events), load, events, "run label"
    )


@scene("g3", "a quarter of a 20 Hz meter's rows missing in bursts of 2-6, 20 events of 0.5-1 s")
def _(rng: Rng) -> Sequence[Said]:
    load, events = busy(rng, 20, (0.5, 1), (0.5, 1), lambda u: 4 + 4 * u)
    t, v = instant(rng, load, 20)
    keep = np.ones(t.size, bool)
    while keep.mean() > 0.75:
        i = rng.integers(1, t.size - 8)
        keep[i : i + rng.integers(2, 7)] = False
    return stated(save("g3", [(power(noise=0.01), v[keep])], t[keep], events), load, events)


# Heavy tails, shared edges, skew, idle


@scene("t1", "five spikes of 2 ms a second with Pareto heights (2.2), 50 Hz instant, events of 5 s over them")
def _(rng: Rng) -> Sequence[Said]:
    watts = blank(40, 0.1)
    for a in rng.uniform(0, 39.9, rng.poisson(200)):
        put(watts, a, a + 0.002, 2 * (1 + rng.pareto(2.2)))
    load, events = Load(watts), [("e", 4 + 8.0 * i, 9 + 8.0 * i) for i in range(4)]
    t, v = instant(rng, load, 50, noise=0.002)
    return stated(save("t1", [(power(noise=0.002), v)], t, events), load, events, "run label")


@scene("s1", "a pipeline of 70, 110 and 40 ms back to back, 60 times, 10 Hz counter of 1 mJ")
def _(rng: Rng) -> Sequence[Said]:
    events: list[Span] = []
    x, levels = 2.0, {"load": 2.0, "run": 8.0, "store": 4.0}
    for _ in range(60):
        for name, length in zip(levels, (0.07, 0.11, 0.04), strict=True):
            length = round(length * rng.uniform(0.8, 1.2), 3)
            events.append((name, round(x, 4), round(x + length, 4)))
            x += length
        x += round(rng.uniform(0, 0.3), 3)
    watts = blank(x + 2, 1.0)
    for name, a, b in events:
        put(watts, a, b, levels[name] * (1 + 0.05 * rng.standard_normal()))
    load = Load(watts)
    channel, t, v = counted(rng, load, 10, 1e-3)
    return stated(save("s1", [(channel, v)], t, events), load, events, "run label")


@scene("s2", "current read 10 ms after voltage of a supply that sags, PWM of 3 Hz, 40 Hz")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 10, (2, 3), (1, 2))
    watts = blank(end, 1.0)
    for _, a, b in events:
        for x in np.arange(a, b, 1 / 3):
            put(watts, x, min(b, x + 0.15), 9.0)
    load = Load(watts)
    t = ticks(rng, load, 40)[:-2]
    ohm = 0.25

    def ampere(w):  # type: ignore[no-untyped-def]
        return (5 - np.sqrt(25 - 4 * ohm * w)) / (2 * ohm)

    volt = Channel("in.voltage", Quantity.VOLTAGE, 1e-3, Rail("IN"), accuracy=Accuracy(step=1e-3))
    amp = Channel("in.current", Quantity.CURRENT, 1e-4, Rail("IN"), accuracy=Accuracy(step=1e-4))
    columns = [(volt, 5 - ohm * ampere(load.at(t))), (amp, ampere(load.at(t + 0.01)))]
    return stated(save("s2", columns, t, events), load, events)


@scene("b1", "above idle power that rises by 0.3 W a minute and wanders, 15 events of 1-2 s, 10 Hz mean")
def _(rng: Rng) -> Sequence[Said]:
    events, end = spans(rng, 15, (1, 2), (1.5, 3), lead=9)
    idle = blank(end, 1.5)
    idle += np.linspace(0, 0.3 * end / 60, idle.size) + np.cumsum(rng.normal(0, 0.02 * 5e-4**0.5, idle.size))
    watts = idle.copy()
    for _, a, b in events:
        put(watts, a, b, 2.0 * (1 + 0.03 * rng.standard_normal()))
    load, quiet = Load(watts), Load(idle)
    t, v = mean(rng, load, 10)
    with Recording.open(save("b1", [(power(Kind.MEAN, noise=0.005), v)], t, events)) as recording:
        above = analyse(recording, baseline=(NS, 8 * NS)).row("e").above_per_item
    return [
        ("above", float(np.mean([load.between(a, b) - quiet.between(a, b) for _, a, b in events])), above)
    ]


def main() -> None:
    """Print a row for each question of each scenario."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| load and instrument | what | held | of those called sure | half-width (bias) | over what is needed | declined | grades |"
    )
    print("|---|---|---|---|---|---|---|---|")
    import unseen_hard  # noqa: F401
    import unseen_moments  # noqa: F401
    import unseen_repeats  # noqa: F401
    import unseen_thirty  # noqa: F401

    for name in asked.names or SCENES:
        for row in tried(name, asked.trials, asked.seed):
            print(row, flush=True)


if __name__ == "__main__":
    main()
