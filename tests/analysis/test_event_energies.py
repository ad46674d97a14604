"""The stated parts of a window's uncertainty against the scatter of very many windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.energy import analyse
from powermeter.analysis.event_energies import measure
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import SimulatedPowerMeter, SimulatedRecording, bursts

SIGMA = 0.02


@pytest.mark.thorough
@pytest.mark.parametrize("count", [5, 20])
def test_events_between_two_samples_are_off_by_what_is_stated(count: int) -> None:
    rng = np.random.default_rng(2)
    meter = SimulatedPowerMeter(100, accuracy=Accuracy(noise=SIGMA))
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
        windows = measure(Integral.of(trace), edges[:, 0], edges[:, 1])
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


def test_an_event_of_which_nothing_is_known_has_no_result() -> None:
    # 2 W flat at 10 Hz, one event of 70 ms between two readings: nothing shows what it drew.
    times = np.arange(200) * 100_000_000
    channel = Channel("p.power", Quantity.POWER, 0.001, Rail("P"), accuracy=Accuracy(noise=0.02))
    recording = SimulatedRecording(
        [SourceInfo(1, "test://1", "meter", "test", {}, (channel,))],
        {1: Samples(times, {"p.power": np.full(200, 2000)}, np.zeros(200, np.uint8))},
        happened=[Event("e", 5_010_000_000, 5_080_000_000)],
    )
    energies = analyse(recording).energies
    assert not energies.known[0] and energies.result(0) is None


def test_marks_without_a_length_use_no_energy_that_could_be_stated() -> None:
    times = np.arange(200) * 100_000_000
    channel = Channel("p.power", Quantity.POWER, 0.001, Rail("P"), accuracy=Accuracy(noise=0.02))
    recording = SimulatedRecording(
        [SourceInfo(1, "test://1", "meter", "test", {}, (channel,))],
        {1: Samples(times, {"p.power": np.full(200, 2000)}, np.zeros(200, np.uint8))},
        happened=[Event("mark", at, at) for at in (2_000_000_000, 4_000_000_000, 6_000_000_000)],
    )
    (row,) = analyse(recording).rows
    assert row.events == 3 and row.per_item is None and row.expected_per_item is None


def test_holes_are_bridged_where_nobody_found_them_before() -> None:
    """2 W but for 4 to 6 s, of which nothing was read; an event over it has a doubt, one beside it none of that."""
    times = np.arange(0, 20_000_000_000, 100_000_000)
    keep = (times <= 4_000_000_000) | (times >= 6_000_000_000)
    rng = np.random.default_rng(5)
    watts = 2 + 0.5 * rng.standard_normal(int(keep.sum()))
    integral = Integral.of(from_samples(times[keep], watts))
    assert integral.hole.size == 1
    found = measure(
        integral, np.array([3_000_000_000, 10_000_000_000]), np.array([7_000_000_000, 14_000_000_000])
    )
    given = measure(
        integral,
        np.array([3_000_000_000, 10_000_000_000]),
        np.array([7_000_000_000, 14_000_000_000]),
        bridges=Bridges.of(integral),
    )
    assert found.gaps[0] > 0 and found.gaps[1] == 0
    np.testing.assert_array_equal(found.gaps, given.gaps)
    np.testing.assert_array_equal(found.value, given.value)


def test_an_events_half_width_has_the_freedom_of_what_its_noise_was_learnt_from() -> None:
    """Welch and Satterthwaite: noise of 3 mJ learnt from 4 degrees of freedom beside 4 mJ of a clock for certain:
    ν = 4 × (25/9)², so 95 % is t(30.9) × 5 mJ; of noise alone, t(4) × 3 mJ."""
    integral = Integral.of(from_samples(np.arange(0, 11) * 10**9, np.full(11, 2.0)))
    windows = measure(integral, np.array([2, 5]) * 10**9, np.array([3, 7]) * 10**9)
    none = np.zeros(2)
    windows = replace(
        windows, noise=none + 3e-3, clock=np.array([4e-3, 0.0]), gaps=none, shared={}, below=none, above=none
    )
    windows.groups[0].freedom = 4.0
    mixed, alone = windows.half_width()
    assert mixed == pytest.approx(student.ppf(0.975, 4 * (25 / 9) ** 2) * 5e-3, rel=0.01)
    assert alone == pytest.approx(student.ppf(0.975, 4) * 3e-3, rel=0.01)
    windows.groups[0].freedom = np.inf
    assert windows.half_width() == pytest.approx([1.96 * 5e-3, 1.96 * 3e-3], rel=0.001)
    windows = replace(windows, below=none + 4e-3)
    one = np.array([1.96 * 5e-3, 1.96 * 3e-3])
    assert windows.half_width() == pytest.approx((np.hypot(one, 4e-3) + one) / 2, rel=0.001)
