"""The locks of a recorder outlive that its file is looked at by its own process, so that nobody takes its log away."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.recording import Recording, Writer, append_to, file_names, held_file, refused_files
from powermeter.recording.output_file import recording_process

POWER = (Channel("p", Quantity.POWER, 1e-3),)

pytestmark = pytest.mark.skipif(not hasattr(os, "pread"), reason="locks that belong to a process are POSIX's")

VISIT = """
import sqlite3, sys
visitor = sqlite3.connect(sys.argv[1])
print(*visitor.execute("SELECT sum(count) FROM tail").fetchone())
visitor.close()
"""


def seen_by_another_program(path: Path) -> int:
    """Return how many samples another program finds, which may write and so tidies up where it is the last."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", VISIT, str(path)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    "look",
    [
        lambda path: append_to(path).close(),
        lambda path: Recording.open(path).close(),
        recording_process,
        refused_files.check_header,
        refused_files.is_cut_off,
        refused_files.lacks_log,
    ],
    ids=["append", "read", "recording process", "header", "cut off", "lacks log"],
)
def test_a_look_at_a_growing_file_costs_its_writer_no_lock(tmp_path, look):
    path = tmp_path / "run.power"
    writer = Writer.create(path)
    source = writer.add_source("x://", "x", "x", POWER)
    writer.append(source, np.arange(9), np.arange(9))
    look(path)
    assert seen_by_another_program(path) == 9
    assert file_names.side_files(path)[0].exists(), "the visitor has taken the log for a leftover"
    writer.append(source, np.arange(9, 20), np.arange(9, 20))
    assert seen_by_another_program(path) == 20
    writer.close()
    assert [one.name for one in tmp_path.iterdir()] == ["run.power"]


def test_what_is_kept_open_is_one_descriptor_and_closed_with_the_last_connection(tmp_path):
    path, other = tmp_path / "run.power", tmp_path / "link.power"
    before = descriptors()
    writer = Writer.create(path)
    other.symlink_to(path)
    for name in (path, other, path):
        assert held_file.first_bytes(name, 15) == b"SQLite format 3"
    assert len(held_file.descriptors) == 1
    with Recording.open(path):
        writer.abandon()
        assert len(held_file.descriptors) == 1
    del writer
    assert not held_file.descriptors and not held_file.connections
    assert descriptors() == before
    assert held_file.first_bytes(path, 6) == b"SQLite" and not held_file.descriptors


def test_a_connection_that_cannot_be_made_or_is_forgotten_is_not_counted(tmp_path):
    with pytest.raises(FileNotFoundError):
        held_file.connect(tmp_path / "none", str(tmp_path / "none"))
    (tmp_path / "there").touch()
    with pytest.raises(sqlite3.OperationalError):
        held_file.connect(tmp_path / "there", f"file:{tmp_path}/none?mode=ro", uri=True)
    assert not held_file.connections
    held_file.connect(tmp_path / "there", str(tmp_path / "there"))  # nobody keeps it
    gc.collect()
    assert not held_file.connections
