"""On a full disk the log is folded into the file whole or not at all: a lone file stays a recording."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.recording import Recording, Writer, append_to, file_names, wal_checkpoint

pytestmark = pytest.mark.skipif(
    not hasattr(os, "posix_fallocate"), reason="needs a system that takes room ahead"
)

POWER = (Channel("p", Quantity.POWER, 1e-3),)
BLOCK = 65_536
"""Rows of noise that fill a chunk: some 100 kB of new pages."""


@dataclass
class Disk:
    """A place to record, and how it becomes full and free."""

    folder: Path
    fill: Callable[[Path], None]
    free: Callable[[], None]


def small_disk(folder: Path) -> Iterator[Disk]:
    """A real one, of 2 MB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs the right to")
    filler = folder / "filler"

    def fill(_: Path) -> None:
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(bytes(4096))

    try:
        yield Disk(folder, fill, lambda: filler.unlink())
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def limited_files(folder: Path) -> Iterator[Disk]:
    """Files that may not grow beyond what the recording has: needs no right, and no log that is longer."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(path: Path) -> None:
        log = file_names.side_files(path)[0].stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(path.stat().st_size, log), before[1]))

    try:
        yield Disk(folder, fill, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=[small_disk, limited_files], ids=["small disk", "limit of a file's size"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    yield from request.param(folder)


def noise(writer: Writer, source: int, block: int) -> None:
    rng = np.random.default_rng(block)
    writer.append(source, np.arange(BLOCK) * 1000 + block * BLOCK * 1000, rng.integers(0, 1 << 12, BLOCK))


def rows(path: Path) -> int:
    with Recording.open(path) as recording:
        return len(recording.samples(1)) if recording.sources else 0


def rows_of_lone_file(path: Path) -> int:
    lone = path.parent.parent / "lone.power"
    shutil.copyfile(path, lone)
    with Recording.open(lone) as recording:
        assert not [text for text in recording.warnings if "damaged" in text], recording.warnings
    return rows(lone)


def recorded(disk: Disk) -> tuple[Path, Writer, int]:
    """Return a recording of two blocks, one of them in the file and one in its log, on a disk that is full."""
    path = disk.folder / "run.power"
    writer = Writer.create(path)
    source = writer.add_source("x://", "x", "x", POWER)
    noise(writer, source, 0)
    wal_checkpoint.checkpoint(writer.connection)
    noise(writer, source, 1)
    disk.fill(path)
    return path, writer, source


def test_a_lone_file_is_what_it_was_while_the_disk_is_full_and_whole_when_it_is_free(disk):
    path, writer, source = recorded(disk)
    assert rows_of_lone_file(path) == BLOCK
    wal_checkpoint.checkpoint(writer.connection)
    assert rows_of_lone_file(path) == BLOCK and rows(path) == 2 * BLOCK
    with pytest.raises(sqlite3.Error, match="full"):
        writer.close()
    assert rows_of_lone_file(path) == BLOCK and rows(path) == 2 * BLOCK
    disk.free()
    noise(writer, source, 2)
    writer.close()
    assert not any(side.exists() for side in file_names.side_files(path))
    assert rows_of_lone_file(path) == rows(path) == 3 * BLOCK
    with Recording.open(path) as recording:
        assert not recording.is_growing and not recording.warnings


@pytest.mark.parametrize("end", ["abandon", "forgotten"])
def test_the_last_connection_folds_nothing_either(disk, end):
    path, writer, _ = recorded(disk)
    if end == "abandon":
        writer.abandon()
    else:
        writer.__del__()
    assert rows_of_lone_file(path) == BLOCK and rows(path) == 2 * BLOCK
    disk.free()
    append_to(path).close()
    assert not any(side.exists() for side in file_names.side_files(path))
    assert rows_of_lone_file(path) == 2 * BLOCK


def test_one_mark_of_a_whole_recording_however_often_it_is_closed(disk):
    path, writer, _ = recorded(disk)
    for _ in range(3):
        with pytest.raises(sqlite3.Error, match="full"):
            writer.close()
    disk.free()
    writer.close()
    writer.close()
    with Recording.open(path) as recording:
        assert len(recording.facts("closed")) == 1 and not recording.warnings


def test_room_is_not_taken_in_a_file_that_has_the_name_now(tmp_path):
    path = tmp_path / "run.power"
    writer = Writer.create(path)
    path.unlink()
    path.write_bytes(b"somebody else's")
    wal_checkpoint.checkpoint(writer.connection)
    assert path.read_bytes() == b"somebody else's"
    writer.abandon()
    assert path.read_bytes() == b"somebody else's"


def test_a_database_that_is_no_file_of_ours_needs_no_room() -> None:
    connection = sqlite3.connect(":memory:")
    assert wal_checkpoint.has_room(connection) is True
    connection.close()
