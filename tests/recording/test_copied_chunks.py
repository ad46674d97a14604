"""Chunks that a copy takes over as they are stored: byte for byte, and whatever is not whole is made anew or listed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import old_schema
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.recording import Recording, Writer, chunk_writing, copied_chunks
from powermeter.recording.joining import join
from powermeter.recording.verification import verify

MS = 1_000_000
RAIL = Rail("VIN")
CHANNELS = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-4, RAIL))
ALIGNMENT = {"offset_ns": 0, "drift": 0.0, "origin_ns": 0}


def written(path: Path, step_ns: int, count: int, first_ns: int = 0, *, closed: bool = True) -> Path:
    """A recording of chunks of 4096 samples, `count` samples at one interval; its last ones are a tail if it is not closed."""
    writer = Writer.create(path)
    source = writer.add_source("x://1", "meter", "x", CHANNELS)
    times = first_ns + np.arange(count, dtype=np.int64) * step_ns
    codes = np.column_stack([5000 + np.arange(count) % 7, 1000 + np.arange(count) % 997])
    for at in range(0, count, 1500):
        part = slice(at, at + 1500)
        writer.append(source, times[part], codes[part], read_ns=1000 + at)
    if closed:
        writer.close()
    else:
        writer.abandon()
    return path


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_writing, "CHUNK", 4096)


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    return written(tmp_path / "a.power", MS, 50_000), written(tmp_path / "b.power", 10 * MS, 30_000, 7)


def joined(a: Path, b: Path) -> Path:
    path = a.with_name(f"{a.stem}-{b.stem}.power")
    with Recording.open(a) as host, Recording.open(b) as guest:
        join(host, guest, path, ALIGNMENT)
    return path


def rows(path: Path, source: int, table: str = "chunk") -> list[tuple[object, ...]]:
    chosen = {
        "chunk": "sequence, start_ns, end_ns, count, read_ns, data_crc, fine_crc, hash, summary, fine, data FROM chunk "
        "JOIN block ON block.chunk = chunk.id",
        "level": "level, sequence, start_ns, end_ns, count, summary FROM level",
    }
    with sqlite3.connect(path) as connection:
        return connection.execute(
            f"SELECT {chosen[table]} WHERE source = ? ORDER BY {table}.id", (source,)
        ).fetchall()


@pytest.mark.parametrize("table", ["chunk", "level"])
def test_rows_of_both_parts_are_taken_over_byte_for_byte(parts, table) -> None:
    both = joined(*parts)
    for source, part in enumerate(parts, start=1):
        assert len(rows(part, 1, table)) > 1
        assert rows(both, source, table) == rows(part, 1, table)
    assert verify(both).is_whole


def test_nothing_is_encoded_again(parts, monkeypatch) -> None:
    monkeypatch.setattr(
        chunk_writing.column_bytes, "encode", lambda values: pytest.fail("a column was encoded")
    )
    joined(*parts)


def test_three_parts_out_of_order_hold_each_its_own(tmp_path, parts) -> None:
    third = written(tmp_path / "c.power", 3 * MS, 9000, -(10**12))
    three = joined(joined(parts[1], third), parts[0])
    for source, part in enumerate((parts[1], third, parts[0]), start=1):
        assert rows(three, source) == rows(part, 1) and rows(three, source, "level") == rows(part, 1, "level")
    assert verify(three).is_whole


def test_a_part_that_was_cut_short_keeps_its_last_samples(tmp_path, parts) -> None:
    part = written(tmp_path / "c.power", MS, 9000, 5, closed=False)
    with Recording.open(joined(parts[0], part)) as both, Recording.open(part) as own:
        assert own.count(1) == 9000
        there, here = both.samples(2), own.samples(1)
    assert np.array_equal(there.times_ns, here.times_ns) and np.array_equal(there.table(), here.table())


@pytest.mark.thorough
def test_a_part_of_schema_1_is_written_as_of_the_newest(tmp_path, parts) -> None:
    path = tmp_path / "old.power"
    times, codes, flags = old_schema.write(path)
    both = joined(parts[0], path)
    with Recording.open(both) as found:
        samples = found.samples(2)
        assert np.array_equal(samples.times_ns, times) and np.array_equal(samples.table(), codes)
        assert np.array_equal(samples.flags, flags) and found.read_ns(2) == 1500
    assert verify(both).is_whole


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)


def test_a_damaged_chunk_is_left_out_and_its_stretch_is_a_gap(parts) -> None:
    """Chunk 4 of the second part: samples 12288 to 16383; the gap is from the sample before to the one after."""
    changed(parts[1], "UPDATE block SET data = zeroblob(length(data)) WHERE chunk = 4")
    both = joined(*parts)
    with Recording.open(both) as found:
        (gap,) = found.gaps(2)
        assert found.count(2) == 30_000 - 4096 and found.gaps(1) == []
    assert (gap.start_ns, gap.end_ns) == (7 + 12287 * 10 * MS, 7 + 16384 * 10 * MS)
    assert (gap.reason, gap.lost) == ("damaged", 4096) and verify(both).is_whole


def test_damaged_fine_stretches_are_made_anew(parts) -> None:
    sound = rows(parts[1], 1)
    changed(parts[1], "UPDATE block SET fine = zeroblob(3) WHERE chunk = 4")
    assert rows(joined(*parts), 2) == sound


def test_a_chunk_whose_summary_makes_no_sense_is_not_taken_over(parts, monkeypatch) -> None:
    """As another writer may store it: one that is damaged fails the checksum of its row."""
    encoded: list[int] = []
    encode = chunk_writing.column_bytes.encode
    monkeypatch.setattr(copied_chunks, "entries_of", lambda *_: None)
    monkeypatch.setattr(
        chunk_writing.column_bytes, "encode", lambda values: encoded.append(len(values)) or encode(values)
    )
    both = joined(*parts)
    assert sum(encoded) >= 80_000
    for source, part in enumerate(parts, start=1):
        assert rows(both, source) == rows(part, 1)


def test_the_same_readings_twice_are_refused(parts) -> None:
    """As two meters of one rail they would agree with each other, and prove nothing."""
    copy = Path(shutil.copy(parts[0], parts[0].with_name("copy.power")))
    both = joined(*parts)
    for host, guest in ((parts[0], parts[0]), (parts[0], copy), (both, parts[1]), (parts[1], both)):
        with pytest.raises(ConfigurationError, match="already"):
            joined(host, guest)
