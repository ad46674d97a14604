"""Shared memory that others have filled (64 MB in a container): no program ends by it, and its events are recorded on the disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from powermeter.marking import recordings
from powermeter.recording import Recording

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs a system that takes room ahead"),
]


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A memory file system that takes names and no bytes."""

    def refused(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(recordings, "SHARED_MEMORY", str(memory))
    monkeypatch.setattr(os, "posix_fallocate", refused)
    return memory


def test_the_word_is_one_of_the_process_itself(full: Path) -> None:
    word = recordings.word()
    word[0] = 7
    assert word.nbytes == 8 and recordings.word()[0] == 0


def test_the_folder_of_marks_is_beside_the_recording(full: Path, tmp_path: Path) -> None:
    assert recordings.make(str(tmp_path / "run.power")) == f"{tmp_path}/run.power-marks"
    (user,) = full.iterdir()
    assert [one.name for one in user.iterdir()] == []


FILLED = """
mount -t tmpfs -o size=16k full /dev/shm && { dd if=/dev/zero of=/dev/shm/others bs=1k 2>/dev/null; true; } || exit 99
"$0" -c "import powermeter
with powermeter.event('outside'): pass" || exit 98
"$0" -m powermeter record -q -o "$1" -s "virtual://?rate=50Hz" -- "$0" -c "import powermeter
with powermeter.event('inside'): pass
raise SystemExit(7)"
"""


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A folder that is not in shared memory, where pytest's own may be."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare")
def test_a_program_marks_outside_and_inside_a_recording(on_disk: Path) -> None:
    """Outside, SIGBUS ended it; inside, the program was not even started and the recorder left behind."""
    path = on_disk / "run.power"
    command = ["unshare", "-m", "bash", "-c", FILLED, sys.executable, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode in (1, 99):
        pytest.skip("no file system may be mounted here")
    assert done.returncode == 7, done.stderr
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["inside"] and recording.facts("closed")
    assert not path.with_name("run.power-marks").exists()
