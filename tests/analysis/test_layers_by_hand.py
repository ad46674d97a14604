"""Layers of level power in passes of varied lengths: each uses its power times its time, and all add up to the pass."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.layers import layers
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, SimulatedRecording, Truth

NAMES, WATTS, LENGTHS = ("conv", "attention", "head"), (4.0, 9.0, 5.0), (0.03, 0.05, 0.02)


def recorded(
    kind: Kind = Kind.MEAN, count: int = 60, rate_hz: float = 50.0, rise: float = 0.0
) -> tuple[SimulatedRecording, np.ndarray]:
    """Passes of three layers one after the other at varied lengths, and each layer's mean seconds.

    A layer draws by `rise` less than its mean in its first half, and as much more in its second.
    """
    rng = np.random.default_rng(5)
    edges, watts, events, at = [0.0], [2.0], [], 1.0
    lengths = np.array(LENGTHS) * rng.uniform(0.6, 1.4, (count, 3))
    for k in range(count):
        uid = 10 * k + 1
        start = at
        for n, seconds in enumerate(lengths[k].tolist()):
            edges += [at, at + seconds / 2]
            watts += [WATTS[n] * (1 - rise), WATTS[n] * (1 + rise)]
            events.append(
                Event(NAMES[n], round(at * NS), round((at + seconds) * NS), uid=uid + n + 1, parent=uid)
            )
            at += seconds
        events.append(Event("pass", round(start * NS), round(at * NS), uid=uid))
        edges.append(at)
        watts.append(2.0)
        at += float(rng.uniform(0.02, 0.08))
    truth = Truth.steps([*edges, at + 1.0], watts)
    recording = SimulatedPowerMeter(rate_hz, kind).record(
        truth, sorted(events, key=lambda e: e.start_ns), rng
    )
    return recording, lengths.mean(axis=0)


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_each_layer_uses_its_power_times_its_time(kind: Kind) -> None:
    recording, seconds = recorded(kind)
    found = layers(recording)
    assert [one.names for one in found.layers] == [(name,) for name in NAMES]
    for one, watts, mean in zip(found.layers, WATTS, seconds.tolist(), strict=True):
        assert one.energy.value == pytest.approx(watts * mean, rel=0.03), one.title
        assert one.energy.low <= watts * mean <= one.energy.high
        assert one.seconds == pytest.approx(mean) and one.calls == 1.0
        assert one.share == pytest.approx(one.energy.value / found.whole.value)
    # The first passes may be a warm-up: what is left out of the mean is the same for all.
    assert found.whole.value == pytest.approx(float(np.dot(WATTS, seconds)), rel=0.02)
    between = 0.0 if found.between is None else found.between.energy.value
    assert sum(one.energy.value for one in found.layers) + between == pytest.approx(
        found.whole.value, rel=1e-6
    )


def test_layers_that_rise_inside_use_their_mean_power_times_their_time() -> None:
    """Windows of 0.1 s: the layer of 50 ms is cut in two, beside one of 20 ms that must not get what it draws at its end."""
    recording, seconds = recorded(rate_hz=10.0, rise=0.1)
    for one, watts, mean in zip(layers(recording).layers, WATTS, seconds.tolist(), strict=True):
        assert one.energy.low <= watts * mean <= one.energy.high, (one.title, one.energy)


def test_fewer_passes_than_layers_need_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        layers(recorded(count=5)[0])


def test_what_has_no_events_inside_is_refused() -> None:
    recording, _ = recorded()
    recording.happened = [e for e in recording.happened if e.name == "pass"]
    with pytest.raises(DataError, match="no event lies inside"):
        layers(recording)
    with pytest.raises(DataError, match="no event 'nothing'"):
        layers(recording, "nothing")


def test_passes_or_layers_at_the_same_time_are_refused() -> None:
    from dataclasses import replace

    recording, _ = recorded()
    longer = [replace(e, end_ns=(e.end_ns or 0) + NS) if e.name == "pass" else e for e in recording.happened]
    with pytest.raises(DataError, match="passes of 'pass' run at the same time"):
        layers(replace(recording, happened=longer))
    over = [
        replace(e, end_ns=(e.end_ns or 0) + NS // 100) if e.name == "conv" else e for e in recording.happened
    ]
    with pytest.raises(DataError, match="layers of 'pass' run at the same time"):
        layers(replace(recording, happened=over))


def test_readings_that_come_late_are_refused() -> None:
    """By 40 ms, two windows: one layer's energy would stand on the next."""
    recording, _ = recorded()
    recording.data[1].times_ns[:] += 40_000_000
    with pytest.raises(DataError, match="late against the events"):
        layers(recording)
