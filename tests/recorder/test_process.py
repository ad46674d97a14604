"""What the recorder process does with what was read, without the process."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.errors import ReadError, Reason
from powermeter.recorder import full_disk, last_reading, process
from powermeter.recorder.process import Process
from powermeter.recorder.reader_output import Harvest
from powermeter.recorder.reading import SourceReader
from powermeter.recorder.watched_file import WatchedFile
from powermeter.recording import Recording, Writer
from powermeter.recording.writer import CACHE_KIB
from powermeter.source import Address, Block, Gap, StreamingSource

POWER = (Channel("p", Quantity.POWER, 1e-3),)


class Acquired:
    """Stands where the reading thread would: hands over what the test prepared."""

    def __init__(self) -> None:
        self.harvests: list[Harvest] = []
        self.failure = ""

    def take(self) -> Harvest:
        return self.harvests.pop(0) if self.harvests else Harvest()

    def fail(self, why: str) -> None:
        self.failure = why


def refuse(*_values: object) -> None:
    raise MemoryError


class Totals:
    def add(self, times, codes) -> None:
        return


def harvest(*times: int, gaps=()) -> Harvest:
    codes = np.array(times, np.int64).reshape(-1, 1)
    return Harvest(blocks=[(np.array(times, np.int64), codes, None)] if times else [], gaps=list(gaps))


@pytest.fixture
def set_up(tmp_path):
    """A recorder with two sources whose writer the test can make fail."""
    writer = Writer.create(tmp_path / "run.power")
    recorder = Process({"path": str(tmp_path / "run.power"), "sources": []})
    recorder.ids = [writer.add_source(f"{name}://", name, name, POWER) for name in ("a", "b")]
    recorder.readers = [Acquired(), Acquired()]  # type: ignore[list-item]
    recorder.totals = [Totals(), Totals()]  # type: ignore[list-item]
    yield recorder, writer
    writer.close()


class Full:
    """A connection to a disk that takes nothing."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real

    def __getattr__(self, name: str):
        return getattr(self.real, name)

    def execute(self, statement: str, *values):
        if statement.startswith("BEGIN"):
            raise sqlite3.OperationalError("database or disk is full")
        return self.real.execute(statement, *values)


def test_a_refusing_disk_loses_nothing_while_memory_lasts(set_up):
    recorder, writer = set_up
    real = writer.connection
    writer.connection = Full(real)
    for start in (0, 10, 20):
        for position, acquisition in enumerate(recorder.readers):
            acquisition.harvests.append(harvest(start + position, start + position + 5))
        recorder.flush(writer)
    assert recorder.backlog.last_refusal == "database or disk is full"
    writer.connection = real
    recorder.flush(writer)
    writer.close()
    with Recording.open(writer.path) as recording:
        assert recording.samples(1).times_ns.tolist() == [0, 5, 10, 15, 20, 25]
        assert recording.samples(2).times_ns.tolist() == [1, 6, 11, 16, 21, 26]
        assert recording.gaps(1) == recording.gaps(2) == [] and recording.warnings == []


def test_what_memory_does_not_hold_becomes_one_gap_for_each_source(set_up, monkeypatch):
    monkeypatch.setattr(full_disk, "MAX_WAITING", 2)
    recorder, writer = set_up
    real = writer.connection
    writer.connection = Full(real)
    for start in (0, 10, 20):
        for acquisition in recorder.readers:
            acquisition.harvests.append(harvest(start, start + 5))
        recorder.flush(writer)
    writer.connection = real
    recorder.flush(writer)
    for acquisition in recorder.readers:
        acquisition.harvests.append(harvest(30))
    recorder.flush(writer)
    writer.close()
    with Recording.open(writer.path) as recording:
        for source in (1, 2):
            assert recording.samples(source).times_ns.tolist() == [20, 25, 30]
            (gap,) = recording.gaps(source)
            assert (gap.start_ns, gap.end_ns, gap.reason, gap.lost) == (0, 15, "dropped", 4)
            assert "full" in gap.detail


def test_a_gap_that_memory_does_not_hold_stays_listed(set_up, monkeypatch):
    monkeypatch.setattr(full_disk, "MAX_WAITING", 2)
    recorder, writer = set_up
    real = writer.connection
    writer.connection = Full(real)
    recorder.readers[0].harvests.append(harvest(gaps=[Gap(5, 25, "no answer", "unplugged", 3)]))
    for _ in range(2):
        recorder.flush(writer)
    writer.connection = real
    recorder.readers[0].harvests.append(harvest(30))
    recorder.flush(writer)
    writer.close()
    with Recording.open(writer.path) as recording:
        (gap,) = recording.gaps(1)
    assert (gap.start_ns, gap.end_ns, gap.reason, gap.lost) == (5, 25, "dropped", 3)


