"""Reads the rows of a recording that are sound, and keeps a list of what was not."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from powermeter.errors import plural
from powermeter.recording import encodable_text, file, schema
from powermeter.recording.hash_chain import canonical
from powermeter.result.notes import Note

MAX_BAD = 100_000
"""Damaged rows after which a table is given up: a crafted file could hold endless ones."""

MAX_TEXT = 1 << 22
"""Characters above which a text is not taken apart: our own are shorter than a hundredth."""

MAX_WARNINGS = 1000


class Rows:
    """The tables of one open recording.

    Args:
        path: The file, for messages.
        connection: Open for reading.
        version: The schema version.
        warnings: Where problems are added; the caller's own list.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, version: int, warnings: list[Note]
    ) -> None:
        self.path = path
        self.connection = connection
        self.version = version
        self.tables = schema.TABLES[version]
        self.warnings = warnings
        self._expected: dict[str, int] = {}
        self.size = path.stat().st_size

    def run(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run a statement that may take as long as the file's size allows.

        Raises:
            ValueError: The recording is closed.
            sqlite3.Error: The file is damaged.
        """
        try:
            file.limit_steps(self.connection, self.size)
            return self.connection.execute(statement, values)
        except sqlite3.ProgrammingError as error:  # not the file's fault
            raise ValueError(f"{self.path}: the recording is closed") from error

    def sound(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table that hold what they should, as (id, columns…); the rest is counted.

        Ids count up from 1 without holes, so that a lost row shows; one that comes again, as through a
        damaged page pointer, is yielded once.
        """
        if table not in self.tables:
            return
        layout = self.tables[table]
        sound = bad = last = 0
        noted = max(self.last_id(table), self._expected.get(table, 0))
        try:
            for row in self.run(f"{layout.select} ORDER BY id"):
                if row[0] <= last or not is_sound(layout, row):
                    bad += 1
                    if bad > MAX_BAD:
                        break
                    continue
                sound, last = sound + 1, row[0]
                yield row[:-1]
        except file.UNREADABLE as error:
            self.warn(
                Note.warning(
                    "rows-damaged",
                    f"the table {table} is damaged after row {last}: {encodable_text.one_line(error)}",
                )
            )
        lost = max(last, noted) - sound
        if lost > 0:
            self.warn(
                Note.warning(
                    "rows-lost",
                    f"{lost} of {plural(sound + lost, f'{table} row')} damaged or lost",
                )
            )
        elif bad:
            self.warn(
                Note.warning(
                    "rows-damaged",
                    f"{plural(bad, 'damaged row')} of {table} left out",
                )
            )

    def last_id(self, table: str) -> int:
        """Return SQLite's own note of the highest id it has given out in a table; 0 where it has none."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = ? LIMIT 1"
        try:
            found = self.run(query, (table,)).fetchone()
        except file.UNREADABLE:
            return 0
        return found[0] if found is not None and isinstance(found[0], int) else 0

    def json(self, text: str, what: str) -> Any:
        """Return a JSON text's value; None, with a warning, where it is none."""
        try:
            return parse_json(text)
        except ValueError:
            self.warn(Note.warning("not-readable", f"{what} is not readable"))
            return None

    def expect(self, table: str, expected: int) -> None:
        """Warn where a table ends before the row that was its last when the recording was closed."""
        if table not in self.tables:
            return
        self._expected[table] = expected
        try:
            (last,) = self.run(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        except file.UNREADABLE as error:
            self.warn(
                Note.warning(
                    "rows-damaged", f"the table {table!r} is damaged: {encodable_text.one_line(error)}"
                )
            )
            return
        if not isinstance(last, int) or last < expected:
            self.warn(
                Note.warning(
                    "rows-lost",
                    f"rows of {table} damaged or lost: {last} of {expected} are there",
                )
            )

    def warn(self, problem: Note) -> None:
        """Add a problem, with the file's name, once."""
        note = problem.about(encodable_text.encodable(self.path.name))
        if note not in self.warnings and len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(note)


def is_sound(layout: schema.Table, row: Sequence[Any]) -> bool:
    """Return whether a row (id, columns…, checksum) has the right types and checksum."""
    values = row[1:-1]
    if not layout.fits(values):
        return False
    try:
        return bool(zlib.crc32(canonical(layout.name, row[0], values)) == row[-1])
    except UnicodeEncodeError:
        return False


def parse_json(text: str) -> Any:
    """Return the value of a JSON text from a file; every text in it can be printed.

    Raises:
        ValueError: It is not JSON, or longer or deeper than a recorder writes.
    """
    if len(text) > MAX_TEXT:
        raise ValueError("too long")
    try:
        value = json.loads(text)
        return _printable(value) if "\\u" in text else value
    except RecursionError:
        raise ValueError("too deep") from None


def dump_json(value: Any) -> str:
    """Return JSON for a cell; what JSON does not know is written as text."""
    return json.dumps(value, default=str)


def _printable(value: Any) -> Any:
    """Return a JSON value without lone surrogates, which nothing could print."""
    if isinstance(value, str):
        return encodable_text.encodable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {encodable_text.encodable(key): _printable(item) for key, item in value.items()}
    return value
