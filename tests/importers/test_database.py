"""Databases that other people made: read, bounded in time, and refused in one line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from powermeter.errors import DataError
from powermeter.importers import database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "log.db"
    with sqlite3.connect(found) as made:
        made.execute("CREATE TABLE Readings (Time REAL, Watt REAL)")
        made.execute("INSERT INTO Readings VALUES (0.5, 2.0)")
    made.close()
    return found


def test_its_tables_and_columns_in_lower_case(path: Path) -> None:
    with database.opened(path) as opened:
        assert {name.lower(): columns for name, columns in database.tables(opened).items()} == {
            "readings": ["time", "watt"]
        }


def test_nothing_runs_for_ever_in_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that a file's own view may hide ends after so many steps, and says that it is the file."""
    monkeypatch.setattr(database, "MAX_STEPS", 3)
    monkeypatch.setattr(database, "STEPS_PER_CALL", 1000)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000000) SELECT max(i) FROM n"
    )
    with pytest.raises(DataError, match="not readable as a database"), database.opened(path) as opened:
        opened.execute(endless).fetchone()


def test_it_cannot_be_written_to(path: Path) -> None:
    with pytest.raises(DataError), database.opened(path) as opened:
        opened.execute("INSERT INTO Readings VALUES (1.0, 3.0)")


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "packed.db"
    path.write_bytes(b"PK\x03\x04 no database")
    with pytest.raises(DataError, match=r"packed\.db: no SQLite database"), database.opened(path):
        pass


def test_the_functions_of_a_foreign_database_are_not_trusted(path: Path) -> None:
    with database.opened(path) as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("INSERT INTO Readings VALUES (1, 2)")
