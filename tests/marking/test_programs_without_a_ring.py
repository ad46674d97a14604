"""Programs that can make no ring: what they lose is counted, and they run on unchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running_recording import Running

from powermeter.marking import bindings, recordings, ring

resource = pytest.importorskip("resource", reason="limits are set with POSIX's means")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "marks"

MARKING = """
import os, resource
import powermeter
resource.setrlimit(resource.{limit}, ({soft}, resource.getrlimit(resource.{limit})[1]))
for _ in range(3):
    with powermeter.event("w"):
        pass
powermeter.mark("m")
{then}
"""
"""Three events, of two marks each where none is known to be brief, and an instant: seven marks."""

LIMITS = pytest.mark.parametrize(
    ("limit", "soft", "why"), [("RLIMIT_NOFILE", 3, "EMFILE"), ("RLIMIT_FSIZE", 0, "EFBIG")]
)


def mark(running: Running, limit: str, soft: int, then: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run a program that sets itself a limit, marks, and does something more."""
    return subprocess.run(
        [sys.executable, "-c", MARKING.format(limit=limit, soft=soft, then=then)],
        env={**os.environ, recordings.ENVIRONMENT: running.folder},
        capture_output=True,
        check=False,
    )


@LIMITS
def test_what_a_program_without_a_ring_loses_is_counted(running, limit, soft, why):
    """It vanished without a line, and the report stated that no event was marked."""
    done = mark(running, limit, soft)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (counts,) = running.counts().values()
    assert (counts.begun, counts.details["lost"], counts.details["no_ring"]) == (0, 7, why)
    assert not Path(running.folder).exists()


@LIMITS
def test_one_that_ends_at_once_is_known_to_have_lost_more_than_half_of_that(running, limit, soft, why):
    assert mark(running, limit, soft, "os._exit(3)").returncode == 3
    (counts,) = running.counts().values()
    assert 3.5 <= counts.details["lost"] <= 7 and counts.details["no_ring"] == why


@LIMITS
def test_where_a_ring_can_be_made_later_marks_are_kept_from_there_on(running, limit, soft, why):
    """Six of the seven marks were lost by then at most: it is tried again after 1, 3, 7 and so on."""
    freed = f"resource.setrlimit(resource.{limit}, (resource.getrlimit(resource.{limit})[1],) * 2)"
    more = "[powermeter.mark('late') for _ in range(20)]"
    assert mark(running, limit, soft, f"{freed}\n{more}").returncode == 0
    found = running.end()
    (counts,) = running.counts().values()
    assert len(found) + counts.details["lost"] == 27 and counts.details["lost"] == 7
    assert {event.name for event in found} == {"late"}


@pytest.mark.thorough
def test_a_header_in_c_does_not_end_the_program_whose_files_may_not_grow(running, tmp_path):
    """SIGXFSZ did, while the ring was made."""
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed here")
    built = tmp_path / "infer"
    include = f"-I{bindings.HEADER.parent}"
    subprocess.run(["cc", include, str(EXAMPLES / "infer.c"), "-o", str(built)], check=True)
    assert limited([str(built)], running) == 0
    (counts,) = running.counts().values()
    assert (counts.details["lost"], counts.details["no_ring"]) == (1, "EFBIG")


def test_the_one_file_notes_that_it_has_no_ring(running):
    code = f"import sys; sys.path.insert(0, {str(bindings.MODULE.parent)!r})\nimport powermeter_marks as p; p.mark('m')"
    assert limited([sys.executable, "-c", code], running) == 0
    (counts,) = running.counts().values()
    assert (counts.details["lost"], counts.details["no_ring"]) == (1, "EFBIG")


def limited(command: list[str], running: Running) -> int:
    """Return the status of a program whose files may not grow."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    marked = {**os.environ, recordings.ENVIRONMENT: running.folder}
    return subprocess.run(command, env=marked, preexec_fn=limit, check=False).returncode


@pytest.mark.parametrize(
    "name",
    [
        "1-2-24-x.lost",
        "1-2-24.lost",
        "1-2-24-3.ring",
        "1-2-24-²" + ".lost",
        "-1-2-24-3.lost",
        f"1-2-24-{10**30}.lost",
        ".lost",
    ],
)
def test_a_name_of_another_form_is_no_note(name):
    assert recordings.lost_by(name) is None


def test_a_note_is_read_as_it_was_written(tmp_path):
    note = recordings.LostNote(str(tmp_path))
    note.write(1)
    assert list(tmp_path.iterdir()) == [], "nothing was refused"
    note.why = 24
    for lost in (1, 3):
        note.write(lost)
    (found,) = tmp_path.iterdir()
    assert recordings.lost_by(found.name) == (os.getpid(), 24, 3) and found.suffix != ring.SUFFIX
    note.withdraw()
    assert list(tmp_path.iterdir()) == []