def test_without_memory_readings_wait_as_for_a_full_disk(set_up, monkeypatch):
    recorder, writer = set_up
    monkeypatch.setattr(writer, "append", refuse)
    recorder.readers[0].harvests.append(harvest(0, 5))
    recorder.flush(writer)
    assert recorder.backlog.last_refusal == "no memory is left"
    monkeypatch.undo()
    recorder.flush(writer)
    writer.close()
    with Recording.open(writer.path) as recording:
        assert recording.samples(1).times_ns.tolist() == [0, 5] and recording.gaps(1) == []


def test_what_is_given_up_at_the_end_is_listed_where_a_gap_can_still_be_written(set_up, monkeypatch):
    recorder, writer = set_up
    monkeypatch.setattr(writer, "append", refuse)
    recorder.readers[0].harvests.append(harvest(0, 5))
    recorder.flush(writer)
    recorder.backlog.list_as_gaps(writer)
    writer.close()
    with Recording.open(writer.path) as recording:
        (gap,) = recording.gaps(1)
        assert recording.gaps(2) == []
    assert (gap.start_ns, gap.end_ns, gap.reason, gap.lost) == (0, 5, "dropped", 2)
    assert "no memory is left" in gap.detail


def test_a_source_that_gives_rubbish_loses_its_own_samples_only(set_up):
    recorder, writer = set_up
    recorder.readers[0].harvests.append(harvest(5, 3))  # time runs backwards
    recorder.readers[1].harvests.append(harvest(1, 2, gaps=[Gap(1, 2, "no answer")]))
    recorder.flush(writer)
    writer.close()
    assert "run backwards" in recorder.readers[0].failure
    with Recording.open(writer.path) as recording:
        assert recording.samples(1).times_ns.tolist() == []
        assert recording.samples(2).times_ns.tolist() == [1, 2]
        assert [gap.reason for gap in recording.gaps(2)] == ["no answer"]


