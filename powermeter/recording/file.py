"""How the file of a recording is created and opened; what is refused is decided in `refused_files.py`."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from powermeter.errors import DataError, ExistsError
from powermeter.recording import schema
from powermeter.recording.encodable_text import one_line
from powermeter.recording.file_names import aside, left_aside, process_of, side_files
from powermeter.recording.hash_chain import canonical, link
from powermeter.recording.held_file import connect
from powermeter.recording.liveness import is_running
from powermeter.recording.refused_files import (
    DamagedError,
    check_header,
    check_identity,
    is_cut_off,
    without_log,
)
from powermeter.recording.schema import Table
from powermeter.result.notes import Note

LEAST_ROOM = 1 << 17
"""Bytes that a recording takes up which holds nothing yet, with its log and its index."""
PAGE = 4096
"""Bytes of a page: every table takes at least one, and a short recording is mostly that."""

_LONGEST_PATH = 500
"""Bytes: SQLite opens 512, its own endings of names included."""

MODE = 0o600
"""Permissions of a recording: what a program did and when is its owner's affair."""

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What reading a damaged database raises; the second where SQLite's own message quotes damaged text."""

MAX_CELL = 1 << 28
"""Bytes above which SQLite does not hand a cell over."""

_NO_COPIES = 0x00800000  # FS_NOCOW_FL of linux/fs.h
_LIMIT_LENGTH, _LIMIT_ATTACHED = 0, 7  # of sqlite3.h; Python names them from 3.11 on

STEPS_EACH_BYTE, LEAST_STEPS, STEPS_BETWEEN = 4, 20_000_000, 100_000
"""One statement may run so many steps of SQLite's machine; a crafted tree of pages would keep it busy for ever."""


def insert(connection: sqlite3.Connection, table: Table, rows: Iterable[Sequence[object]]) -> int:
    """Add rows inside the transaction in progress; returns the id of the last one.

    Ids count up from 1 without holes, so that a reader notices a lost row.
    """
    chain = ", chain" if table.is_chained else ""
    last = connection.execute(f"SELECT id{chain} FROM {table.name} ORDER BY id DESC LIMIT 1").fetchone()
    identifier = last[0] if last else 0
    before = last[1] if last and table.is_chained else b""
    ready = []
    for row in rows:
        identifier += 1
        text = canonical(table.name, identifier, row)
        if table.is_chained:
            before = link(before, text)
            ready.append((identifier, *row, zlib.crc32(text), before))
        else:
            ready.append((identifier, *row, zlib.crc32(text)))
    connection.executemany(table.insert, ready)
    return int(identifier)


def create(path: Path, *, force: bool = False) -> sqlite3.Connection:
    """Create an empty recording, readable by its owner alone, and return a connection to it.

    Raises:
        ExistsError: The file exists and `force` is False, or another program has just created it.
        DataError: It cannot be created there.
    """
    connection: sqlite3.Connection | None = None
    before = aside(path, os.getpid())
    is_ours = False
    try:
        if force:
            move(path, before)  # it comes back where no new one can be created: the disk is full
        # Exclusive: of two recorders that start on one name at the same moment, one gets the file.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), MODE))
        is_ours = True
        for stale in side_files(path):
            stale.unlink(missing_ok=True)
        _write_in_place(side_files(path)[1])
        connection = connect(path, str(path), timeout=30.0)
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.NEWEST}")
        for statement in schema.statements(schema.NEWEST):
            connection.execute(statement)
        connection.execute("COMMIT")
        remove(before)
        if force:
            _remove_left_aside(path)
    except FileExistsError:
        remove(before)
        raise ExistsError(f"{path} was just created by another program; choose another name") from None
    except (sqlite3.Error, OSError) as error:
        if connection is not None:
            connection.close()
        if is_ours:
            remove(path)
        with suppress(OSError):
            move(before, path)
        raise DataError(f"{path} cannot be created: {_why(path, error)}") from error
    return connection


def _remove_left_aside(path: Path) -> None:
    """Remove what processes that were killed while they replaced a recording of this name had put aside: it is replaced now."""
    for one in left_aside(path):
        if not is_running(process_of(one)):
            remove(one)


def _why(path: Path, error: Exception) -> str:
    """Return why a file was refused; of a full disk SQLite reports `disk I/O error`, as of one that is broken."""
    with suppress(OSError):
        if shutil.disk_usage(path.parent).free < LEAST_ROOM:
            return f"there is no room left on the disk of {path.parent.absolute()}"
    if (length := len(os.fsencode(path.absolute()))) > _LONGEST_PATH:
        return f"its path is {length:,} bytes long, of which SQLite opens {_LONGEST_PATH}; record nearer to the root"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()  # without its number, and the path, which stands before it
    return one_line(error)


