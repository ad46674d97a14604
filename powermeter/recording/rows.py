"""Reads the rows of a recording that are sound, and keeps a list of what was not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermeter.recording import file

MAX_BAD = 100_000
"""Damaged rows after which a table is given up: a crafted file could hold endless ones."""


class Rows:
    """The tables of one open recording.

    Args:
        path: The file, for messages.
        connection: Open for reading.
        warnings: Where problems are added; the caller's own list.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, warnings: list[str]) -> None:
        self.path = path
        self.connection = connection
        self.warnings = warnings
        self._expected: dict[str, int] = {}

    def sound(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a table whose checksum holds, as (id, columns…); the rest is counted.

        Ids count up from 1 without holes, so that a lost row shows; one that comes again, as through a
        damaged page pointer, is given once.
        """
        sound = bad = last = 0
        noted = max(self._last_id(table), self._expected.get(table, 0))
        try:
            for row in self.connection.execute(file.SELECT[table]):
                identifier = row[0]
                if identifier <= last or file.checksum(table, identifier, row[1:-1]) != row[-1]:
                    bad += 1
                    if bad > MAX_BAD:
                        break
                    continue
                sound, last = sound + 1, identifier
                yield row[:-1]
        except sqlite3.ProgrammingError as error:  # not the file's fault
            raise ValueError(f"{self.path}: the recording is closed") from error
        except file.UNREADABLE as error:
            self.warn(f"the table of {table}s is damaged after row {last}: {file.one_line(error)}")
        lost = max(last, noted) - sound
        if lost > 0:
            self.warn(f"{lost} of {sound + lost} {table} rows are damaged or lost")
        elif bad:
            self.warn(f"{bad} damaged {table} rows were left out")

    def _last_id(self, table: str) -> int:
        """Return SQLite's own note of the highest id it has given out in a table; 0 where it has none."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        try:
            found = self.connection.execute(query, (table,)).fetchone()
        except file.UNREADABLE:
            return 0
        return found[0] if found is not None and isinstance(found[0], int) else 0

    def json(self, text: str, what: str) -> Any:
        """Return a JSON text's value; None, with a warning, where it is none."""
        try:
            return json.loads(text)
        except ValueError:
            self.warn(f"{what} is not readable")
            return None

    def expect(self, table: str, expected: int) -> None:
        """Warn where a table has fewer rows than were noted when the recording was closed."""
        self._expected[table] = expected
        try:
            (present,) = self.connection.execute(f"SELECT count(*) FROM {table} NOT INDEXED").fetchone()
        except file.UNREADABLE as error:
            self.warn(f"the table of {table}s is damaged: {file.one_line(error)}")
            return
        if present < expected:
            self.warn(f"{expected - present} of {expected} {table} rows are damaged or lost")

    def warn(self, problem: str) -> None:
        """Add a problem, with the file's name, once."""
        text = f"{self.path.name}: {problem}"
        if text not in self.warnings:
            self.warnings.append(text)
