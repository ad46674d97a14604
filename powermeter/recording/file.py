"""The tables of a recording, the checksum of a row, and how the file is opened."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from powermeter.errors import DataError, ExistsError

APPLICATION_ID = 0x504D5452  # "PMTR"
SCHEMA_VERSION = 1
SUFFIX = ".power"

PAGE = 8192
"""Bytes of a page: half a second at 1 kHz fills 1.5 kB, of which pages of 4096 would hold two and waste a quarter."""

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What reading a damaged database raises; the second where SQLite's own message quotes damaged text."""

TABLES: Mapping[str, Sequence[str]] = {
    "meta": ("key TEXT", "value TEXT"),
    "source": ("url TEXT", "name TEXT", "driver TEXT", "info TEXT", "channels INTEGER"),
    "channel": ("source INTEGER", "position INTEGER", "name TEXT", "spec TEXT"),
    "chunk": (
        "source INTEGER",
        "sequence INTEGER",
        "start_ns INTEGER",
        "end_ns INTEGER",
        "count INTEGER",
        "read_ns INTEGER",
        "data_crc INTEGER",
        "summary BLOB",
    ),
    "level": (
        "source INTEGER",
        "level INTEGER",
        "sequence INTEGER",
        "start_ns INTEGER",
        "end_ns INTEGER",
        "count INTEGER",
        "summary BLOB",
    ),
    "event": (
        "process INTEGER",
        "thread INTEGER",
        "uid INTEGER",
        "parent INTEGER",
        "name TEXT",
        "start_ns INTEGER",
        "end_ns INTEGER",
        "count INTEGER",
        "attributes TEXT",
        "peak_memory INTEGER",
    ),
    "gap": (
        "source INTEGER",
        "start_ns INTEGER",
        "end_ns INTEGER",
        "reason TEXT",
        "detail TEXT",
        "lost INTEGER",
    ),
    "clock": ("monotonic_ns INTEGER", "utc_ns INTEGER"),
    "tick": ("source INTEGER", "tick INTEGER", "arrival_ns INTEGER"),
    "fact": ("name TEXT", "value TEXT"),
}
"""Table → its columns between `id` and `checksum`.  `block` (chunk id → data) stands apart."""


def columns(table: str) -> list[str]:
    """Return the names of a table's checksummed columns."""
    return [column.partition(" ")[0] for column in TABLES[table]]


def checksum(table: str, identifier: int, values: Sequence[object]) -> int:
    """Return the CRC-32 of a row: table, id and values as text, NULL as nothing, blobs as hex, joined by U+001F.

    Table and id are part of it, so that a sound row in a wrong place is not taken for one that belongs there.
    """
    cells = [table, str(identifier)]
    cells += ["" if v is None else v.hex() if v.__class__ is bytes else str(v) for v in values]
    return zlib.crc32("\x1f".join(cells).encode("utf-8", "surrogatepass"))


def _insert_statement(table: str) -> str:
    names = ["id", *columns(table), "checksum"]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


