"""Flip bits, cut and mix recordings: an error, a warning, or exactly the truth; never a wrong number.

The quick form is drawn at random with a fixed seed; `-m slow` flips one bit in every byte of a file.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import DataError, PowermeterError
from powermeter.events import Event
from powermeter.recording import Recording, Writer, append_to
from powermeter.recording.salvage import salvage


class Judge:
    """Opens a damaged copy and says what came of it."""

    def __init__(self, recorded: Any, contents: Any) -> None:
        self.contents = contents
        with Recording.open(recorded.path) as recording:
            self.truth = contents(recording)
            assert not [text for text in recording.warnings if "closed" not in text]
        times, codes = recorded.times_ns.tolist(), recorded.codes.tolist()
        self.rows = {
            time: (code, flag) for time, code, flag in zip(times, codes, recorded.flags.tolist(), strict=True)
        }
        self.events = set(map(repr, recorded.events))
        self.outcomes = {"error": 0, "warning": 0, "truth": 0}

    def judge(self, path: Path, what: str) -> None:
        try:
            with Recording.open(path) as recording:
                found = self.contents(recording)
                warnings = list(recording.warnings)
        except PowermeterError as error:
            assert isinstance(error, DataError) and str(error), what
            self.outcomes["error"] += 1
            return
        if found == self.truth and not any("cut off" in text for text in warnings):
            self.outcomes["truth"] += 1
            return
        assert warnings, f"{what}: the result differs and nothing is said"
        self.outcomes["warning"] += 1
        assert set(map(repr, found["events"])) <= self.events, what
        for source in self.truth:
            if not source.startswith("source") or source not in found:
                continue
            about, times, codes, flags, *_ = found[source]
            assert about == self.truth[source][0], what
            assert times == sorted(set(times)), f"{what}: a sample is given twice"
            for time, flag, *row in zip(times, flags, *codes.values(), strict=True):
                assert self.rows[time] == (row, flag), f"{what}: a wrong number at {time}"


def flipped(data: bytes, *bits: int) -> bytes:
    changed = bytearray(data)
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.thorough
@pytest.mark.parametrize("close", [True, False], ids=["finished", "unfinished"])
def test_a_flipped_bit_is_never_a_wrong_number(written, contents, tmp_path, close):
    recorded = written(close=close)
    judge, data, draw = Judge(recorded, contents), recorded.path.read_bytes(), random.Random(3)
    copy = tmp_path / "copy.power"
    used = [i for i in range(len(data)) if data[i]]  # most of a small file is empty space in pages
    for _ in range(120):
        bit = draw.choice(used) * 8 + draw.randrange(8)
        copy.write_bytes(flipped(data, bit))
        judge.judge(copy, f"bit {bit}")
    assert judge.outcomes["warning"] > 30, judge.outcomes


@pytest.mark.thorough
def test_damage_of_many_bytes_is_never_a_wrong_number(recorded, contents, tmp_path):
    judge, data, draw = Judge(recorded, contents), recorded.path.read_bytes(), random.Random(4)
    copy = tmp_path / "copy.power"
    for _ in range(60):
        start, length = draw.randrange(100, len(data)), draw.randrange(1, 3000)
        copy.write_bytes((data[:start] + draw.randbytes(length) + data[start + length :])[: len(data)])
        judge.judge(copy, f"{length} bytes at {start}")
        page = 4096 * draw.randrange(1, len(data) // 4096)  # a sector that came back empty, or from elsewhere
        other = 4096 * draw.randrange(1, len(data) // 4096)
        copy.write_bytes(data[:page] + bytes(4096) + data[page + 4096 :])
        judge.judge(copy, f"page {page // 4096} empty")
        copy.write_bytes(data[:page] + data[other : other + 4096] + data[page + 4096 :])
        judge.judge(copy, f"page {page // 4096} holds page {other // 4096}")
    assert judge.outcomes["truth"] < 90, judge.outcomes


def test_a_cut_file_is_never_a_wrong_number(recorded, contents, tmp_path):
    judge, data, draw = Judge(recorded, contents), recorded.path.read_bytes(), random.Random(5)
    copy = tmp_path / "copy.power"
    for length in [1, 16, 99, 100, 511, 512, 4096, 8192, *(draw.randrange(len(data)) for _ in range(40))]:
        copy.write_bytes(data[:length])
        judge.judge(copy, f"cut after {length}")
    assert judge.outcomes["truth"] == 0, "a cut file passed for whole"


@pytest.mark.thorough
def test_a_damaged_write_ahead_log_is_never_a_wrong_number(written, contents, tmp_path):
    """The newest data of a killed recorder lie in the log beside the file."""
    recorded = written("whole.power", chunks=8)
    judge, draw = Judge(recorded, contents), random.Random(6)
    live, copy = tmp_path / "live.power", tmp_path / "copy.power"
    writer = Writer.create(live, judge.truth["metadata"])
    source = judge.truth["source 1"][0]
    writer.add_source(source.url, source.name, source.driver, source.channels, source.info)
    for start in range(0, len(recorded.times_ns), 50):
        part = slice(start, start + 50)
        writer.append(1, recorded.times_ns[part], recorded.codes[part], recorded.flags[part], 1500)
    base, log = live.read_bytes(), live.with_name("live.power-wal").read_bytes()
    writer.abandon()
    beside = [copy.with_name("copy.power-wal"), copy.with_name("copy.power-shm")]
    for turn in range(60):
        for stale in beside:
            stale.unlink(missing_ok=True)
        copy.write_bytes(base)
        damaged = log[: draw.randrange(len(log))] if turn % 2 else flipped(log, draw.randrange(len(log) * 8))
        beside[0].write_bytes(damaged)
        judge.judge(copy, f"log, turn {turn}")
    assert judge.outcomes["truth"] == 0, "the file was not closed and nothing said so"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("close", [True, False], ids=["finished", "unfinished"])
def test_one_bit_of_every_byte(written, contents, tmp_path, close):
    recorded = written(close=close)
    judge, data, draw = Judge(recorded, contents), recorded.path.read_bytes(), random.Random(8)
    copy = tmp_path / "copy.power"
    for byte in range(len(data)):
        bit = byte * 8 + draw.randrange(8)
        copy.write_bytes(flipped(data, bit))
        judge.judge(copy, f"bit {bit}")
    print(judge.outcomes)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_bits_cuts_and_swapped_pages(written, contents, tmp_path):
    recorded = written(chunks=130, each=8)
    judge, data, draw = Judge(recorded, contents), recorded.path.read_bytes(), random.Random(9)
    copy = tmp_path / "copy.power"
    pages = len(data) // 4096
    for turn in range(3000):
        copy.write_bytes(flipped(data, *(draw.randrange(len(data) * 8) for _ in range(draw.randrange(1, 6)))))
        judge.judge(copy, f"flips, turn {turn}")
        copy.write_bytes(data[: draw.randrange(len(data))])
        judge.judge(copy, f"cut, turn {turn}")
        at, other = 4096 * draw.randrange(pages), 4096 * draw.randrange(pages)
        copy.write_bytes(data[:at] + data[other : other + 4096] + data[at + 4096 :])
        judge.judge(copy, f"page {at} holds {other}")
    print(judge.outcomes)


# Damage aimed at one thing ----------------------------------------------------------------------


def tampered(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_a_damaged_chunk_becomes_a_gap(recorded):
    tampered(recorded.path, "UPDATE block SET data = zeroblob(length(data)) WHERE chunk = 2")
    with Recording.open(recorded.path) as recording:
        samples = recording.samples(1)
        gaps = recording.gaps(1)
    assert samples.times_ns.tolist() == [*recorded.times_ns[:50].tolist(), *recorded.times_ns[100:].tolist()]
    (lost,) = [gap for gap in gaps if gap.reason == "damaged"]
    assert (lost.start_ns, lost.end_ns, lost.lost) == (recorded.times_ns[49], recorded.times_ns[100], 50)
    assert [note.code for note in recording.warnings] == ["samples-damaged", "samples-lost"]


def test_no_sum_reaches_over_a_lost_stretch(recorded):
    """The chunks are small enough to be read together; those on both sides of a lost one are not."""
    tampered(recorded.path, "UPDATE block SET data = zeroblob(length(data)) WHERE chunk = 2")
    with Recording.open(recorded.path) as recording:
        found, (lost,) = recording.summaries(1), [g for g in recording.gaps(1) if g.reason == "damaged"]
        assert found.count.tolist() == [50, 100]
        assert (found.end_ns[0], found.start_ns[1]) == (lost.start_ns, lost.end_ns)
        assert [len(piece) for piece in recording.stream(1)] == [50, 100]


@pytest.mark.parametrize("which", [1, 2, 4], ids=["first", "middle", "last"])
def test_a_lost_chunk_row_is_noticed(recorded, which):
    tampered(recorded.path, "DELETE FROM chunk WHERE id = ?", which)
    with Recording.open(recorded.path) as recording:
        assert len(recording.samples(1).times_ns) == 150
        assert any("lost" in text for text in recording.warnings)
        assert any(gap.reason == "damaged" for gap in recording.gaps(1))


@pytest.mark.parametrize("table", ["meta", "channel", "source", "events", "gap", "clock", "tick"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {} WHERE id = 1", "UPDATE {} SET checksum = checksum + 1"]
)
def test_a_lost_or_changed_row_of_any_table_is_noticed(recorded, contents, table, statement):
    tampered(recorded.path, statement.format(table))
    with Recording.open(recorded.path) as recording:
        contents(recording)
        assert any(table in text or "source" in text for text in recording.warnings), recording.warnings


def test_a_table_emptied_of_an_unfinished_recording_is_noticed(written, contents):
    recorded = written(close=False)
    tampered(recorded.path, "DELETE FROM gap")
    with Recording.open(recorded.path) as recording:
        contents(recording)
        assert any("gap" in text for text in recording.warnings)


def test_a_sound_row_in_the_wrong_place_is_not_taken(recorded):
    """A damaged page pointer can show the rows of one table in another."""
    tampered(recorded.path, "INSERT INTO meta SELECT id + 1000, name, value, checksum, chain FROM fact")
    with Recording.open(recorded.path) as recording:
        assert recording.metadata == {"clock": "monotonic", "host": {"name": "Prüfstand"}}
        assert any("meta" in text for text in recording.warnings)


def test_undecodable_text_costs_its_row_only(recorded):
    tampered(recorded.path, "UPDATE gap SET detail = CAST(x'ff80' AS TEXT) WHERE id = 1")
    with Recording.open(recorded.path) as recording:
        assert recording.gaps(1) == [] and recording.events()
        assert any("gap" in text for text in recording.warnings)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("meta", "key"),
        ("source", "name"),
        ("channel", "spec"),
        ("gap", "reason"),
        ("fact", "name"),
    ],
)
def test_a_text_that_became_a_blob_of_the_same_bytes_is_damage(recorded, contents, table, column):
    """One bit of SQLite's record header tells the two apart."""
    tampered(recorded.path, f"UPDATE {table} SET {column} = CAST({column} AS BLOB) WHERE id = 1")
    with Recording.open(recorded.path) as recording:
        contents(recording)
        assert any(table in text for text in recording.warnings), recording.warnings


