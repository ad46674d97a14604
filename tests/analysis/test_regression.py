"""Short events on slow meters: what a regression tells, and when it must not."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.gaps import bridged
from powermeter.analysis.regression import activity, regress
from powermeter.channel import Accuracy, Kind
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import NS, SimulatedMeter, Truth


def wandering(
    rng: np.random.Generator, seconds: float, length_s: float = 0.005
) -> tuple[Truth, np.ndarray, np.ndarray]:
    """Bursts of short events whose rate wanders, 2 W idle, about 6 W busy."""
    at, starts = 1.0, []
    while at < seconds:
        for _ in range(rng.integers(0, 30)):
            starts.append(at)
            at += length_s + rng.exponential(0.02)
        at += rng.exponential(0.5)
    start = np.array(starts)
    end = start + length_s
    levels = 6 + 0.3 * rng.standard_normal(start.size)
    idle = np.full(start.size, 2.0)
    times = np.column_stack([start, start, end, end]).ravel()
    watts = np.column_stack([idle, levels, levels, idle]).ravel()
    truth = Truth(np.concatenate([[0.0], times, [end[-1] + 1]]), np.concatenate([[2.0], watts, [2.0]]))
    return truth, start, end


def events(start: np.ndarray, end: np.ndarray, name: str = "infer") -> list[Event]:
    return [
        Event(name, round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True))
    ]


def one_run(seed: int, seconds: float):
    rng = np.random.default_rng(seed)
    truth, start, end = wandering(rng, seconds)
    meter = SimulatedMeter(2, Kind.MEAN, accuracy=Accuracy(gain=0.005, offset=0.01, noise=0.02, step=0.01))
    row = analyse(meter.record(truth, events(start, end), rng)).row("infer")
    return row, float(np.mean(truth.integral(end) - truth.integral(start)))


def test_five_millisecond_events_on_a_two_hertz_meter() -> None:
    row, truth = one_run(3, 600)
    energy = row.energy_per_item
    assert row.method == "regression"
    assert energy is not None and energy.low <= truth <= energy.high
    assert energy.relative is not None and energy.relative < 0.10
    assert row.plain_energy is not None and row.plain_energy / row.events < 0.6 * truth  # naive: far too low
    assert "regression" in row.verdict.text


@pytest.mark.slow
def test_the_interval_of_the_regression_holds_the_truth() -> None:
    hits, widths, naive = [], [], []
    for seed in range(200):
        row, truth = one_run(seed, 600)
        energy = row.energy_per_item
        assert energy is not None and energy.relative is not None
        hits.append(energy.low <= truth <= energy.high)
        widths.append(energy.relative)
        naive.append(row.plain_energy / row.events / truth - 1)
    print(
        f"\ncoverage {np.mean(hits):.3f}, half-width ±{np.mean(widths):.2%} (worst {max(widths):.2%}), naive {np.mean(naive):+.1%}"
    )
    assert 0.92 <= np.mean(hits) <= 0.99  # 200 runs: ±2 standard errors around 0.95
    assert max(widths) < 0.10


def test_an_even_beat_cannot_be_told_from_idling() -> None:
    starts = np.arange(1.0, 120.0, 0.02)
    truth = Truth.steps(
        np.sort(np.concatenate([[0.0], starts, starts + 0.005, [121.0]])), [2.0, *([6.0, 2.0] * starts.size)]
    )
    rng = np.random.default_rng(1)
    recording = SimulatedMeter(2, Kind.MEAN, accuracy=Accuracy(noise=0.01)).record(
        truth, events(starts, starts + 0.005), rng
    )
    integral = bridged(
        from_samples(
            recording.data[1].times_ns[4:-4],
            recording.data[1].codes["vdd_in.power"][4:-4] * 1e-9,
            kind=Kind.MEAN,
        )
    )
    ns = np.rint(starts * NS).astype(np.int64)
    with pytest.raises(DataError, match="equally busy"):
        regress(integral, ns, ns + 5_000_000, np.zeros(ns.size, np.int64), ["infer"])


def test_events_that_always_run_together_are_not_told_apart() -> None:
    rng = np.random.default_rng(5)
    truth, start, end = wandering(rng, 120)
    recording = SimulatedMeter(2, Kind.MEAN, accuracy=Accuracy(noise=0.02)).record(
        truth, [*events(start, end, "outer"), *events(start, end, "inner")], rng
    )
    analysis = analyse(recording)
    assert all("together" in row.verdict.text for row in analysis.rows)
    for row in analysis.rows:
        assert row.energy_per_item is not None
        assert row.energy_per_item.low <= 0.03 <= row.energy_per_item.high  # smeared, and it says so


def test_drifting_idle_power_does_not_fool_the_interval() -> None:
    hits = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth, start, end = wandering(rng, 200)
        recording = SimulatedMeter(2, Kind.MEAN, accuracy=Accuracy(noise=0.005)).record(
            truth, events(start, end), rng
        )
        codes = recording.data[1].codes["vdd_in.power"]
        walk = np.zeros(codes.size)
        for i in range(1, walk.size):
            walk[i] = 0.95 * walk[i - 1] + 0.02 * rng.standard_normal()
        codes += np.rint(walk / 1e-9).astype(np.int64)
        row = analyse(recording).row("infer")
        mean = float(np.mean(truth.integral(end) - truth.integral(start)))
        assert row.method == "regression" and row.energy_per_item is not None
        hits.append(row.energy_per_item.low <= mean <= row.energy_per_item.high)
    assert np.mean(hits) >= 0.85  # 40 runs: 0.95 less three standard errors


def test_a_lag_of_the_readings_is_found() -> None:
    rng = np.random.default_rng(9)
    truth, start, end = wandering(rng, 200)
    recording = SimulatedMeter(2, Kind.MEAN, accuracy=Accuracy(noise=0.01)).record(
        truth, events(start, end), rng
    )
    codes, times = recording.data[1].codes["vdd_in.power"], recording.data[1].times_ns
    late = bridged(from_samples(times + 400_000_000, codes * 1e-9, kind=Kind.MEAN))
    ns = np.rint(start * NS).astype(np.int64), np.rint(end * NS).astype(np.int64)
    found = regress(late, *ns, np.zeros(start.size, np.int64), ["infer"], find_delay=True)
    assert found.delay_ns == pytest.approx(400_000_000, abs=50_000_000)


def test_activity_counts_overlapping_events_each() -> None:
    times = np.array([0, 2, 4, 10]) * NS
    busy = activity(times, np.array([1, 1]) * NS, np.array([3, 5]) * NS)
    assert busy.tolist() == pytest.approx([0, 2, 2 + 3, 2 + 4])
