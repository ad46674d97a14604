"""Which recordings a process belongs to."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from powermeter.marking import recordings

FIND = "from powermeter.marking import recordings; print(recordings.find())"


def found_by_a_child(**environment: str) -> list[str]:
    clean = {key: value for key, value in os.environ.items() if key != recordings.ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, "-c", FIND], env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    return [part for part in done.stdout.strip("[]\n").replace("'", "").split(", ") if part]


@pytest.fixture
def announced():
    folders = []

    def announce(path="/tmp/run.power"):
        folder = recordings.make(path)
        recordings.announce(folder, path)
        folders.append(folder)
        return folder

    yield announce
    for folder in folders:
        recordings.withdraw(folder)


def test_a_recording_whose_end_is_noted_is_joined_by_nobody(announced):
    first, second = announced(), announced()
    recordings.note_end(first, 1, "the disk was full")
    assert found_by_a_child() == [second]


def test_a_child_finds_the_recordings_of_its_ancestors_without_any_environment(announced):
    first, second = announced(), announced()
    assert found_by_a_child() == [first, second]
    recordings.withdraw(first)
    assert found_by_a_child() == [second]


def test_a_process_finds_the_one_its_environment_names_wherever_it_is(tmp_path):
    assert found_by_a_child(**{recordings.ENVIRONMENT: str(tmp_path)})[-1] == str(tmp_path)
    assert str(tmp_path / "gone") not in found_by_a_child(**{recordings.ENVIRONMENT: str(tmp_path / "gone")})


def test_a_recording_of_a_process_that_is_no_ancestor_is_not_ours(announced):
    own = announced()
    other = Path(tempfile.mkdtemp(prefix=f"{2**22 - 1}.", dir=Path(own).parent))
    try:
        assert str(other) not in recordings.find() and str(other) not in found_by_a_child()
    finally:
        other.rmdir()


def test_the_path_of_a_recording_is_there_while_it_runs(announced):
    folder = announced("/a/päth")
    assert recordings.recording_of(folder) == "/a/päth"
    recordings.withdraw(folder)
    assert recordings.recording_of(folder) is None


def test_whoever_looks_notices_a_change(announced):
    word = recordings.word()
    before = word[0]
    announced()
    assert recordings.word()[0] == word[0] != before


def test_a_home_that_others_may_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "SHARED_MEMORY", str(tmp_path))
    folder = Path(recordings.home())
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert recordings.home() is None
    made = recordings.make(str(tmp_path / "run.power"))
    assert made == str(tmp_path / "run.power-marks"), "beside the recording instead"
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert recordings.home() is None


def test_only_a_few_leftovers_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "SHARED_MEMORY", str(tmp_path))
    home = Path(recordings.home())
    for number in range(20):
        (home / f"{2**22 - 1}.{number}").mkdir()
    recordings.make("/a/run.power")
    left = sorted(int(path.name.split(".")[1]) for path in home.glob(f"{2**22 - 1}.*"))
    assert left == list(range(12, 20))