# Foreign and hostile files ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: p.write_text("time,power\n0,1\n"), "powermeter import"),
        (lambda p: p.write_bytes(b"SQLite format 3\0" + bytes(20)), "cut off"),
        (lambda p: p.mkdir(), "cannot be read"),
        (lambda p: tampered(p, "CREATE TABLE other (x)"), "not a recording"),
    ],
    ids=["absent", "empty", "log", "header", "folder", "foreign"],
)
def test_foreign_files_are_refused_in_one_line(tmp_path, make, says):
    path = tmp_path / "x.power"
    make(path)
    with pytest.raises(DataError, match=says) as caught:
        Recording.open(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_newer_recording_is_refused_with_what_to_do(recorded):
    tampered(recorded.path, "PRAGMA user_version = 3")
    with pytest.raises(DataError, match=r"version 3.*install a newer one"):
        Recording.open(recorded.path)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW spy AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x FROM r",
        "CREATE TRIGGER spy AFTER INSERT ON events BEGIN DELETE FROM chunk; END",
    ],
    ids=["view", "trigger"],
)
def test_a_recording_that_brings_statements_is_refused(recorded, statement):
    tampered(recorded.path, statement)
    with pytest.raises(DataError, match="not opened"):
        Recording.open(recorded.path)
    with pytest.raises(DataError, match="not opened"):
        append_to(recorded.path)


