"""Limits that a system sets to a recorder: a share of a processor, a freezer, a quota, the size of a file.

Each is set for real, and rows of docs/reliability.md name these tests.  What must hold: the recorder goes on when the
limit is lifted, and what is missing is listed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import (
    Heard,
    assert_all_written,
    assert_hole_listed,
    is_alive,
    readings,
    started,
    state,
    wait_for_a_reading_after,
    wait_for_readings,
    wait_until,
)

from powermeter import Meter
from powermeter.marking import recordings
from powermeter.recording import Recording, file, file_names, schema
from powermeter.recording.salvage import salvage

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="limits are set with Linux's means"),
]

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=200Hz"


def noted(path: Path) -> dict[str, Any]:
    """Return what the recorder noted of itself last."""
    with Recording.open(path) as recording:
        return recording.facts("recorder")[-1]


def test_a_recorder_that_is_starved_lists_the_holes(tmp_path):
    """It is let run for a fifth of the time: a hole of more than 0.1 s is a gap, all of it or, about a reading that was stopped, its halves."""
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    holes = []
    for _ in range(6):
        os.kill(recorder.pid, signal.SIGSTOP)
        wait_until(lambda: state(recorder.pid) == "T")
        begun_ns = time.monotonic_ns()
        time.sleep(0.16)
        holes.append((begun_ns, time.monotonic_ns()))
        os.kill(recorder.pid, signal.SIGCONT)
        time.sleep(0.04)
    wait_for_a_reading_after(path, time.monotonic_ns())
    assert recorder.stop() and recorder.problem == ""
    listed = [assert_hole_listed(path, begun, ended) for begun, ended in holes]
    assert any(listed)
    assert_all_written(path)


@pytest.fixture
def freezer() -> Iterator[Path]:
    """A group of processes that can be frozen, below this process's own; needs the right to make one."""
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line[:3] == "0::"), ""
    )
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    root = next((Path(fields[1]) for fields in mounts if fields[2] == "cgroup2"), None)
    if root is None or not own:
        pytest.skip("no cgroup of version 2")
    folder = root / own.lstrip("/") / f"powermeter-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("making a cgroup needs the right to")
    try:
        yield folder
    finally:
        (folder / "cgroup.freeze").write_text("0")
        wait_until(lambda: not (folder / "cgroup.procs").read_text())
        folder.rmdir()


def test_a_recorder_and_its_program_that_are_suspended_list_the_hole(freezer, tmp_path):
    """As a container that is paused, or a virtual machine that is moved."""
    path = tmp_path / "run.power"
    program = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)"
    command = [sys.executable, "-m", "powermeter", "record", "-q", "-o", str(path), "-s", URL, "--"]
    run = subprocess.Popen([*command, sys.executable, "-c", program], cwd=tmp_path, start_new_session=True)
    try:
        (freezer / "cgroup.procs").write_text(str(run.pid))
        wait_for_readings(path)
        recorder = noted(path)["pid"]
        (freezer / "cgroup.procs").write_text(str(recorder))
        (freezer / "cgroup.freeze").write_text("1")
        wait_until(lambda: "frozen 1" in (freezer / "cgroup.events").read_text())
        frozen_ns = time.monotonic_ns()
        time.sleep(0.4)
        thawed_ns = time.monotonic_ns()
        (freezer / "cgroup.freeze").write_text("0")
        wait_for_a_reading_after(path, thawed_ns)
        (tmp_path / "go").touch()
        assert run.wait() == 0
    finally:
        if run.poll() is None:
            (freezer / "cgroup.freeze").write_text("0")
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    assert assert_hole_listed(path, frozen_ns, thawed_ns)
    assert_all_written(path)


def test_a_limit_on_the_size_of_files_loses_nothing_when_it_is_lifted(tmp_path):
    """`ulimit -f`: neither the recording nor its log may grow any more."""
    import resource

    path, heard = tmp_path / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path)
    resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (file.PAGE, resource.RLIM_INFINITY))
    wait_until(lambda: tries_without_a_reading(path, heard))
    resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for_a_reading_after(path, time.monotonic_ns())
    assert recorder.stop() and recorder.problem == ""
    assert_all_written(path)


def test_a_log_that_may_not_grow_begins_anew_once_the_file_holds_all_of_it(tmp_path):
    import resource

    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    log = file_names.side_files(path)[0].stat().st_size
    limit = max(log, 2 * file.PAGE * len(schema.TABLES[schema.NEWEST]))
    resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for _ in range(4):  # each write takes some pages of the log; of the file, hardly any
        wait_for_a_reading_after(path, time.monotonic_ns())
    assert file_names.side_files(path)[0].stat().st_size <= limit
    assert recorder.stop() and recorder.problem == ""
    assert_all_written(path)


def tries_without_a_reading(path: Path, heard: Heard) -> bool:
    """Return whether a recorder tries to write and nothing comes."""
    before = readings(path)
    heard.wait_for_tries()
    return readings(path) == before


