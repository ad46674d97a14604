"""What is printed of a file that cannot be written, and what is left of it when it never can be again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from powermeter.channel import Gap
from powermeter.errors import ReadError
from powermeter.recorder import full_disk, process
from powermeter.recorder.full_disk import Backlog
from powermeter.recorder.process import Process
from powermeter.recorder.reader_output import Harvest
from powermeter.recorder.watched_file import WatchedFile
from powermeter.recording import Recording, Writer

FULL = sqlite3.OperationalError("database or disk is full")


def test_a_file_that_cannot_be_written_is_printed_once_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    sent: list[str] = []
    now = [0.0]
    monkeypatch.setattr(full_disk, "notice", said.append)
    monkeypatch.setattr(full_disk, "send", lambda message: sent.append(message["why"]))
    monkeypatch.setattr(full_disk, "time", SimpleNamespace(monotonic=lambda: now[0]))
    backlog = Backlog(lambda *_: None)
    for is_full in (False, True, True, True, True, False, False, True, False):
        if is_full:
            backlog.refuse(FULL)
        else:
            backlog.refusal = ""
        backlog.report()
        now[0] += 0.5
    assert said == [
        "the file cannot be written (database or disk is full); readings wait in memory, up to two minutes or 128 MB of them",
        "the file can be written again; the readings that waited are in it",
    ]
    assert sent == ["database or disk is full", "", "database or disk is full", ""]
    assert backlog.last_refusal == "database or disk is full"


def test_what_waits_is_bounded_in_bytes_too_and_the_oldest_of_it_becomes_a_gap(monkeypatch) -> None:
    """Two minutes of a meter of 100 kHz are 300 MB: more than a board has."""
    monkeypatch.setattr(full_disk, "MOST_BYTES", 1000)
    written: list[tuple[int, Gap | None]] = []
    is_full = [True]

    def write(_: object, position: int, harvest: Harvest, dropped: Gap | None) -> None:
        if is_full[0]:
            raise FULL
        written.append((int(harvest.blocks[0][0][0]), dropped))

    backlog = Backlog(write)
    writer = cast(Writer, SimpleNamespace(transaction=nullcontext))
    for first in range(0, 200, 20):
        times = np.arange(first, first + 20)
        backlog.add(0, Harvest([(times, times.reshape(20, 1), None)]))
        backlog.write(writer)
    is_full[0] = False
    backlog.write(writer)
    assert [first for first, _ in written] == [140, 160, 180]
    gap = written[0][1]
    assert gap is not None and (gap.start_ns, gap.end_ns, gap.lost) == (0, 139, 140)


@pytest.fixture
def never_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Process, Writer]]:
    """A recorder at its end whose file takes everything, but whose log is never folded into it."""

    def refuse() -> None:
        raise FULL

    monkeypatch.setattr(process, "CLOSE_S", 0.0)
    recorder = Process({"path": str(tmp_path / "run.power"), "sources": []})
    writer = Writer.create(tmp_path / "run.power")
    monkeypatch.setattr(writer, "close", refuse)
    recorder.file = WatchedFile(writer.path)
    yield recorder, writer
    writer.abandon()


def test_a_log_that_is_never_folded_stays_beside_a_file_that_lacks_nothing(never_closed) -> None:
    recorder, writer = never_closed
    recorder.finish(writer)
    with Recording.open(writer.path) as recording:
        assert recording.metadata["ended"] == "stopped" and recording.warnings == []


def test_a_file_that_lost_its_name_and_finds_no_room_is_reported_lost(never_closed, monkeypatch) -> None:
    recorder, writer = never_closed
    monkeypatch.setattr(writer, "copy_to", lambda path: writer.close())
    writer.path.unlink()
    with pytest.raises(ReadError, match=r"deleted or moved .* cannot be saved .*full.* it is lost"):
        recorder.finish(writer)


def test_a_copy_that_finds_no_room_leaves_no_part_of_it(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "run.power")
    copy = tmp_path / "copy.power"
    real = writer.connection

    class Full:
        def __getattr__(self, name: str):
            return getattr(real, name)

        def execute(self, statement: str, *values):
            if statement.startswith("VACUUM"):
                raise FULL
            return real.execute(statement, *values)

    writer.connection = Full()  # type: ignore[assignment]
    with pytest.raises(sqlite3.OperationalError):
        writer.copy_to(copy)
    assert not copy.exists()
    writer.connection = real
    writer.close()