def test_reading_changes_nothing(recorded, contents):
    before = recorded.path.read_bytes()
    with Recording.open(recorded.path) as recording:
        contents(recording)
    assert recorded.path.read_bytes() == before
    assert [path.name for path in recorded.path.parent.iterdir()] == [recorded.path.name]


def test_a_recording_in_a_folder_that_may_not_be_written_to(written, tmp_path, monkeypatch):
    recorded = written(close=False)
    folder = tmp_path / "mount"
    folder.mkdir()
    shutil.copy(recorded.path, folder / "run.power")
    folder.chmod(0o555)
    try:
        with Recording.open(folder / "run.power") as recording:
            assert len(recording.samples(1).times_ns) == len(recorded.times_ns)
    finally:
        folder.chmod(0o755)


# Saving what is left ----------------------------------------------------------------------------


def test_repair_keeps_everything_sound(written, contents, tmp_path):
    recorded = written(close=False)
    tampered(recorded.path, "UPDATE block SET data = zeroblob(9) WHERE chunk = 3")
    problems = salvage(recorded.path, tmp_path / "whole.power")
    assert any("chunk 2" in text for text in problems)
    with Recording.open(tmp_path / "whole.power") as recording:
        samples = recording.samples(1)
        assert not recording.warnings
        assert recording.events() == sorted(recorded.events, key=lambda event: event.start_ns)
        assert [gap.reason for gap in recording.gaps(1)] == ["no answer", "damaged"]
    kept = np.r_[recorded.codes[:100], recorded.codes[150:]]
    np.testing.assert_array_equal(samples.table(), kept)


