"""A recorder that is killed before it is ready leaves nothing that the next start would refuse."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from faults import URL
from waiting import wait_until

from powermeter.channel import Channel, Quantity
from powermeter.errors import DataError, ExistsError, OpenError, PowermeterError
from powermeter.recorder.killed_start import clear
from powermeter.recorder.parent import Recorder
from powermeter.recording import Recording, Writer, file
from powermeter.recording.file_names import aside, left_aside

pytestmark = pytest.mark.thorough

CHANNELS = (Channel("p", Quantity.POWER, 1e-3),)
posix = pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped by signals")


def hindered(path: Path, after_s: float, number: int, monkeypatch, *, force: bool = False) -> PowermeterError:
    """Return the error of a start whose recorder gets a signal so long after it began to make its file."""
    recorder = Recorder(path, [URL], force=force)
    take = recorder.take

    def taken(message) -> None:
        if message["type"] != "ready":  # it may be quicker than the signal
            take(message)
        if message["type"] == "creating":
            time.sleep(after_s)
            os.kill(recorder.pid, number)
            if number == signal.SIGSTOP:
                monkeypatch.setattr("powermeter.recorder.waiting_at_start.READY_S", 0.0)

    monkeypatch.setattr(recorder, "take", taken)
    with pytest.raises(PowermeterError) as raised:
        recorder.start()
    monkeypatch.undo()
    return raised.value


@posix
@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.004, 0.008])
@pytest.mark.parametrize(("number", "kind"), [(signal.SIGSTOP, DataError), (signal.SIGKILL, OpenError)])
def test_a_start_that_does_not_become_ready_leaves_nothing(tmp_path, monkeypatch, after_s, number, kind):
    path = tmp_path / "run.power"
    error = hindered(path, after_s, number, monkeypatch)
    assert isinstance(error, kind), error
    assert list(tmp_path.iterdir()) == []


def test_one_that_was_killed_before_it_had_a_log_leaves_no_journal(tmp_path):
    """SQLite writes a rollback journal until `journal_mode=WAL` is set: the kill came in the first statement."""
    for name in ("run.power", "run.power-journal", "other.power-journal"):
        (tmp_path / name).touch()
    clear(tmp_path / "run.power", 7)
    assert [path.name for path in tmp_path.iterdir()] == ["other.power-journal"]


@posix
def test_a_file_that_hangs_is_named_and_no_instrument_is_blamed(tmp_path, monkeypatch):
    error = hindered(tmp_path / "run.power", 0.0, signal.SIGSTOP, monkeypatch)
    assert str(error).startswith(f"{tmp_path / 'run.power'} could not be created within")


def test_what_holds_something_or_is_open_elsewhere_is_left(tmp_path):
    full, open_one, foreign = (tmp_path / name for name in ("full.power", "open.power", "foreign.power"))
    short, photos = tmp_path / "short.power", tmp_path / "photos.db"
    with Writer.create(full) as writer:
        writer.append(writer.add_source("x://", "x", "x", CHANNELS), np.array([1]), np.array([[7]]))
    cut_off = Writer.create(short)
    cut_off.append(cut_off.add_source("x://", "x", "x", CHANNELS), np.array([1]), np.array([[7]]))
    cut_off.abandon()  # its reading does not fill a chunk yet
    with closing(sqlite3.connect(photos)) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    foreign.write_text("my own work")
    with Writer.create(open_one):
        for path in (full, short, open_one, photos, foreign):
            clear(path, 7)
    assert (
        full.exists()
        and short.exists()
        and photos.exists()
        and open_one.exists()
        and foreign.read_text() == "my own work"
    )
    clear(open_one, 7)
    assert not open_one.exists()


@pytest.mark.parametrize("is_begun", [False, True])
def test_what_was_to_be_replaced_comes_back(tmp_path, is_begun):
    path = tmp_path / "run.power"
    Writer.create(path, {"run": "old"}).close()
    file.move(path, aside(path, 7))
    if is_begun:
        sqlite3.connect(path).close()
        path.touch()
    clear(path, 7)
    with Recording.open(path) as recording:
        assert recording.metadata["run"] == "old"
    wait_until(lambda: [one.name for one in tmp_path.iterdir()] == ["run.power"])


def test_an_error_while_the_file_is_described_leaves_nothing_either(tmp_path, monkeypatch):
    from powermeter.recorder.process import Process

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("powermeter.recorder.process.note_clocks", refuse)
    with pytest.raises(sqlite3.OperationalError):
        Process({"path": str(tmp_path / "run.power"), "sources": [URL]}).run()
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.004, 0.008])
def test_force_and_a_kill_directly_after_creation_leave_the_old_recording_or_a_new_one(
    tmp_path, monkeypatch, after_s
):
    path = tmp_path / "run.power"
    Writer.create(path, {"run": "old"}).close()
    error = hindered(path, after_s, signal.SIGKILL, monkeypatch, force=True)
    assert isinstance(error, OpenError), error
    assert left_aside(path) == []
    if path.exists():  # otherwise the new one had its tables, and held nothing
        with Recording.open(path) as recording:
            assert recording.metadata["run"] == "old"


def killed_while_replacing(path: Path, at: str) -> None:
    """Put a recording that a process which was killed was to replace at a step of `file.create`."""
    Writer.create(path, {"run": "old"}).close()
    program = f"""
import os, signal, sys
from pathlib import Path
from powermeter.recording import Writer, file
setattr(file, {at!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
Writer.create(Path(sys.argv[1]), {{"run": "new"}}, force=True)
"""
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -signal.SIGKILL


@posix
def test_where_program_and_recorder_were_killed_the_error_names_the_recording_that_was_to_be_replaced(
    tmp_path,
):
    path = tmp_path / "run.power"
    killed_while_replacing(path, "_write_in_place")
    with pytest.raises(
        DataError, match=r"is empty; what was to be replaced by it is still there: mv "
    ) as raised:
        Recording.open(path)
    subprocess.run(str(raised.value).partition("there: ")[2], shell=True, check=True)
    with Recording.open(path) as recording:
        assert recording.metadata["run"] == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["run.power"]


@posix
@pytest.mark.parametrize("at", ["_write_in_place", "remove"])
def test_the_next_start_with_force_replaces_what_the_killed_one_had_put_aside(tmp_path, at):
    path = tmp_path / "run.power"
    killed_while_replacing(path, at)
    assert len(left_aside(path)) == 1
    Writer.create(path, {"run": "newest"}, force=True).close()
    assert [one.name for one in tmp_path.iterdir()] == ["run.power"]


@pytest.mark.parametrize("name", [".run.power.1", ".run.power.999999999", ".run.power.x.replaced"])
def test_force_removes_no_file_of_another_that_is_hidden_beside_it(tmp_path, name):
    """Whatever ended in a dot and a number was removed, though that is how others number their old files."""
    (tmp_path / name).write_text("another's")
    path = tmp_path / "run.power"
    Writer.create(path, {"run": "old"}).close()
    Writer.create(path, {"run": "new"}, force=True).close()
    assert (tmp_path / name).read_text() == "another's"


@posix
def test_one_that_another_program_has_open_is_not_taken_for_left_behind(tmp_path):
    path = tmp_path / "run.power"
    killed_while_replacing(path, "remove")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,)
        with pytest.raises(ExistsError, match="is being written by another program"):
            Writer.create(path, force=True)
