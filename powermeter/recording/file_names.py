"""What a recording's file is called, and the files that SQLite keeps beside it."""

from __future__ import annotations

import re
from pathlib import Path

SUFFIX = ".power"

_REPLACED = ".replaced"
"""Ends what only `aside` names: a number alone is how others name their old files."""


def side_files(path: Path) -> tuple[Path, Path]:
    """Return the names of SQLite's write-ahead log and its index beside a recording."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def aside(path: Path, process: int) -> Path:
    """Return what a recording is called that a process is about to replace."""
    return path.with_name(f".{path.name}.{process}{_REPLACED}")


def process_of(aside: Path) -> int:
    """Return the process that was about to replace a recording, from what it called that."""
    return int(aside.name.removesuffix(_REPLACED).rpartition(".")[2])


def left_aside(path: Path) -> list[Path]:
    """Return the recordings of this name that processes had begun to replace and have not removed, the oldest first."""
    own = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+{re.escape(_REPLACED)}")
    try:
        found = [one for one in path.parent.iterdir() if own.fullmatch(one.name) and one.is_file()]
        return sorted(found, key=lambda one: one.stat().st_mtime)
    except OSError:
        return []
