"""Voltage and current that are read one after the other: what a sagging supply makes of their product."""

from __future__ import annotations

import numpy as np
import pytest
from early_end import claims_of

from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.testing.simulation import NS, SimulatedRecording, Truth, bursts

OHM = 0.4
RATE_HZ = 500.0


def _recording(seed: int, late_s: float, noise: float = 0.002) -> tuple[SimulatedRecording, float, float]:
    """Return a recording of a 5 V supply of 0.4 Ω whose voltage is read `late_s` after its current, and true J of run and events."""
    rng = np.random.default_rng(seed)
    amps, events = bursts(rng, 60, idle_w=0.3, busy_w=3.0, length_s=(0.05, 0.08))
    watts = Truth(amps.times_s, amps.watts * (5 - OHM * amps.watts))
    at = np.arange(rng.uniform(0, 1 / RATE_HZ), amps.times_s[-1] - 0.01, 1 / RATE_HZ)
    i = amps.power(at) + noise * rng.standard_normal(at.size)
    v = 5 - OHM * amps.power(at + late_s) + noise * rng.standard_normal(at.size)
    rail = Rail("VIN")
    channels = (
        Channel("v", Quantity.VOLTAGE, 1e-6, rail),
        Channel("i", Quantity.CURRENT, 1e-6, rail),
    )
    codes = {"v": np.rint(v * 1e6).astype(np.int64), "i": np.rint(i * 1e6).astype(np.int64)}
    samples = Samples(np.rint(at * NS).astype(np.int64), codes, np.zeros(at.size, np.uint8))
    source = SourceInfo(1, "sim://1", "sim", "sim", {}, channels)
    recording = SimulatedRecording([source], {1: samples})
    recording.happened = events
    true = sum(watts.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events)
    return recording, watts.energy(float(at[0]), float(at[-1])), true


def _part(analysis: Analysis, kind: str) -> float:
    return analysis.energy.by_kind().get(kind, 0.0)


@pytest.mark.thorough
def test_readings_of_one_moment_have_no_skew() -> None:
    for seed in range(4):
        analysis = analyse(_recording(seed, 0.0)[0])
        row = analysis.row("infer").energy
        assert _part(analysis, "skew") == 0
        assert row is not None and not {"skew", "clock"} & set(row.by_kind())


@pytest.mark.thorough
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_intervals_hold_whatever_the_skew(share: float) -> None:
    def missed(seed: int) -> dict[str, float | None]:
        recording, run_j, label_j = _recording(seed, share / RATE_HZ)
        analysis = analyse(recording)
        assert _part(analysis, "skew") > 0
        row = analysis.row("infer").energy
        assert row is not None
        run = analysis.energy
        return {
            "run": not run.low <= run_j <= run.high,
            "label": not row.low <= label_j <= row.high,
        }

    for name, claim in claims_of(missed).items():
        assert claim.holds, (name, claim)
