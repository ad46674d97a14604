"""A shared copy: the same energies to the last digit, and none of the names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ExistsError
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.recording.sharing import share
from powermeter.recording.verification import verify
from powermeter.source import Gap

SECOND = 1_000_000_000
NAMES = ("alice", "topsecret", "SN-0042", "/dev/ttyUSB7", "projectx")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "run.power"
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"))
    metadata = {
        "command": ["python", "topsecret.py"],
        "host": {"name": "alice-laptop", "cpu": "A"},
        "revision": "projectx",
        "attributes": {"model": "tiny"},
        "battery": "4Ah",
    }
    rng = np.random.default_rng(3)
    with Writer.create(path, metadata) as writer:
        source = writer.add_source(
            "um25c:///dev/ttyUSB7", "meter", "um25c", (channel,), {"serial": "SN-0042"}
        )
        times = np.arange(2000, dtype=np.int64) * SECOND // 100 + SECOND
        writer.append(source, times, rng.integers(900, 2100, (2000, 1)))
        writer.add_gap(source, Gap(2 * SECOND, 2 * SECOND + SECOND // 4, "a cable", 0))
        writer.add_clock_pair(SECOND, 1_700_000_000 * SECOND)
        events = [
            Event(
                "infer",
                SECOND * (2 + i),
                SECOND * (2 + i) + SECOND // 2,
                uid=i + 1,
                count=4,
                attributes={"model": "ab"[i % 2], "user": "alice"},
            )
            for i in range(15)
        ]
        writer.add_events(events)
        writer.add_fact("note", {"text": "by hand"})
    return path


def test_every_energy_is_the_same_and_no_name_is_left(original: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.power"
    left_out = share(original, shared, keep=["model"])
    assert {"command", "revision", "attributes of events: user"} <= set(left_out)
    before, after = powermeter.analyse(original, by="model"), powermeter.analyse(shared, by="model")
    assert after.energy == before.energy and after.gap_s == before.gap_s
    assert [(row.group, row.energy, row.energy_per_item) for row in after.rows] == [
        (row.group, row.energy, row.energy_per_item) for row in before.rows
    ]
    held = shared.read_bytes()
    for name in NAMES:
        assert name.encode() not in held, name
    with powermeter.open(shared) as recording:
        assert recording.metadata["shared"] is True and recording.metadata["battery"] == "4Ah"
        assert recording.clock_pairs()
    assert verify(shared).is_whole


def test_attributes_go_unless_they_are_named(original: Path, tmp_path: Path) -> None:
    share(original, tmp_path / "shared.power")
    with powermeter.open(tmp_path / "shared.power") as recording:
        assert all(not event.attributes for event in recording.events())
        assert sum(event.count or 0 for event in recording.events()) == 60


def test_nothing_is_overwritten_unasked(original: Path, tmp_path: Path) -> None:
    (tmp_path / "shared.power").write_text("mine")
    with pytest.raises(ExistsError):
        share(original, tmp_path / "shared.power")
    assert (tmp_path / "shared.power").read_text() == "mine"
