"""Faults done for real to a recording's file, its name and its disk: rows of docs/reliability.md."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import URL, contents
from waiting import (
    CEILING_S,
    Heard,
    assert_all_written,
    newest_ns,
    readings,
    started,
    wait_for_a_reading_after,
    wait_for_readings,
    wait_until,
)

from powermeter.errors import DataError, ExistsError, PowermeterError
from powermeter.recorder.parent import Recorder
from powermeter.recording import Recording, Writer
from powermeter.recording.file import PAGE
from powermeter.recording.salvage import salvage

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="faults are made with Linux's means"),
]


def locked(path: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(path, isolation_level=None, timeout=CEILING_S)
    lock.execute("BEGIN IMMEDIATE")
    return lock


def test_a_lock_of_another_process_at_the_end_does_not_hold_the_program_up(tmp_path, at_work):
    """The program goes on while the lock is held; how long it waits at most is in test_parent.py."""
    path, heard = tmp_path / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path)
    lock = locked(path)
    written = readings(path)
    heard.wait_for_tries()
    assert not recorder.stop() and recorder.is_running
    assert "not closed yet" in recorder.problem and "lock" in recorder.problem
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(lambda: not recorder.is_running)
    assert_all_written(path)
    assert readings(path) > written, "the time of the lock is not missing"


def test_a_lock_in_the_middle_loses_nothing(tmp_path):
    path, heard = tmp_path / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path)
    lock = locked(path)
    written = readings(path)
    heard.wait_for_tries()
    assert readings(path) == written
    lock.execute("ROLLBACK")
    lock.close()
    wait_for_readings(path, written)
    assert recorder.stop()
    assert_all_written(path)


@pytest.mark.parametrize("how", ["deleted", "replaced", "moved"])
def test_a_file_that_loses_its_name_is_saved_under_another(tmp_path, how):
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    if how == "moved":
        path.rename(tmp_path / "elsewhere.power")
    else:
        path.unlink()
    if how == "replaced":
        path.write_text("somebody else's")
    lost_ns = time.monotonic_ns()
    wait_until(lambda: any("while it was recorded" in notice for notice in recorder.notices))
    recorder.stop()
    assert recorder.path == tmp_path / "run-recovered.power"
    assert str(recorder.path) in recorder.notices[-1]
    assert_all_written(recorder.path)
    assert recorder.path.stat().st_mode & 0o777 == 0o600
    assert newest_ns(recorder.path) > lost_ns
    if how == "replaced":
        assert path.read_text() == "somebody else's"


def test_a_folder_removed_under_the_recorder_loses_nothing(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    recorder = started(folder / "run.power", URL)
    wait_for_readings(folder / "run.power")
    shutil.rmtree(tmp_path / "a")
    wait_until(lambda: recorder.notices)
    recorder.stop()
    assert recorder.path == tmp_path / "run-recovered.power" and recorder.problem == ""
    assert_all_written(recorder.path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run-recovered.power"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs the right to")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(bytes(4096))


def test_a_disk_that_is_really_full_for_a_while_loses_nothing(small_disk):
    path, heard = small_disk / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path)
    fill(small_disk)
    heard.wait_for_tries(3)
    wait_until(lambda: any("cannot be written" in line for line in recorder.notices))
    (small_disk / "filler").unlink()
    wait_for_a_reading_after(path, time.monotonic_ns())
    recorder.stop()
    wait_until(lambda: not recorder.is_running)
    assert_all_written(path)


def test_a_disk_that_stays_full_holds_nothing_up_and_is_reported(small_disk, at_work):
    path, heard = small_disk / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path, 50)
    fill(small_disk)
    heard.wait_for_tries()
    assert not recorder.stop() and recorder.is_running
    assert "full" in recorder.problem and "not closed yet" in recorder.problem
    os.kill(recorder.pid, signal.SIGKILL)
    ended_ns = time.monotonic_ns()
    assert len(contents(path)[0]) > 50
    wait_until(lambda: not recorder.is_running)
    salvage(path, small_disk.parent / "repaired.power")
    with Recording.open(small_disk.parent / "repaired.power") as repaired:
        gap = max(repaired.gaps(1), key=lambda one: one.end_ns)
        span = repaired.span_ns(1)
    assert span is not None and gap.start_ns >= span[1] and "full" in gap.detail, "what is missing is listed"
    assert 0 <= ended_ns - gap.end_ns < ended_ns - gap.start_ns


def test_a_disk_that_was_full_for_a_while_leaves_one_whole_file_and_a_whole_lone_file_before(small_disk):
    """Each refused write tries to fold the log, which may do so only where the disk holds all of it."""
    path, heard = small_disk / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_until(lambda: path.stat().st_size > 4 * PAGE)  # folded once: until then it is no recording alone
    fill(small_disk)
    heard.wait_for_tries(3)
    lone = small_disk.parent / "lone.power"
    shutil.copyfile(path, lone)
    assert not [text for text in contents(lone)[2] if "damaged" in text], "no mixture of old and new pages"
    (small_disk / "filler").unlink()
    wait_for_a_reading_after(path, time.monotonic_ns())
    recorder.stop()
    wait_until(lambda: not recorder.is_running)
    assert [one.name for one in small_disk.iterdir()] == ["run.power"]
    assert_all_written(path)


def test_a_recording_on_a_full_disk_replaces_nothing(small_disk):
    """`--force` has removed the old one already when it turns out that no new one can be created."""
    path = small_disk / "run.power"
    Writer.create(path, {"title": "old"}).close()
    fill(small_disk)
    with pytest.raises(DataError, match="cannot be created"):
        Writer.create(path, {"title": "new"}, force=True)
    with Recording.open(path) as recording:
        assert recording.metadata["title"] == "old"
    assert sorted(one.name for one in small_disk.iterdir()) == ["filler", "run.power"]
    (small_disk / "filler").unlink()
    Writer.create(path, {"title": "new"}, force=True).close()
    assert [one.name for one in small_disk.iterdir()] == ["run.power"]


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A file system in a file, and what makes it read-only as an error of the disk does; needs the right to mount."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    make = ["mkfs.ext4", "-q", "-F", "-e", "remount-ro", str(image)]
    if os.geteuid() or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting a file system needs the right to, and mkfs.ext4")
    image.write_bytes(bytes(8 << 20))
    mount = ["mount", "-o", "loop", str(image), str(folder)]
    for command in (make, mount):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip(f"{command[0]} is not allowed here")
    try:
        (device,) = (
            line.split()[0]
            for line in Path("/proc/mounts").read_text().splitlines()
            if line.split()[1] == str(folder)
        )
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        if not trigger.exists():
            pytest.skip("this kernel has no trigger for errors of ext4")
        yield folder, trigger
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_file_system_that_becomes_read_only_holds_nothing_up_and_is_reported(failing_disk, at_work):
    disk, trigger = failing_disk
    path, heard = disk / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path, 50)
    trigger.write_text("1")
    with pytest.raises(OSError, match="Read-only"):
        (disk / "probe").write_text("x")
    heard.wait_for_tries()
    assert not recorder.stop() and recorder.is_running
    assert "not closed yet" in recorder.problem and re.search("readonly|read-only|disk I/O", recorder.problem)
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    copy = disk.parent / "copies"
    copy.mkdir()
    for file in disk.glob("run.power*"):
        shutil.copy(file, copy)
    assert len(contents(copy / "run.power")[0]) > 50, "what was written before is there"


def test_two_runs_on_one_name_exactly_one_has_it(tmp_path):
    path = tmp_path / "run.power"
    outcomes: list[Recorder | PowermeterError] = []

    def run() -> None:
        recorder = Recorder(path, [URL])
        try:
            recorder.start()
            outcomes.append(recorder)
        except PowermeterError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [one for one in outcomes if isinstance(one, Recorder)]
    assert len(winners) == 1 and sum(isinstance(one, ExistsError) for one in outcomes) == 2
    assert winners[0].stop() and not contents(path)[2]


def test_runs_that_start_in_one_second_without_a_name_get_different_ones(tmp_path):
    command = [sys.executable, "-m", "powermeter", "record", "-s", URL, "-d", "0.4s", "-q"]
    programs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [program.communicate(timeout=CEILING_S)[1] for program in programs]
    assert [program.returncode for program in programs] == [0] * 4, said
    files = sorted(tmp_path.glob("*.power"))
    assert len(files) == 4 and sorted(text.split()[-1] for text in said) == [file.name for file in files]
    assert all(not contents(file)[2] for file in files)