def say(lines: list[str], *, close: bool = True) -> tuple[int, list[dict]]:
    """Run the recorder process by hand; gives its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "powermeter.recorder"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, [message for message in messages if message["type"] != "opening"]


@pytest.mark.thorough
def test_the_end_of_its_input_ends_the_recording(tmp_path):
    path = tmp_path / "run.power"
    order = {"path": str(path), "sources": ["virtual://"], "parent": os.getpid()}
    status, said = say([json.dumps(order)])
    assert status == 0 and [message["type"] for message in said] == ["creating", "ready", "closed"]
    with Recording.open(path) as recording:
        assert (
            recording.metadata["ended"] == "the program closed the pipes to its recorder"
            and recording.warnings == []
        )


@pytest.mark.thorough
def test_a_parent_that_is_gone_before_it_started_ends_it(tmp_path):
    path = tmp_path / "run.power"
    order = {"path": str(path), "sources": ["virtual://"], "parent": 2**22 + 1}
    process = subprocess.Popen(
        [sys.executable, "-m", "powermeter.recorder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    assert process.wait(30) == 0, "it went on for nobody"
    process.stdin.close()
    process.stdout.close()
    with Recording.open(path) as recording:
        assert recording.warnings == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("source", "kind", "status"),
    [("virtual://?fault=absent", "OpenError", 5), ("x", "ConfigurationError", 2)],
)
def test_what_cannot_be_opened_is_said_and_leaves_no_file(tmp_path, source, kind, status):
    order = {"path": str(tmp_path / "run.power"), "sources": [source], "parent": os.getpid()}
    found, (message,) = say([json.dumps(order)])
    assert found == status and message["type"] == "error" and message["class"] == kind
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough
def test_what_is_kept_in_memory_does_not_grow_with_the_recording(set_up):
    recorder, writer = set_up
    writer.connection.execute("PRAGMA synchronous = OFF")
    row, rows, step = 0, 1100, 60_000_000

    def record(chunks: int) -> int:
        nonlocal row
        for _ in range(chunks):  # each spans more than a minute, so that it becomes a chunk
            for reader in recorder.readers:
                times = np.arange(row, row + rows) * step
                codes = np.arange(row, row + rows).reshape(-1, 1) % 7
                reader.harvests.append(Harvest(blocks=[(times, codes, None)]))
            row += rows
            recorder.flush(writer)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = record(20)
        late = record(60)
    finally:
        tracemalloc.stop()
    assert recorder.backlog.last_refusal == "" and writer._sources[1].sequence >= 79
    one_chunk = rows * (8 + 8 + 1)
    assert late - early < 2 * one_chunk, f"{late - early} bytes more after 60 chunks of {one_chunk}"


def test_a_recorder_keeps_few_pages_of_its_file(set_up):
    _, writer = set_up
    writer.limit_cache()
    assert writer.connection.execute("PRAGMA cache_size").fetchone() == (-CACHE_KIB,)


def test_a_limit_of_all_stamps_is_noted_as_its_standard_deviation() -> None:
    """At most 3 ms either way, anywhere within: 3/√3 ms."""
    from types import SimpleNamespace

    from powermeter.recorder.process import note_doubt

    noted: list[tuple[str, dict[str, object]]] = []
    note_doubt(SimpleNamespace(add_fact=lambda name, fact: noted.append((name, fact))), 7, 3e6)
    ((name, fact),) = noted
    assert name == "alignment" and fact["source"] == 7 and (fact["offset_ns"], fact["drift"]) == (0.0, 0.0)
    assert fact["offset_u_ns"] == pytest.approx(3e6 / 3**0.5)


def test_what_could_not_be_written_is_counted_from_its_first_reading(set_up) -> None:
    """Two blocks of three and two readings, from 2 s on, ended at 9.5 s."""
    recorder, writer = set_up
    real = writer.connection
    writer.connection = Full(real)
    for times in ((2, 3, 4), (7, 8)):
        recorder.readers[0].harvests.append(harvest(*(t * 10**9 for t in times)))
        recorder.flush(writer)
    said = recorder.backlog.what_is_missing("run.power", 9_500_000_000)
    writer.connection = real
    assert "run.power: 5 readings of the last 7.5 s could not be written" in said


def test_a_recording_that_lost_its_name_is_saved_elsewhere_where_its_folder_takes_no_file(
    set_up, monkeypatch
):
    """A file system that was mounted read-only meanwhile: EROFS of the new file, not an error of SQLite."""
    recorder, writer = set_up
    folder = writer.path.parent / "folder"
    folder.mkdir()
    recorder.file = WatchedFile(writer.path)
    writer.path.unlink()
    recorder.file.path = folder / "run.power"
    recorder.readers, recorder.ids, copy_to = [], [], writer.copy_to

    def copy(path) -> None:
        if path.parent == folder:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        copy_to(path)

    monkeypatch.setattr(writer, "copy_to", copy)
    recorder.finish(writer)
    with Recording.open(folder.parent / "run-recovered.power") as recording:
        assert recording.metadata["ended"] == "stopped"
    assert list(folder.iterdir()) == []


class HangsWhenOpenedAgain(StreamingSource):
    """Delivers two readings, is lost, and then never returns from `open`."""

    scheme = summary = "hangs"
    example = "hangs://"

    def __init__(self, begins_ns: int) -> None:
        super().__init__(Address.parse("hangs://"))
        self.channels = POWER
        self.is_opened, self.may_return = threading.Event(), threading.Event()
        self.blocks = [Block(np.array([begins_ns, begins_ns + 1000]), np.array([[5], [6]]))]

    def open(self) -> None:
        self.is_opened.set()
        self.may_return.wait(60.0)

    def read_block(self, timeout_s: float) -> Block | None:
        if not self.blocks:
            raise ReadError("unplugged", Reason.ABSENT)
        return self.blocks.pop()


def test_a_reader_that_hangs_while_its_source_is_lost_leaves_one_gap_to_the_end(set_up, monkeypatch) -> None:
    """Its own gap never comes: the recorder notes it, from the last reading on."""
    monkeypatch.setattr(last_reading, "READERS_END_S", 0.05)
    recorder, writer = set_up
    began_ns = process.now_ns()
    source = HangsWhenOpenedAgain(began_ns)
    reader = SourceReader(source)
    recorder.ids, recorder.readers = recorder.ids[:1], [reader]
    reader.start()
    assert source.is_opened.wait(30.0)
    recorder.finish(writer)
    with Recording.open(writer.path) as recording:
        (gap,) = recording.gaps(1)
    source.may_return.set()
    reader.join(30.0)
    assert (gap.start_ns, gap.reason, gap.detail) == (began_ns + 1000, "no answer", "a read never returned")
    assert gap.end_ns > gap.start_ns