_INSERT = {table: _insert_statement(table) for table in TABLES}
SELECT = {
    table: f"SELECT id, {', '.join(columns(table))}, checksum FROM {table} ORDER BY id" for table in TABLES
}


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> int:
    """Add rows inside the transaction in progress; gives the id of the last one.

    Ids count up from 1 without holes, so that a reader notices a lost row.
    """
    (last,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
    numbered = list(enumerate(rows, last + 1))
    connection.executemany(
        _INSERT[table], ((identifier, *row, checksum(table, identifier, row)) for identifier, row in numbered)
    )
    return int(last) + len(numbered)


def create(path: Path, *, force: bool = False) -> sqlite3.Connection:
    """Create an empty recording and give a connection to it.

    Raises:
        ExistsError: The file exists and `force` is False.
        DataError: It cannot be created there.
    """
    if path.exists() or path.is_symlink():
        if not force:
            raise ExistsError(f"{path} exists; choose another name or add --force to replace it")
        if path.is_dir():
            raise DataError(f"{path} is a folder")
    try:
        for stale in (path, *side_files(path)):
            stale.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, timeout=30.0, check_same_thread=False)
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for table, definitions in TABLES.items():
            connection.execute(
                f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, "
                f"{', '.join(definitions)}, checksum INTEGER NOT NULL)"
            )
        connection.execute("CREATE TABLE block (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise DataError(f"{path} cannot be created: {error}") from error
    return connection


def open_to_append(path: Path) -> sqlite3.Connection:
    """Return a connection that may add rows to an existing recording.

    Raises:
        DataError: It is missing, foreign, newer or damaged.
    """
    check_header(path)
    location = f"file:{quote(str(path.absolute()))}?mode=rw"
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            location, uri=True, isolation_level=None, timeout=30.0, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        check_identity(connection, path)
    except UNREADABLE as error:
        if connection is not None:
            connection.close()
        raise DataError(f"{path} cannot be opened for writing: {one_line(error)}") from error
    except DataError:
        assert connection is not None
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> tuple[sqlite3.Connection, list[str]]:
    """Return a read-only connection and what there is to warn of.

    Raises:
        DataError: The file is missing, foreign, newer, or damaged beyond reading.
    """
    check_header(path)
    problems: list[str] = []
    location = f"file:{quote(str(path.absolute()))}"
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(f"{location}?mode=ro", uri=True, timeout=10.0, check_same_thread=False)
        connection.text_factory = _text
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            # A write-ahead log cannot be read from a folder that may not be written to.
            connection.close()
            connection = sqlite3.connect(f"{location}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            connection.text_factory = _text
            if any(side.exists() for side in side_files(path)):
                problems.append(
                    f"{path}: the last seconds are in {path.name}-wal, which cannot be read here "
                    f"({error}); copy both files to a folder of your own"
                )
        connection.execute("PRAGMA trusted_schema = OFF")
        check_identity(connection, path)
    except UNREADABLE as error:
        if connection is not None:
            connection.close()
        raise DataError(f"{path} is damaged: {one_line(error)}; try: powermeter repair {path}") from error
    except DataError:
        assert connection is not None
        connection.close()
        raise
    return connection, problems


def one_line(error: Exception) -> str:
    """Return an error of SQLite in printable characters: it may quote the damaged file."""
    return "".join(c if c.isprintable() else "?" for c in str(error))[:200]


def check_header(path: Path) -> None:
    """Refuse what is plainly no SQLite file, before SQLite creates or changes anything.

    Raises:
        DataError: It is missing, empty, or something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise DataError(f"{path} is empty")
    if not head.startswith(b"SQLite format 3\x00"):
        raise DataError(
            f"{path} is not a recording; if it is another tool's log: powermeter import {path} -o RUN{SUFFIX}"
        )
    if len(head) < 100:
        raise DataError(f"{path} is cut off after {len(head)} bytes; nothing of it can be read")


def check_identity(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a recording, or one from a newer version.

    Raises:
        DataError: It is either.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DataError(f"{path} is an SQLite file, but not a recording")
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema version {version}; this powermeter reads version {SCHEMA_VERSION}: "
            "update it with: pip install -U powermeter"
        )
    strange = connection.execute(
        "SELECT type FROM sqlite_master WHERE type != 'table' OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1"
    ).fetchone()
    if strange is not None:  # a view or a trigger would run statements of whoever made the file
        raise DataError(f"{path} holds a {strange[0]} that no recording has; it is not opened")


def _text(data: bytes) -> str:
    """Decode a text without failing: damaged bytes become surrogates, and the row's checksum tells."""
    return data.decode("utf-8", "surrogateescape")


def side_files(path: Path) -> tuple[Path, Path]:
    """Return the names of SQLite's write-ahead log and its index beside a recording."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")
