"""Small recordings in memory whose loads are known: one for each way in which meters read and programs run.

A scene can be had in other units: with all power and all time a power of two larger, later, or with a load of constant
power beside it.  What is measured must follow, whatever heuristics find it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from powermeter.channel import MISSING, Accuracy, Kind, Quantity
from powermeter.events import Event
from powermeter.recording.protocol import Samples
from powermeter.testing.simulation import NS, SimulatedPowerMeter, SimulatedRecording, Truth


@dataclass(frozen=True)
class Scene:
    """A recording, its load, and how it is asked for."""

    recording: SimulatedRecording
    truth: Truth
    baseline: str | None = None
    by: tuple[str, ...] = ()
    shares: bool = field(default=False)

    def true_energy(self, label: str) -> float:
        """The load's integral over all events of a label, J."""
        return sum(
            self.truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS)
            for e in self.recording.happened
            if e.name == label
        )


def _train(
    starts: np.ndarray, lengths: np.ndarray, end: float, idle: float = 2.0, busy: float | np.ndarray = 6.0
) -> tuple[Truth, list[Event]]:
    """A load that is busy in each of some stretches, and the events that say when."""
    edges = np.concatenate([[0.0], np.column_stack([starts, starts + lengths]).ravel(), [end]])
    levels = np.full(edges.size - 1, idle)
    levels[1::2] = busy
    events = [
        Event("infer", round(a * NS), round((a + b) * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True))
    ]
    return Truth.steps(edges, levels), events


def _random(rng: np.random.Generator, n: int, length: float, pause: float) -> tuple[np.ndarray, np.ndarray]:
    lengths = length * rng.uniform(0.8, 1.2, n)
    pauses = pause * rng.uniform(0.6, 1.4, n)
    return 1.0 + np.concatenate([[0.0], np.cumsum(lengths + pauses)[:-1]]), lengths


ACCURACY = Accuracy(gain=0.01, offset=0.005, noise=0.02)


def _bursts(seed: int, meter: SimulatedPowerMeter, n: int, length: float, pause: float) -> Scene:
    rng = np.random.default_rng(seed)
    starts, lengths = _random(rng, n, length, pause)
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.0))
    return Scene(meter.record(truth, events, rng), truth)


def _long() -> Scene:
    return _bursts(1, SimulatedPowerMeter(20.0, accuracy=ACCURACY), 12, 1.0, 0.7)


def _short_at_random() -> Scene:
    return _bursts(2, SimulatedPowerMeter(20.0, accuracy=ACCURACY, jitter_s=0.015), 60, 0.03, 0.09)


def _means() -> Scene:
    return _bursts(3, SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY), 40, 0.35, 0.4)


def _short_means() -> Scene:
    return _bursts(4, SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY), 60, 0.06, 0.17)


def _windows() -> Scene:
    return _bursts(5, SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY, window_s=0.04), 30, 0.5, 0.4)


def _counter() -> Scene:
    return _bursts(6, SimulatedPowerMeter(10.0, Kind.COUNTER, Accuracy(gain=0.01, step=1e-3)), 30, 0.4, 0.4)


def _coarse_counter() -> Scene:
    return _bursts(7, SimulatedPowerMeter(10.0, Kind.COUNTER, Accuracy(step=0.5)), 20, 0.7, 0.5)


def _coarse_steps() -> Scene:
    return _bursts(8, SimulatedPowerMeter(20.0, accuracy=Accuracy(step=0.25)), 20, 0.5, 0.4)


def _volts_and_amps() -> Scene:
    meter = SimulatedPowerMeter(
        20.0,
        accuracy=Accuracy(gain=0.004, noise=0.003),
        volts=5.0,
        volts_accuracy=Accuracy(gain=0.002, noise=0.01),
    )
    return _bursts(9, meter, 20, 0.6, 0.5)


def _gaps() -> Scene:
    rng = np.random.default_rng(10)
    starts, lengths = _random(rng, 14, 1.0, 0.7)
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.0))
    meter = SimulatedPowerMeter(20.0, accuracy=ACCURACY)
    holes = [
        (float(starts[3] + 0.3), float(starts[3] + 0.8)),
        (float(starts[8] - 0.4), float(starts[8] + 0.3)),
    ]
    return Scene(meter.record(truth, events, rng, gaps_s=holes), truth)


def _gaps_in_means() -> Scene:
    rng = np.random.default_rng(11)
    starts, lengths = _random(rng, 14, 1.0, 0.7)
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.0))
    meter = SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY)
    holes = [
        (float(starts[3] + 0.3), float(starts[3] + 0.8)),
        (float(starts[8] - 0.4), float(starts[8] + 0.3)),
    ]
    return Scene(meter.record(truth, events, rng, gaps_s=holes), truth)