@pytest.fixture
def copying_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that never writes in place; needs the right to mount, and mkfs.btrfs."""
    image, mounted = tmp_path / "image", tmp_path / "disk"
    mounted.mkdir()
    if os.geteuid() or not shutil.which("mkfs.btrfs"):
        pytest.skip("mounting btrfs needs the right to, and mkfs.btrfs")
    with image.open("wb") as file:
        file.truncate(120 << 20)
    folder = mounted / "mine"
    try:
        command("mkfs.btrfs", "-q", str(image))
        command("mount", "-o", "loop", str(image), str(mounted))
        command("btrfs", "subvolume", "create", str(folder))
        yield folder
    finally:
        if os.path.ismount(mounted):
            subprocess.run(["umount", "-l", str(mounted)], check=True)


def command(*words: str) -> None:
    """Run one, and skip the test where that is refused."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(words[:2])} is refused here: {done.stderr}")


def use_up(folder: Path, why: str) -> None:
    """Write until there is no room for a page."""
    noise = np.random.default_rng(1)
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 4096):
            with pytest.raises(OSError, match=why):
                while True:
                    file.write(noise.bytes(size))
                    os.fsync(file.fileno())


def make_room(folder: Path) -> None:
    (folder / "filler").unlink()
    subprocess.run(["btrfs", "filesystem", "sync", str(folder)], check=True, capture_output=True)


def test_a_full_disk_that_never_writes_in_place_loses_nothing(copying_disk):
    """A page of a mapped file would need a new block: the recorder was ended with SIGBUS."""
    path, heard = copying_disk / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path)
    use_up(copying_disk, "space")
    heard.wait_for_tries(3)
    assert recorder.is_running
    make_room(copying_disk)
    wait_for_a_reading_after(path, time.monotonic_ns())
    recorder.stop()
    wait_until(lambda: not recorder.is_running)
    assert_all_written(path)


def test_a_quota_that_is_used_up_is_reported_and_what_was_written_is_brought_back(copying_disk, at_work):
    """The kernel may refuse pages that are mapped, too (SIGBUS): the recorder then dies, and the program must not."""
    command("btrfs", "quota", "enable", str(copying_disk))
    command("btrfs", "qgroup", "limit", "1M", str(copying_disk))
    path = copying_disk / "run.power"
    with Meter(URL, path=path) as meter:
        wait_for_readings(path, 50)
        recorder = noted(path)["pid"]
        use_up(copying_disk, "quota")
        for _ in range(3):
            with meter.event("late"):
                pass
    recorder_died = False
    if is_alive(recorder):
        assert "not closed yet" in meter.problem
        os.kill(recorder, signal.SIGKILL)
        wait_until(lambda: not is_alive(recorder))
    else:
        recorder_died = True
        assert "a quota is used up" in meter.problem and f"powermeter repair {path}" in meter.problem
    late_ns = time.monotonic_ns()
    make_room(copying_disk)
    salvage(path, copying_disk / "whole.power")
    assert readings(copying_disk / "whole.power") > 50
    if recorder_died:
        assert_listed(copying_disk / "whole.power", until_ns=late_ns)


def assert_listed(path: Path, until_ns: int) -> None:
    """Check that what came after the last reading is a gap that reaches to the moment at which the recorder was found dead."""
    with Recording.open(path) as recording:
        first_ns, last_ns = recording.span_ns(1)
        usual_ns = (last_ns - first_ns) / (recording.count(1) - 1)
        last = max(recording.gaps(1), key=lambda gap: gap.end_ns)
        event = max(event.end_ns for event in recording.events())
    assert last.start_ns <= last_ns + 2 * usual_ns
    assert event <= last.end_ns <= until_ns
    assert "the recorder process died" in last.detail


@pytest.mark.skipif(not hasattr(signal, "SIGBUS"), reason="the system knows no such signal")
def test_a_recorder_that_ends_for_want_of_a_page_does_not_take_the_program_with_it(tmp_path):
    """The program leaves the file alone, which would end it too; its events stay in their ring for `repair`."""
    path = tmp_path / "run.power"
    with Meter(URL, path=path) as meter:
        wait_for_readings(path)
        recorder = noted(path)["pid"]
        with Recording.open(path) as recording:
            marks = recording.metadata["marks"]
        os.kill(recorder, signal.SIGSTOP)
        wait_until(lambda: state(recorder) == "T")
        with meter.event("late"):
            pass
        os.kill(recorder, signal.SIGBUS)
        os.kill(recorder, signal.SIGCONT)
        wait_until(lambda: not is_alive(recorder))
        held = path.read_bytes()
    try:
        assert f"make room, then bring back what was recorded with: powermeter repair {path}" in meter.problem
        assert path.read_bytes() == held
        found_ns = time.monotonic_ns()
        salvage(path, tmp_path / "whole.power")
    finally:
        recordings.withdraw(marks)
    with Recording.open(tmp_path / "whole.power") as recording:
        assert [event.name for event in recording.events()] == ["late"]
    assert_listed(tmp_path / "whole.power", until_ns=found_ns)
