"""How the write-ahead log is folded into the file: all of it, or none of it where the disk has no room.

SQLite moves pages one by one, in place where it can.  On a full disk it would replace the old pages and stop at the
first new one: the lone file would be neither the old recording nor the new one.  So the room is taken first.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from powermeter.recording.held_file import Connection

FULL = "database or disk is full"
"""SQLite's own words, for a log that is not folded."""


def has_room(connection: sqlite3.Connection) -> bool:
    """Return whether the disk holds the whole file, with what its log has yet to add; the room is taken."""
    if not isinstance(connection, Connection):
        return True
    try:
        (pages,), (size,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
        )
    except sqlite3.Error:  # another program holds it: nothing is folded now
        return True
    return connection.reserve(pages * size)


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move what is committed from the log into the file, as far as no reader is in the way."""
    with suppress(sqlite3.Error):  # the log keeps it, and the next commit raises what is wrong
        if has_room(connection):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def fold(connection: sqlite3.Connection) -> None:
    """Move everything from the log into the file, and remove the log, where no reader is in the way.

    Raises:
        sqlite3.OperationalError: The disk is full.
    """
    with suppress(sqlite3.OperationalError):  # someone is reading, or no room even for that
        connection.execute("PRAGMA incremental_vacuum").fetchall()
    if not has_room(connection):
        raise sqlite3.OperationalError(FULL)
    with suppress(
        sqlite3.OperationalError
    ):  # someone is reading; the log stays beside the file, which is just as good
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")


def close(connection: sqlite3.Connection) -> None:
    """Close a connection; SQLite, which folds the log when the last one is closed, is kept from it on a full disk."""
    keeper = None
    with suppress(sqlite3.Error):
        if isinstance(connection, Connection) and not has_room(connection):
            keeper = connection.reader()
    connection.close()
    if keeper is not None:
        keeper.close()  # it may not write
