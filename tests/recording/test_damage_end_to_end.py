"""From a damaged file to the printed energy: the same number, a warning, or an error."""

from __future__ import annotations

import random

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import PowermeterError
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.report_data import gather


def numbers(path):
    """What a report prints of a recording: run energy, each label's energy and count, and the warnings."""
    with Recording.open(path) as recording:
        data = gather(recording)
        found = [data.analysis.energy.value]
        found += [(row.title, row.events, row.energy and row.energy.value) for row in data.analysis.rows]
        return found, [text for text in data.warnings]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr("powermeter.recording.chunk_writing.CHUNK", 500)  # real ones hold 65 536 samples
    path = tmp_path / "run.power"
    rail = Rail("R", nominal_v=5.0)
    random_watts = np.random.default_rng(2).integers(1000, 5000, 3000)
    times = 10**12 + np.arange(3000) * 1_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", (Channel("p", Quantity.POWER, 1e-3, rail),))
        for low in range(0, 3000, 500):
            writer.append(source, times[low : low + 500], random_watts[low : low + 500])
        writer.add_events(
            Event("infer", int(times[i * 70]), int(times[i * 70 + 40]), 1, 1, i + 1) for i in range(40)
        )
        writer.add_clock_pair(int(times[0]), 1_700_000_000 * 10**9)
    return path


@pytest.mark.thorough
def test_no_printed_energy_changes_without_a_word(path, tmp_path):
    truth, said = numbers(path)
    data, draw, copy = path.read_bytes(), random.Random(11), tmp_path / "copy.power"
    used = [i for i in range(len(data)) if data[i]]
    differing = 0
    for _ in range(60):
        changed = bytearray(data)
        byte = draw.choice(used)
        changed[byte] ^= 1 << draw.randrange(8)
        copy.write_bytes(changed)
        try:
            found, warnings = numbers(copy)
        except PowermeterError:
            continue
        if found != truth:
            differing += 1
            assert set(warnings) - set(said), f"byte {byte}: {truth} became {found} and nothing was stated"
    assert differing > 5
