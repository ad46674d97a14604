"""What is refused as a recording before anything in it is believed: a pipe, a folder, another program's file, a newer schema."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

from powermeter.errors import DataError
from powermeter.errors.suggestions import nearest_file
from powermeter.recording import schema
from powermeter.recording.encodable_text import encodable
from powermeter.recording.file_names import SUFFIX, left_aside, side_files
from powermeter.recording.held_file import first_bytes
from powermeter.recording.standard_input import refuse_standard_input

SEQUENCE = "CREATE TABLE sqlite_sequence(name,seq)"
"""What SQLite adds by itself where ids count up."""

WAL_VERSION = 2
"""What bytes 18 and 19 of a database hold while it has a write-ahead log."""


class DamagedError(DataError):
    """Raised when SQLite cannot read a recording; `reason` is its message."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}; try: powermeter repair {path}")
        self.reason = reason


def check_header(path: Path) -> None:
    """Refuse what is plainly no SQLite file, before SQLite creates or changes anything.

    Raises:
        DataError: It is missing, empty, no regular file, or something else.
    """
    refuse_standard_input(path)
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise DataError(f"{path} cannot be read: it is a folder")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe or a device may wait for ever
            raise DataError(f"{path} cannot be read: it is not a regular file")
        for side in side_files(path):
            if _is_something_else(side):
                raise DataError(f"{path} cannot be read: {side.name} beside it is not a regular file")
        head = first_bytes(path, 100)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path} does not exist{_replaced(path) or nearest_file(path, SUFFIX)}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not head:
        raise DataError(f"{path} is empty{_replaced(path)}")
    if not head.startswith(b"SQLite format 3\x00"):
        raise DataError(
            f"{path} is not a recording; if it is another tool's log: powermeter import {path} -o RUN{SUFFIX}"
        )
    if len(head) < 100:
        raise DataError(f"{path} is cut off after {len(head)} bytes; nothing of it can be read")


def _is_something_else(side: Path) -> bool:
    """Return whether a link, a pipe or a folder has the name of a side file, which a recorder that ends may remove at any moment."""
    try:
        return not stat.S_ISREG(side.lstat().st_mode)
    except FileNotFoundError:
        return False


def _replaced(path: Path) -> str:
    """Return where the recording is that a start which was killed was to replace, for an error; else nothing."""
    found = left_aside(path)
    return f"; what was to be replaced by it is still there: mv {found[-1]} {path}" if found else ""


def is_cut_off(path: Path) -> bool:
    """Return whether the file is shorter than it states, and no write-ahead log holds the rest."""
    head = first_bytes(path, 100)
    page = int.from_bytes(head[16:18], "big")
    stated_size = int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)
    is_valid = head[24:28] == head[92:96]
    return is_valid and path.stat().st_size < stated_size and not side_files(path)[0].exists()


def without_log(path: Path) -> str:
    """Return what an error adds where the file's write-ahead log is missing; else nothing."""
    return f"; its write-ahead log {side_files(path)[0].name} is missing" if lacks_log(path) else ""


def lacks_log(path: Path) -> bool:
    """Return whether the file states that a write-ahead log belongs to it and none is there."""
    try:
        if not path.is_file():
            return False
        head = first_bytes(path, 20)
        log = side_files(path)[0]  # who only reads leaves an empty one
        return head[18:20] == bytes([WAL_VERSION] * 2) and not (log.exists() and log.stat().st_size)
    except OSError:
        return False


def check_identity(connection: sqlite3.Connection, path: Path) -> int:
    """Refuse a database that is not a recording, or one from a newer version; returns the schema version.

    The tables must be those a recording has, to the letter: a view, a trigger, a generated column or an index
    over an expression would run what its maker wrote.

    Raises:
        DataError: It is refused.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != schema.APPLICATION_ID:
        raise DataError(f"{path} is an SQLite file, but not a recording")
    if version not in schema.TABLES:
        raise DataError(
            f"{path} has schema version {version}; this powermeter reads versions up to {schema.NEWEST}: "
            "install a newer one, from where this one came"
        )
    expected = {*schema.statements(version), SEQUENCE}
    found = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 64").fetchall()
    for kind, name, sql in found:
        if kind is None or name is None:
            raise DataError(
                f"{path} is damaged: its list of tables cannot be read; try: powermeter repair {path}"
            )
        if sql not in expected:
            what = f"{kind} {encodable(str(name))[:40]!r}"
            raise DataError(f"{path} holds a {what} that no recording has; it is not opened")
        expected.discard(sql)
    if expected:
        raise DataError(f"{path} is damaged: it lacks {len(expected)} of its tables")
    return int(version)
