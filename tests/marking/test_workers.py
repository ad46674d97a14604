"""Events of every kind of program, in every kind of process: as many in the right file as were begun, or it says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from frameworks import need_here
from waiting import wait_until

import powermeter
from powermeter.analysis.event_accounts import differences
from powermeter.recording import Recording
from tests.marking.workers import KINDS, ONE_PROCESS

pytestmark = pytest.mark.thorough

PROGRAM = Path(__file__).with_name("workers.py")
NEEDS = {
    "loky": ("joblib",),
    "loader": ("torch",),
    "ray_actor": ("ray",),
    "gunicorn": ("gunicorn",),
    "celery": ("celery",),
    "greenlets": ("gevent",),
}
"""Kind → the modules it needs, of the extra `frameworks`."""
RECORD = ("record", "-q", "--no-live", "-s", "virtual://?rate=100Hz")
UNRECORDED = tuple(KINDS)


@pytest.fixture
def run(here, tmp_path, monkeypatch):
    """Run a program in the folder of its recording and return how many events it has begun."""
    monkeypatch.chdir(tmp_path)

    def run(kind: str, how: str, path: Path) -> int:
        command = [sys.executable, str(PROGRAM), kind, how, str(path)]
        if how == "record":
            done = here(*RECORD, "-o", path, "--", *command)
        else:
            done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[0])

    return run


def finished(path: Path) -> list[str]:
    with Recording.open(path) as recording:
        assert recording.warnings == []
        return [event.name for event in recording.events() if event.end_ns is not None]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["meter", "record"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NEEDS])
def test_as_many_events_are_in_the_file_as_were_begun(run, tmp_path, kind, how):
    path = tmp_path / "run.power"
    check(path, kind, how, run(kind, how, path))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["meter", "record"])
@pytest.mark.parametrize("kind", NEEDS)
def test_so_are_those_of_the_workers_of_frameworks(run, tmp_path, kind, how):
    need_here(*NEEDS[kind])
    path = tmp_path / "run.power"
    check(path, kind, how, run(kind, how, path))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", UNRECORDED)
def test_without_a_recording_workers_leave_nothing(run, tmp_path, kind):
    need_here(*NEEDS.get(kind, ()))
    run(kind, "none", tmp_path / "run.power")
    assert list(tmp_path.iterdir()) == []


def check(path: Path, kind: str, how: str, begun: int) -> None:
    """Compare what a program has begun with what is in its recording."""
    if kind == "one_process":
        assert begun == 30 and finished(path) == [one.__name__ for one in ONE_PROCESS for _ in range(5)]
    else:
        assert finished(path) == ["work"] * begun
    if kind in ("persistent", "loky") and how == "meter":
        assert finished(Path(f"{path}.second")) == ["work"] * begun
    with Recording.open(path) as recording:
        missing = differences(recording.process_counts())
        never_ended = [event.name for event in recording.events() if event.end_ns is None]
    if kind == "kill":
        assert never_ended == ["killed inside"] * 3
        assert len(missing) == 3
        assert all(
            "1 of 2 events never ended ('killed inside'), because it was killed" in text for text in missing
        )
    elif kind == "becomes_another":
        assert never_ended == ["at exec"] * 2
        assert len(missing) == 2 and all("or became another program (exec)" in text for text in missing)
    elif kind == "terminate":
        assert never_ended == ["cut off"] * 2
        assert len(missing) == 2 and all("never ended ('cut off')" in text for text in missing)
    else:
        assert missing == [] and never_ended == []


def is_closed(path: Path) -> bool:
    with Recording.open(path) as recording:
        return bool(recording.facts("closed"))


def fork_at_random(count: int, seed: int, folder: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(PROGRAM.with_name("forks.py")),
        str(count),
        str(seed),
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30 + count, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    forks, unfinished, hung, by_threads = map(int, done.stdout.split())
    assert hung == 0, f"seed {seed}: {hung} of {forks} children hang"
    # On a machine that is not let run, a program leaves its recorder behind, states it, and the file is whole a little later.
    wait_until(lambda: is_closed(folder / "run.power"), f"seed {seed}: the recorder never closed its file")
    with Recording.open(folder / "run.power") as recording:
        assert recording.warnings == []
        found = recording.events()
        missing = differences(recording.process_counts())
    ended = [event.name for event in found if event.end_ns is not None]
    assert ended.count("child") == forks, f"seed {seed}"
    assert ended.count("thread") == by_threads, f"seed {seed}"
    assert [event.name for event in found if event.end_ns is None] == ["unfinished"] * unfinished
    assert len(missing) == unfinished


def test_forks_at_random_moments_neither_hang_nor_lose(tmp_path):
    fork_at_random(30, 20261126, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_forks_at_random_moments_neither_hang_nor_lose(tmp_path):
    fork_at_random(1000, 1, tmp_path)


def test_an_event_that_is_usually_over_at_once_is_missed_where_its_process_is_killed_inside(running):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        for _ in range(3):
            with powermeter.event("brief"):
                pass
        with powermeter.event("brief"):
            os.write(writing, b"x")
            signal.pause()
    os.read(reading, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(running.end()) == 3
    (counts,) = (one for process, one in running.counts().items() if process == child)
    assert (counts.begun, counts.finished) == (4, 3)


def test_brief_events_around_one_that_is_killed_are_stated_too(running):
    """Two ran, and one was stated: only the inner event's number was noted."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        for _ in range(3):
            with powermeter.event("outer"), powermeter.event("inner"):
                pass
        with powermeter.event("outer"), powermeter.event("inner"):
            os.write(writing, b"x")
            signal.pause()
    os.read(reading, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(running.end()) == 6
    (counts,) = (one for process, one in running.counts().items() if process == child)
    assert (counts.begun - counts.finished, counts.details["hidden"]) == (2, 2)
    (text,) = differences({child: counts})
    assert (
        ": at least 2 of 8 events never ended (2 by their number alone, as short ones are known: 'inner' or 'outer'), "
        "because it was killed" in text
    )
