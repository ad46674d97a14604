"""Reads the rows of a recording that are sound, and keeps a list of what was not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermeter.recording import file


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

    def sound(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a table whose checksum holds, as (id, columns…); the rest is counted."""
        bad = missing = previous = 0
        try:
            for row in self.connection.execute(file.SELECT[table]):
                identifier = row[0]
                if file.checksum(table, identifier, row[1:-1]) != row[-1]:
                    bad += 1
                    continue
                missing += identifier - previous - 1
                previous = identifier
                yield row[:-1]
        except (sqlite3.Error, UnicodeError) as error:
            self.warn(f"the table of {table}s is damaged after row {previous}: {error}")
        if bad:
            self.warn(f"{bad} damaged {table} rows were left out")
        if missing > bad:
            self.warn(f"{missing - bad} {table} rows are lost")

    def json(self, text: str, what: str) -> Any:
        """Give a JSON text's value; None, with a warning, where it is none."""
        try:
            return json.loads(text)
        except ValueError:
            self.warn(f"{what} is not readable")
            return None

    def expect(self, table: str, expected: int) -> None:
        """Warn where a table has fewer rows than were noted when the recording was closed."""
        try:
            (present,) = self.connection.execute(f"SELECT count(*) FROM {table} NOT INDEXED").fetchone()
        except sqlite3.Error as error:
            self.warn(f"the table of {table}s is damaged: {error}")
            return
        if present < expected:
            self.warn(f"{expected - present} of {expected} {table} rows are lost")

    def warn(self, problem: str) -> None:
        """Add a problem, with the file's name, once."""
        text = f"{self.path.name}: {problem}"
        if text not in self.warnings:
            self.warnings.append(text)
