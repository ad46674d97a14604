"""Reads the rows of a recording that are sound, and keeps a list of what was not: what it promises."""

from __future__ import annotations

import sqlite3

import pytest

from powermeter.recording import schema
from powermeter.recording.rows import Rows, parse_json


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, "1" * 100_000, "{", "", "x" * ((1 << 22) + 1)]
)
def test_json_that_is_too_much_is_an_error(text):
    with pytest.raises(ValueError):
        parse_json(text)


def test_a_file_without_sqlites_own_count_has_none(tmp_path):
    """`sqlite_sequence` keeps the highest id that was given out: 0 where there is no such table, no row, or no number in it."""
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
    connection.commit()
    rows = Rows(path, connection, schema.NEWEST, [])
    assert rows.last_id("plain") == 0
    connection.execute("CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    assert rows.last_id("counted") == 0
    connection.execute("INSERT INTO counted VALUES (7)")
    assert rows.last_id("counted") == 7 and rows.last_id("plain") == 0
    connection.execute("UPDATE sqlite_sequence SET seq = 'many'")
    assert rows.last_id("counted") == 0
    connection.close()
