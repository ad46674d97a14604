"""Keeps SQLite's locks on a recording while its first bytes are read past SQLite.

POSIX locks belong to a process: when it closes any descriptor of a file, it gives up every lock that it holds on that
file, those of its SQLite connections among them (sqlite.org/howtocorrupt.html, 2.2).  Another program that then closes
a connection takes itself for the last one and removes the write-ahead log, into which a recorder goes on writing
unseen.  So a descriptor is kept open for as long as a connection of this process is.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import quote

_lock = threading.Lock()
connections: Counter[tuple[int, int]] = Counter()
descriptors: dict[tuple[int, int], int] = {}
_reserving: dict[tuple[int, int], int] = {}
"""Descriptors that may write, by which room is taken."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Connection(sqlite3.Connection):
    """A connection to a recording, during which `first_bytes` costs no lock."""

    _file: tuple[int, int] | None = None
    _path: Path

    def reserve(self, size: int) -> bool:
        """Have the file take up `size` bytes of the disk; return whether there is room for them.

        Where the system does not report it, or the file has lost its name, it is taken for granted.
        """
        found = self._file
        if found is None or not hasattr(os, "posix_fallocate"):
            return True
        try:
            with _lock:
                if found not in _reserving:
                    if _identity(self._path) != found:
                        return True
                    _reserving[found] = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
                descriptor = _reserving[found]
                held = os.fstat(descriptor).st_size
                if size > held:
                    os.posix_fallocate(descriptor, held, size - held)
        except OSError as error:
            return error.errno not in _NO_ROOM
        return True

    def reader(self) -> sqlite3.Connection:
        """Return another connection to the file, which has read from it and cannot write.

        Raises:
            sqlite3.Error: It cannot be opened.
        """
        location = f"file:{quote(os.fsencode(self._path.absolute()))}?mode=ro"
        connection = sqlite3.connect(location, uri=True, check_same_thread=False)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection

    def close(self) -> None:
        """Close the connection, and what was kept open for its sake."""
        super().close()
        found, self._file = self._file, None
        if found is not None:
            _release(found)

    def __del__(self) -> None:
        if self._file is not None:
            self.close()


def _release(found: tuple[int, int]) -> None:
    with _lock:
        connections[found] -= 1
        if connections[found] > 0:
            return
        del connections[found]
        for kept in (descriptors.pop(found, None), _reserving.pop(found, None)):
            if kept is not None:
                os.close(kept)


def connect(path: Path, location: str, *, uri: bool = False, timeout: float = 5.0) -> sqlite3.Connection:
    """Return a connection for any thread to the existing file at `path`, which SQLite is to find at `location`.

    Raises:
        OSError: The file is not there.
        sqlite3.Error: SQLite cannot open it.
    """
    found = _identity(path)
    with _lock:
        connections[found] += 1  # before SQLite can take its first lock
    try:
        connection = sqlite3.connect(
            location,
            timeout=timeout,
            factory=Connection,
            isolation_level=None,
            check_same_thread=False,
            uri=uri,
        )
    except BaseException:
        _release(found)
        raise
    connection._file, connection._path = found, path
    return connection


def first_bytes(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, at most `size`, without costing this process a lock on it.

    Raises:
        OSError: It cannot be read.
    """
    if not hasattr(os, "pread"):  # Windows, whose locks belong to a descriptor
        with path.open("rb") as file:
            return file.read(size)
    found = _identity(path)
    with _lock:
        if found in descriptors:
            return os.pread(descriptors[found], size, 0)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if connections.get(found, 0) > 0:
            descriptors[found] = descriptor
            return os.pread(descriptor, size, 0)
        try:
            return os.pread(descriptor, size, 0)
        finally:
            os.close(descriptor)


def _identity(path: Path) -> tuple[int, int]:
    """Return what distinguishes files, whatever their names."""
    found = path.stat()
    return found.st_dev, found.st_ino
