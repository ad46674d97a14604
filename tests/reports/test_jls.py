"""What we write as JLS, the Joulescope maker's own reader opens and reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.jls import write_jls
from powermeter.source import Gap

pyjls = pytest.importorskip("pyjls", reason="pip install pyjls, the maker's reader")

RAIL = Rail("input")
START_NS = 5_000_000_000
UTC_NS = 1_760_000_000_000_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of 1 kHz with one hole, and a meter of two samples a second."""
    path = tmp_path / "run.power"
    with Writer.create(path, {}) as writer:
        channels = (
            Channel("current", Quantity.CURRENT, 1e-6, RAIL),
            Channel("voltage", Quantity.VOLTAGE, 1e-3, RAIL),
            Channel("logic", Quantity.MARKER, 1.0),
        )
        fast = writer.add_source("ppk2://", "ppk2", "ppk2", channels, {"model": "PPK2", "serial": "S1"})
        times = START_NS + np.arange(1000, dtype=np.int64) * 1_000_000
        codes = np.stack([np.arange(1000) * 100, np.full(1000, 3300), np.arange(1000) // 500], axis=1).astype(
            np.int64
        )
        codes[10, 1] = MISSING
        writer.append(fast, times, codes)
        writer.add_gap(fast, Gap(START_NS + 200_500_000, START_NS + 210_500_000, "dropped"))
        slow = writer.add_source("um25c:///dev/x", "um25c", "um25c", channels[:1], {})
        writer.append(slow, times[::500], np.array([[1000], [3000]], np.int64))
        writer.add_source("empty://", "empty", "empty", channels[:1], {})
        writer.add_clock_pair(START_NS, UTC_NS)
        writer.add_event(Event("infer", START_NS + 100_000_000, START_NS + 300_000_000, uid=1))
        writer.add_event(Event("tick", START_NS + 500_000_000, START_NS + 500_000_000, uid=2))
    return path


def test_the_makers_reader_opens_it(recording: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.jls"
    with Recording.open(recording) as opened:
        assert write_jls(opened, target) == 4
    reader = pyjls.Reader(str(target))
    try:
        signals = {(s.source_id, s.name): s for s in reader.signals.values() if s.signal_id}
        assert {key: (s.units, s.sample_rate) for key, s in signals.items()} == {
            (1, "current"): ("A", 1000),
            (1, "voltage"): ("V", 1000),
            (1, "logic"): ("", 1000),
            (2, "current"): ("A", 2),
        }
        assert [(s.name, s.model, s.serial_number) for s in reader.sources.values() if s.source_id == 1] == [
            ("ppk2", "PPK2", "S1")
        ]
        current = reader.fsr(signals[1, "current"].signal_id, 0, 1000)
        expected = np.arange(1000) * 100e-6
        assert np.flatnonzero(np.isnan(current)).tolist() == list(range(201, 211))
        np.testing.assert_allclose(
            np.delete(current, range(201, 211)), np.delete(expected, range(201, 211)), rtol=1e-6
        )
        voltage = reader.fsr(signals[1, "voltage"].signal_id, 0, 1000)
        assert voltage[10] == pytest.approx(3.3)  # between its neighbours
        logic = reader.fsr(signals[1, "logic"].signal_id, 0, 1000)
        assert logic[[0, 499, 500, 999]].tolist() == [0, 0, 1, 1]
        seconds = reader.sample_id_to_timestamp(signals[1, "current"].signal_id, 0) / 2**30
        assert seconds + 1_514_764_800 == pytest.approx(UTC_NS / 1e9, abs=1e-6)
        found: list[tuple[int, str]] = []
        reader.annotations(
            signals[1, "current"].signal_id,
            0,
            lambda at, y, kind, group, text: bool(found.append((at, text))) and False,
        )
        assert [text for _, text in found] == ["infer begins", "infer ends", "tick"]
    finally:
        reader.close()


def test_nothing_to_write(tmp_path: Path) -> None:
    with Writer.create(tmp_path / "empty.power", {}) as writer:
        writer.add_source("x://", "x", "x", (Channel("current", Quantity.CURRENT, 1.0, RAIL),), {})
    with (
        Recording.open(tmp_path / "empty.power") as opened,
        pytest.raises(DataError, match="nothing to write"),
    ):
        write_jls(opened, tmp_path / "empty.jls")
    assert not (tmp_path / "empty.jls").exists()
