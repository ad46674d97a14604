"""Readings that no load can have caused are left out and said, for every kind of channel; real peaks stay."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.recording import impossible_readings as rules
from powermeter.recording.impossible_readings import impossible
from powermeter.testing.simulation import SimulatedPowerMeter, bursts

RAIL = Rail("VIN")


@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN, Kind.COUNTER])
def test_one_reading_of_a_gigawatt_changes_nothing(kind: Kind) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth, events = bursts(rng, 50)
        recording = SimulatedPowerMeter(200.0, kind, accuracy=Accuracy(noise=1e-4)).record(truth, events, rng)
        (codes,) = recording.data[1].codes.values()
        codes[1000 + seed] += 9 * 10**17
        analysis = analyse(recording)
        assert analysis.power_trace.left_out == 1
        assert any("no load can have caused" in note for note in analysis.notes)
        first, last = recording.data[1].times_ns[[0, -1]] * 1e-9
        assert analysis.energy.value == pytest.approx(truth.energy(first, last), rel=5e-3)
        assert analysis.peak_w < 10
        row = analysis.row("infer").energy
        assert row is not None and row.half_width < 0.1 * row.value


def test_a_code_beyond_the_range_is_no_reading_and_one_at_its_end_is_saturated() -> None:
    channel = Channel("i", Quantity.CURRENT, 1e-4, RAIL, low_code=-32768, high_code=32767)
    codes = np.array([100, 32767, 101, 1 << 20, 102, -(1 << 20), 99])
    found = impossible(channel, codes)
    assert found is not None and np.flatnonzero(found).tolist() == [3, 5]


def test_a_counter_that_reads_nothing_once_does_not_start_again() -> None:
    channel = Channel("e", Quantity.ENERGY, 1e-6, RAIL, Kind.COUNTER, wrap=1 << 40)
    codes = 5_000_000_000 + np.arange(100) * 2000
    codes[40] = 0
    found = impossible(channel, codes)
    assert found is not None and np.flatnonzero(found).tolist() == [40]


@pytest.mark.parametrize(
    "codes",
    [
        (np.arange(100) * 3000) % 65536,  # wraps
        np.concatenate([np.arange(50) * 1000, np.arange(50) * 1000]),  # starts again
    ],
)
def test_a_counter_that_wraps_or_starts_again_is_left_alone(codes: np.ndarray) -> None:
    channel = Channel("e", Quantity.ENERGY, 1e-6, RAIL, Kind.COUNTER, wrap=65536)
    assert impossible(channel, codes) is None


def test_a_sleeper_that_wakes_up_keeps_its_peaks() -> None:
    """0.1 µA asleep, 0.5 A at the radio's peak, ramps between: five million times, and real."""
    rng = np.random.default_rng(2)
    codes = rng.integers(1, 3, 20_000)
    for start in (3000, 9000, 15_000):
        codes[start : start + 40] = np.geomspace(10, 5_000_000, 40)
    assert impossible(Channel("i", Quantity.CURRENT, 1e-7, RAIL), codes) is None


def test_more_than_a_few_are_a_load() -> None:
    codes = np.ones(1000, np.int64)
    codes[500 : 500 + rules.FEW + 1] = 10**9
    assert impossible(Channel("p", Quantity.POWER, 1e-3, RAIL), codes) is None
