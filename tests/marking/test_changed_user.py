"""Programs that become another user than the one who records: what they mark is lost, and counted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from powermeter.marking import api, bindings, destinations, recordings, span

NOBODY = 65534
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "marks"

pytestmark = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0 or not Path(recordings.SHARED_MEMORY).is_dir(),
    reason="only root may become another user; marks lie in shared memory",
)


def as_nobody(work) -> int:
    """Return the id of a child that became another user, worked and ended at once."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            work()
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    return child


def mark_and_leave() -> None:
    for _ in range(3):
        with api.event("w"):
            pass
    span.attached().leave()


def test_a_fork_that_drops_root_before_its_first_mark_is_counted_and_named(running):
    """Its marks were in no recording and in no list."""
    child = as_nobody(mark_and_leave)
    counts = running.counts()[child]
    assert (counts.begun, counts.details["lost"]) == (0, 6)
    assert (counts.details["no_ring"], counts.details["program"]) == ("EACCES", f"user {NOBODY}")
    assert not Path(recordings.lost_box(running.folder)).exists()


def test_one_that_has_marked_before_keeps_its_ring(running):
    child = os.fork()
    if child == 0:
        try:
            api.mark("before")
            os.setuid(NOBODY)
            mark_and_leave()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert [event.name for event in running.end() if event.process == child] == ["before", *["w"] * 3]


def test_a_program_started_as_another_user_finds_where_to_note_it(running, monkeypatch):
    monkeypatch.setenv(recordings.ENVIRONMENT, running.folder)

    def work() -> None:
        destinations.inherited.clear()
        destinations.own.clear()
        destinations.find()
        (log,) = destinations.inherited
        assert not log.is_over
        assert not log.open()
        log.lose(2)

    child = as_nobody(work)
    assert running.counts()[child].details["lost"] == 2


def test_the_box_takes_notes_and_shows_them_to_nobody_else(running):
    box = Path(recordings.lost_box(running.folder))
    assert box.stat().st_mode & 0o7777 == 0o1733
    as_nobody(lambda: (box / "no note").mkdir())
    as_nobody(lambda: (box / "1-2-x-4.lost").mkdir())
    assert running.counts() == {}
    assert not box.exists()


@pytest.mark.thorough
def test_a_program_in_c_notes_it(running, tmp_path):
    if shutil.which("cc") is None or shutil.which("setpriv") is None:
        pytest.skip("cc or setpriv is not installed here")
    built = Path(recordings.SHARED_MEMORY) / f"infer-{os.getpid()}"  # another user may enter it there
    include = f"-I{bindings.HEADER.parent}"
    try:
        subprocess.run(["cc", include, str(EXAMPLES / "infer.c"), "-o", str(built)], check=True)
        marked = {**os.environ, recordings.ENVIRONMENT: running.folder}
        user = ["setpriv", f"--reuid={NOBODY}", "--clear-groups"]
        subprocess.run([*user, str(built)], env=marked, check=True)
    finally:
        built.unlink(missing_ok=True)
    (counts,) = running.counts().values()
    assert (counts.details["lost"], counts.details["no_ring"]) == (1, "EACCES")
