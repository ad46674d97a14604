"""The stated parts of a window's uncertainty against the scatter of very many windows."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.fluctuation import noise_of
from powermeter.analysis.gaps import bridged
from powermeter.analysis.windows import measure
from powermeter.channel import Accuracy
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import SimulatedMeter, bursts

MS = 1_000_000
SIGMA = 0.02


@pytest.mark.parametrize(("intervals", "within"), [(1.0, 0.05), (2.0, 0.02), (6.5, 0.02), (40.0, 0.02)])
def test_the_noise_of_a_window_is_that_of_white_noise_integrated(intervals: float, within: float) -> None:
    rng = np.random.default_rng(1)
    watts = 3.0 + SIGMA * rng.standard_normal(1_000_000)
    trace = from_samples(np.arange(watts.size) * 10 * MS, watts)
    integral = bridged(trace)
    length = round(intervals * 10 * MS)
    starts = np.arange(20_000) * (480 * MS) + rng.integers(20 * MS, 40 * MS, 20_000)
    errors = integral.between(starts, starts + length) - 3.0 * length * 1e-9
    stated = noise_of(trace, np.array([SIGMA]), np.array([length * 1e-9]), np.array([True]))
    assert float(stated[0]) == pytest.approx(float(np.sqrt(np.mean(errors**2))), rel=within)


@pytest.mark.parametrize("count", [5, 20])
def test_events_between_two_samples_are_off_by_what_is_stated(count: int) -> None:
    rng = np.random.default_rng(2)
    meter = SimulatedMeter(100, accuracy=Accuracy(noise=SIGMA))
    single, label = [], []
    for _ in range(250):
        truth, events = bursts(rng, count)
        recording = meter.record(truth, events, rng, errors=meter.errors(rng))
        source = recording.sources[0]
        samples = recording.samples(source.id)
        channel = source.channels[0]
        watts = samples.codes[channel.name] * channel.scale + channel.offset
        trace = from_samples(samples.times_ns, watts, noise=SIGMA)
        edges = np.array([[e.start_ns, e.end_ns or 0] for e in events])
        windows = measure(bridged(trace), edges[:, 0], edges[:, 1])
        used = truth.integral(edges[:, 1] * 1e-9) - truth.integral(edges[:, 0] * 1e-9)
        single.append((windows.value - used, windows.standard_uncertainty()))
        mean = windows.combine(np.full(count, 1 / count), "label")
        label.append((mean.value - used.mean(), mean.standard_uncertainty))
    for seen in (single, label):
        errors, stated = np.sqrt(np.mean(np.array(seen) ** 2, axis=0)).reshape(2, -1)
        ratio = float(np.sqrt(np.mean(stated**2) / np.mean(errors**2)))
        # Not less than what is seen (but for chance: 250 labels tell 5 %), little more; Student's t of five
        # steps, and the larger of measured and stated noise, widen the small group.
        assert 0.95 <= ratio <= (1.12 if count == 20 else 1.25), ratio
