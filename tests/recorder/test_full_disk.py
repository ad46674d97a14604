"""What is printed of a file that cannot be written, and what is left of it when it never can be again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from powermeter.errors import ReadError
from powermeter.recorder import full_disk, process
from powermeter.recorder.full_disk import Backlog
from powermeter.recorder.process import Process
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
        "the file cannot be written (database or disk is full); readings wait in memory, up to two minutes of them",
        "the file can be written again; the readings that waited are in it",
    ]
    assert sent == ["database or disk is full", "", "database or disk is full", ""]
    assert backlog.last_refusal == "database or disk is full"


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
