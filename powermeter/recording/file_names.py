"""What a recording's file is called, and the files that SQLite keeps beside it."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".power"


def side_files(path: Path) -> tuple[Path, Path]:
    """Return the names of SQLite's write-ahead log and its index beside a recording."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def aside(path: Path, process: int) -> Path:
    """Return what a recording is called that a process is about to replace."""
    return path.with_name(f".{path.name}.{process}")


def left_aside(path: Path) -> list[Path]:
    """Return the recordings of this name that processes had begun to replace and have not removed, the oldest first."""
    head = f".{path.name}."
    try:
        beside = [one for one in path.parent.iterdir() if one.name.startswith(head)]
        found = [one for one in beside if one.name[len(head) :].isdecimal() and one.is_file()]
        return sorted(found, key=lambda one: one.stat().st_mtime)
    except OSError:
        return []
