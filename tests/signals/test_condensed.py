"""A recording too long to be held gives the energies of one that is held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter import Recording, analyse
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.signals import condensed

NS = 1_000_000_000


@pytest.fixture
def long_recording(tmp_path: Path) -> Path:
    """Return 200 s of voltage, current and a counter at 1 kHz, with a hole, and 60 events of 0.5 s."""
    rng = np.random.default_rng(5)
    rail = Rail("VIN")
    channels = [
        Channel("vin.voltage", Quantity.VOLTAGE, 1e-3, rail),
        Channel("vin.current", Quantity.CURRENT, 1e-4, rail),
        Channel("bat.energy", Quantity.ENERGY, 1e-6, Rail("BAT"), Kind.COUNTER),
    ]
    t = np.arange(200_000, dtype=np.int64) * 1_000_000
    t = t[(t < 90 * NS) | (t > 93 * NS)]
    busy = ((t // (NS // 2)) % 4) == 1
    amps = 4000 + 6000 * busy + rng.integers(-300, 300, t.size)
    volts = 5000 - amps // 20
    joules = np.cumsum(volts * 1e-3 * amps * 1e-4 * np.diff(t, prepend=-1_000_000) * 1e-9) * 1e6
    path = tmp_path / "long.power"
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://meter", "meter", "sim", channels, {})
        writer.append(source, t, np.column_stack([volts, amps, np.rint(joules)]).astype(np.int64), None)
        starts = [int((2 * i + 0.4996) * NS) for i in range(1, 61) if not 88 < 2 * i < 94]
        writer.add_events(
            [Event("infer", a, a + NS // 2, process=1, uid=i + 1) for i, a in enumerate(starts)]
        )
    return path


@pytest.mark.thorough
@pytest.mark.parametrize("rail", ["VIN", "BAT"])
def test_condensing_changes_no_energy(
    long_recording: Path, rail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recording.open(long_recording) as recording:
        held = analyse(recording, rail=rail)
    monkeypatch.setattr(condensed, "LONG", 1000)
    monkeypatch.setattr(condensed, "MOST", 20_000)
    with Recording.open(long_recording) as recording:
        short = analyse(recording, rail=rail)
    assert len(short.power_trace) < 21_000 < len(held.power_trace)
    assert short.energy.value == pytest.approx(
        held.energy.value, rel=1e-3
    )  # the hole is bridged from means, not readings
    one, other = held.row("infer").energy_per_item, short.row("infer").energy_per_item
    assert one is not None and other is not None
    assert other.value == pytest.approx(one.value, rel=2e-3)
    assert abs(other.value - one.value) <= (one.high - one.low + other.high - other.low) / 2
    assert short.health[0].samples == held.health[0].samples