def move(path: Path, to: Path) -> None:
    """Rename a recording, where there is one, with its write-ahead log."""
    if os.path.lexists(path):
        path.rename(to)
        if os.path.lexists(log := side_files(path)[0]):
            log.rename(side_files(to)[0])


def remove(path: Path) -> None:
    """Remove a recording with SQLite's files beside it, as far as possible.

    What was killed before it wrote to a log leaves a journal.
    """
    for one in (path, *side_files(path), path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            one.unlink(missing_ok=True)


def _write_in_place(path: Path) -> None:
    """Create the empty file that readers and writers map, and have btrfs write it in place.

    Where each write takes a new block, a disk that is full ends whoever writes to a mapped file with SIGBUS.
    """
    if sys.platform != "linux":
        return
    import fcntl

    size = struct.calcsize("l")
    get, put = 0x80006601 | size << 16, 0x40006602 | size << 16  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, MODE)
    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, get, bytes(size)))[0]
        fcntl.ioctl(descriptor, put, struct.pack("l", flags | _NO_COPIES))
    except OSError:
        return  # a file system that knows no such flag writes in place
    finally:
        os.close(descriptor)


def open_to_append(path: Path) -> sqlite3.Connection:
    """Return a connection that may add rows to an existing recording.

    Raises:
        DataError: It is missing, foreign, newer or damaged.
    """
    check_header(path)
    location = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    connection: sqlite3.Connection | None = None
    try:
        connection = connect(path, location, uri=True, timeout=30.0)
        _distrust(connection, path)
        connection.execute("PRAGMA synchronous = NORMAL")
        check_identity(connection, path)
        return connection
    except UNREADABLE as error:
        if connection is not None:
            connection.close()
        raise DataError(f"{path} cannot be opened for writing: {one_line(error)}") from error
    except DataError:
        assert connection is not None
        connection.close()
        raise


def open_to_read(path: Path) -> tuple[sqlite3.Connection, int, list[Note]]:
    """Return a read-only connection, the schema version and what there is to warn of.

    Raises:
        DataError: The file is missing, foreign, newer, or damaged beyond reading.
    """
    check_header(path)
    problems: list[Note] = []
    location = f"file:{quote(os.fsencode(path.absolute()))}"
    connection: sqlite3.Connection | None = None
    try:
        connection = connect(path, f"{location}?mode=ro", uri=True, timeout=10.0)
        _distrust(connection, path)
        if is_cut_off(path):  # SQLite reads what is left of one only so; nothing is written here
            connection.execute("PRAGMA writable_schema = ON")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            # A write-ahead log cannot be read from a folder that may not be written to.
            connection.close()
            connection = connect(path, f"{location}?mode=ro&immutable=1", uri=True)
            _distrust(connection, path)
            if any(side.exists() for side in side_files(path)):
                text = (
                    f"{path}: the last seconds are in {path.name}-wal, which cannot be read here "
                    f"({one_line(error)}); copy both files to a folder of your own"
                )
                problems.append(Note.warning("log-not-read", text))
        version = check_identity(connection, path)
        if is_cut_off(path):
            problems.append(
                Note.warning("cut-off", f"{path.name}: the file is cut off; what followed is lost")
            )
    except UNREADABLE as error:
        if connection is not None:
            connection.close()
        raise DamagedError(path, one_line(error) + without_log(path)) from error
    except DataError:
        assert connection is not None
        connection.close()
        raise
    return connection, version, problems


def _distrust(connection: sqlite3.Connection, path: Path) -> None:
    """Let nothing that a file's maker wrote be run, and no statement run for ever."""
    connection.text_factory = _text
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if hasattr(connection, "setlimit"):  # Python 3.11
        connection.setlimit(_LIMIT_LENGTH, MAX_CELL)
        connection.setlimit(_LIMIT_ATTACHED, 0)
    limit_steps(connection, path.stat().st_size)


def limit_steps(connection: sqlite3.Connection, size: int) -> None:
    """Let the statements from here on run only so long as a file of `size` bytes can need: a loop of pages never ends."""
    left = (LEAST_STEPS + STEPS_EACH_BYTE * size) // STEPS_BETWEEN

    def count() -> int:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(count, STEPS_BETWEEN)


def _text(data: bytes) -> str:
    """Decode a text without failing: damaged bytes become surrogates, and the row's checksum shows it."""
    return data.decode("utf-8", "surrogateescape")
