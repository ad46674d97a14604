"""What a recorder leaves that was killed before its first reading: a file that holds nothing, which the next start would refuse."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from powermeter.recording import file, schema
from powermeter.recording.file_names import aside

HOLD_READINGS_OR_EVENTS = ("block", "chunk", "tail", "event", "events")
"""The tables, of any schema, whose rows a start does not write."""


def clear(path: Path, process: int) -> None:
    """Remove the recording that a recorder had begun, and put back the one that it was to replace.

    Args:
        path: The file that the recorder had stated to create; left where it holds a reading or an event, or another program has it open.
        process: The recorder, which has ended.
    """
    before = aside(path, process)
    with suppress(OSError, sqlite3.Error):
        if _holds_nothing(path):
            file.remove(path)
    with suppress(OSError):
        if not path.exists():
            file.move(before, path)


def _holds_nothing(path: Path) -> bool:
    """Return whether a file is a recording that is empty and nobody else's.

    Raises:
        OSError, sqlite3.Error: It is not there, is not a data base, or is locked.
    """
    if path.is_symlink() or not path.is_file():
        return False
    if not path.stat().st_size:
        return True
    location = f"file:{quote(str(path.absolute()))}?mode=rw"
    with closing(sqlite3.connect(location, uri=True, timeout=0, isolation_level=None)) as connection:
        # Refused as long as another program has it open.
        if connection.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
            return False
        made = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not made:
            return True
        if connection.execute("PRAGMA application_id").fetchone() != (schema.APPLICATION_ID,):
            return False
        held = [name for name in HOLD_READINGS_OR_EVENTS if name in made]
        return not any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in held)