def test_repair_of_a_file_without_sources_states_that_nothing_in_it_measures_and_refers_to_no_repair(
    written, tmp_path
):
    recorded = written(close=False)
    tampered(recorded.path, "DELETE FROM source")
    problems = salvage(recorded.path, tmp_path / "whole.power")
    assert "no-source-left" in {note.code for note in problems}
    assert not any("powermeter repair" in text for text in problems)


def test_repair_of_a_hopeless_file_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad.power").write_bytes(b"SQLite format 3\0" + bytes(3000))
    with pytest.raises(DataError):
        salvage(tmp_path / "bad.power", tmp_path / "whole.power")
    assert not (tmp_path / "whole.power").exists()


@pytest.mark.parametrize("closed", [True, False])
def test_what_a_recorder_that_died_did_not_see_of_its_events_is_listed_by_repair(
    tmp_path, monkeypatch, closed
):
    """Both were killed: the last event ended a second after the last reading, and nobody was left to note a gap."""
    path, ms = tmp_path / "run.power", 1_000_000
    writer = Writer.create(path, {})
    source = writer.add_source("x://", "x", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("R")),))
    writer.append(source, 10**12 + np.arange(100) * ms, np.full(100, 1000))
    writer.add_events([Event("late", 10**12 + 50 * ms, 10**12 + 1100 * ms, process=1, uid=1)])
    if not closed:
        monkeypatch.setattr(writer, "add_fact", lambda *_: None)
    writer.close()
    salvage(path, tmp_path / "whole.power")
    with Recording.open(tmp_path / "whole.power") as whole:
        found = [(gap.start_ns, gap.end_ns, gap.detail) for gap in whole.gaps(source)]
    wanted = (10**12 + 99 * ms, 10**12 + 1100 * ms, "the recorder ended without closing the file")
    assert found == ([] if closed else [wanted])
