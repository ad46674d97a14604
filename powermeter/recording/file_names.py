"""What a recording's file is called, and the files that SQLite keeps beside it."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".power"


def side_files(path: Path) -> tuple[Path, Path]:
    """Return the names of SQLite's write-ahead log and its index beside a recording."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")