def _two_at_once() -> Scene:
    """`other` begins in the middle of every `infer` and ends in the pause."""
    rng = np.random.default_rng(12)
    starts, lengths = _random(rng, 16, 1.0, 1.0)
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.5))
    others = [
        Event("other", e.start_ns + NS // 2, (e.end_ns or 0) + NS // 4, thread=1, uid=100 + e.uid)
        for e in events
    ]
    meter = SimulatedPowerMeter(20.0, accuracy=ACCURACY)
    return Scene(
        meter.record(truth, sorted([*events, *others], key=lambda e: e.start_ns), rng), truth, shares=True
    )


def _nested() -> Scene:
    """Each `infer` has a `decode` in it, of its last 40 %, at another power; read as means."""
    rng = np.random.default_rng(13)
    starts, lengths = _random(rng, 24, 0.6, 0.4)
    inner = starts + 0.6 * lengths
    edges = np.concatenate(
        [[0.0], np.column_stack([starts, inner, starts + lengths]).ravel(), [starts[-1] + 3]]
    )
    levels = np.concatenate([np.tile([2.0, 7.0, 4.0], starts.size), [2.0]])
    events = []
    for i, (a, b, c) in enumerate(
        zip(starts.tolist(), inner.tolist(), (starts + lengths).tolist(), strict=True)
    ):
        events.append(Event("infer", round(a * NS), round(c * NS), uid=2 * i + 1))
        events.append(Event("decode", round(b * NS), round(c * NS), uid=2 * i + 2, parent=2 * i + 1))
    truth = Truth.steps(edges, levels)
    return Scene(SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY).record(truth, events, rng), truth)


def _one_after_the_other() -> Scene:
    """`read` and `infer` in turns without a pause, 0.3 s and 0.5 s, at 3 W and 6 W, in means of 0.1 s."""
    rng = np.random.default_rng(14)
    n = 24
    lengths = np.column_stack([0.3 * rng.uniform(0.8, 1.2, n), 0.5 * rng.uniform(0.8, 1.2, n)]).ravel()
    edges = 1.0 + np.concatenate([[0.0], np.cumsum(lengths)])
    truth = Truth.steps(
        np.concatenate([[0.0], edges, [edges[-1] + 1.0]]),
        np.concatenate([[2.0], np.tile([3.0, 6.0], n), [2.0]]),
    )
    events = [
        Event(("read", "infer")[i % 2], round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    ]
    return Scene(SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY).record(truth, events, rng), truth)


