"""Reads tables of other programs' SQLite files without writing to them or trusting their schema."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from powermeter.errors import DataError

MAGIC = b"SQLite format 3\0"
MAX_ROWS = 20_000_000

# Steps of SQLite's virtual machine; a plain scan of 20 million rows takes about 400 million.
MAX_STEPS = 2_000
STEPS_PER_CALL = 1_000_000


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading; whatever goes wrong inside becomes `DataError`.

    Raises:
        DataError: It is not a database, damaged, or does something else than hold rows.
    """
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise DataError(f"{path}: no SQLite database; if it is packed, unpack it first")
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return int(calls > MAX_STEPS)

    try:
        uri = f"file:{quote(os.fsencode(path.resolve()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.set_progress_handler(count, STEPS_PER_CALL)
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.text_factory = lambda data: data.decode("utf-8", errors="replace")
            yield connection
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as a database: {error}") from None


def tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the names of the plain tables with those of their columns, in lower case."""
    names = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 500")
    ]
    return {
        name: [str(row[1]).lower() for row in connection.execute(f'PRAGMA table_info("{_quoted(name)}")')]
        for name in names
        if isinstance(name, str)
    }


def rows(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    where: str = "",
    values: Sequence[Any] = (),
) -> list[tuple[Any, ...]]:
    """Return the rows of a table in the order they were written.

    Raises:
        DataError: There are more than `MAX_ROWS`.
    """
    listed = ", ".join(f'"{_quoted(column)}"' for column in columns)
    query = f'SELECT {listed} FROM "{_quoted(table)}" {where} ORDER BY rowid LIMIT {MAX_ROWS + 1}'
    found = connection.execute(query, tuple(values)).fetchall()
    if len(found) > MAX_ROWS:
        raise DataError(f"more than {MAX_ROWS} rows in {table}; split it and import the parts")
    return found


def number(value: Any) -> float:
    """Return a cell as a float, NaN where it is not a number."""
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _quoted(name: str) -> str:
    return name.replace('"', '""')