def _idle_first() -> Scene:
    """Three seconds of idle, marked as such, in a board whose idle wanders; then events of two sizes in one label."""
    rng = np.random.default_rng(15)
    starts, lengths = _random(rng, 16, 0.8, 0.6)
    starts = starts + 3.0
    busy = np.where(np.arange(16) % 2, 8.0, 5.0)
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.0), busy=busy)
    events = [replace(e, attributes={"model": "ab"[i % 2]}, count=4) for i, e in enumerate(events)]
    meter = SimulatedPowerMeter(20.0, accuracy=ACCURACY)
    return Scene(
        meter.record(truth, [Event("idle", NS // 2, 3 * NS + NS // 2, uid=99), *events], rng),
        truth,
        "idle",
        ("model",),
    )


def _warm_up() -> Scene:
    """The first three of twenty events draw 2 W more."""
    rng = np.random.default_rng(16)
    starts, lengths = _random(rng, 20, 0.8, 0.5)
    busy = np.full(20, 6.0)
    busy[:3] += 2.0
    truth, events = _train(starts, lengths, float(starts[-1] + lengths[-1] + 1.0), busy=busy)
    return Scene(SimulatedPowerMeter(20.0, accuracy=ACCURACY).record(truth, events, rng), truth)


def _in_step() -> Scene:
    """Events every 0.5 s read every 0.1 s: each edge lies at one place between two readings."""
    rng = np.random.default_rng(17)
    starts = 1.03 + 0.5 * np.arange(30)
    truth, events = _train(starts, np.full(30, 0.23), 17.0)
    return Scene(SimulatedPowerMeter(10.0, accuracy=ACCURACY).record(truth, events, rng, phase=0.0), truth)


def _averages_unsaid() -> Scene:
    """Means by a meter that calls its readings instantaneous."""
    scene = _bursts(18, SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY), 40, 0.8, 0.7)
    return Scene(_as_kind(scene.recording, Kind.INSTANT), scene.truth)


def _held() -> Scene:
    scene = _bursts(19, SimulatedPowerMeter(10.0, accuracy=ACCURACY), 30, 0.6, 0.5)
    return Scene(_as_kind(scene.recording, Kind.HELD), scene.truth)


def _shows_late() -> Scene:
    """A meter whose stamps are 0.2 s behind, as events' edges show."""
    scene = _bursts(20, SimulatedPowerMeter(20.0, accuracy=ACCURACY), 24, 1.2, 0.9)
    scene.recording.data[1].times_ns[:] += NS // 5
    return scene


def _wave() -> Scene:
    """An oscillation of 0.3 W and 0.11 Hz in an idle of 2 W, beside short events."""
    rng = np.random.default_rng(21)
    starts = 5.0 + 1.7 * np.arange(20)
    truth, events = _train(starts, np.full(20, 0.12), 45.0)
    recording = SimulatedPowerMeter(10.0, accuracy=Accuracy(noise=0.005)).record(truth, events, rng)
    samples = recording.data[1]
    wave = 0.3 * np.sin(2 * np.pi * 0.11 * samples.times_ns / NS)
    samples.codes["vdd_in.power"][:] += np.rint(wave / 1e-9).astype(np.int64)
    return Scene(recording, truth)


def _no_events() -> Scene:
    scene = _bursts(22, SimulatedPowerMeter(20.0, accuracy=ACCURACY), 12, 0.8, 0.9)
    scene.recording.happened = []
    return scene


def _tails() -> Scene:
    """Each event is followed by 0.25 s at 4 W that belong to none; read as means of 0.1 s."""
    rng = np.random.default_rng(23)
    starts, lengths = _random(rng, 40, 0.3, 1.1)
    ends = starts + lengths
    edges = np.concatenate([[0.0], np.column_stack([starts, ends, ends + 0.25]).ravel(), [ends[-1] + 2]])
    levels = np.concatenate([np.tile([2.0, 6.0, 4.0], starts.size), [2.0]])
    events = [
        Event("infer", round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
    ]
    truth = Truth.steps(edges, levels)
    return Scene(SimulatedPowerMeter(10.0, Kind.MEAN, ACCURACY).record(truth, events, rng), truth)


def _doubtful_clock() -> Scene:
    return _bursts(24, SimulatedPowerMeter(20.0, accuracy=ACCURACY, clock_s=0.02), 16, 0.8, 0.6)


def _as_kind(recording: SimulatedRecording, kind: Kind) -> SimulatedRecording:
    source = recording.sources[0]
    channels = tuple(replace(c, kind=kind) for c in source.channels)
    return replace(recording, sources=[replace(source, channels=channels)])


SCENES: Mapping[str, Callable[[], Scene]] = {
    name.removeprefix("_"): make
    for name, make in list(globals().items())
    if name
    in {
        "_long",
        "_short_at_random",
        "_means",
        "_short_means",
        "_windows",
        "_counter",
        "_coarse_counter",
        "_coarse_steps",
        "_volts_and_amps",
        "_gaps",
        "_gaps_in_means",
        "_two_at_once",
        "_nested",
        "_one_after_the_other",
        "_idle_first",
        "_warm_up",
        "_in_step",
        "_averages_unsaid",
        "_held",
        "_shows_late",
        "_wave",
        "_no_events",
        "_tails",
        "_doubtful_clock",
    }
}


def in_other_units(
    recording: SimulatedRecording, *, power: float = 1.0, time: int = 1, later_ns: int = 0
) -> SimulatedRecording:
    """Return the same readings with each power, and each time, so many times as large, and all of them later."""

    def at(ns: int | None) -> int | None:
        return None if ns is None else ns * time + later_ns

    sources = []
    for source in recording.sources:
        channels = []
        for c in source.channels:
            factor = 1.0 if c.quantity is Quantity.VOLTAGE else power
            factor *= time if c.kind is Kind.COUNTER else 1
            a = c.accuracy
            accuracy = replace(a, offset=a.offset * factor, step=a.step * factor, noise=a.noise * factor)
            window = None if c.window_ns is None else c.window_ns * time
            channels.append(replace(c, scale=c.scale * factor, accuracy=accuracy, window_ns=window))
        sources.append(replace(source, channels=tuple(channels)))
    data = {k: Samples(s.times_ns * time + later_ns, s.codes, s.flags) for k, s in recording.data.items()}
    holes = {
        k: [
            replace(g, start_ns=g.start_ns * time + later_ns, end_ns=g.end_ns * time + later_ns) for g in gaps
        ]
        for k, gaps in recording.holes.items()
    }
    events = [
        replace(e, start_ns=e.start_ns * time + later_ns, end_ns=at(e.end_ns)) for e in recording.happened
    ]
    noted = {
        name: [
            {**fact, "offset_u_ns": fact["offset_u_ns"] * time} if "offset_u_ns" in fact else fact
            for fact in facts
        ]
        for name, facts in recording.noted.items()
    }
    return SimulatedRecording(sources, data, holes, events, noted, dict(recording.metadata))


def with_load_beside(recording: SimulatedRecording, watts: float) -> SimulatedRecording:
    """Return the same with a constant power added to each reading (of power, not of a counter)."""
    data = {}
    for k, samples in recording.data.items():
        codes = dict(samples.codes)
        for c in recording.sources[k - 1].channels:
            assert c.quantity is Quantity.POWER and c.kind is not Kind.COUNTER
            column = codes[c.name]
            more = round(watts / c.scale)
            codes[c.name] = np.where(column == MISSING, column, column + more)
        data[k] = Samples(samples.times_ns, codes, samples.flags)
    return replace(recording, data=data)
