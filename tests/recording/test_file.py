"""How the file of a recording is created, opened and checked before anything in it is believed: what it promises."""

from __future__ import annotations

import resource
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from powermeter.errors import DataError
from powermeter.recording import file


def test_the_limits_are_those_the_file_format_names():
    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    from powermeter.recording import column_bytes

    assert f"{column_bytes.MAX_COUNT:,}".replace(",", " ") in page and column_bytes.MAX_COUNT == 131_072
    assert file.MODE == 0o600 and resource.getpagesize() > 0


@pytest.mark.parametrize(
    ("free", "says"), [(file.LEAST_ROOM - 1, "there is no room left"), (1 << 30, "disk I/O error")]
)
def test_of_a_full_disk_no_broken_one_is_reported(tmp_path, monkeypatch, free, says):
    """SQLite calls both a disk I/O error, where it is its index that finds no room."""

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(file, "connect", refuse)
    monkeypatch.setattr(file.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(DataError, match=says):
        file.create(tmp_path / "run.power")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_refuses_is_named_once(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(file.os, "open", refuse)
    path = tmp_path / "run.power"
    with pytest.raises(DataError) as caught:
        file.create(path)
    assert str(caught.value) == f"{path} cannot be created: permission denied"


def test_a_path_that_sqlite_does_not_open_is_refused_with_what_to_do(tmp_path):
    """It stood there as `unable to open database file`."""
    folder = tmp_path.joinpath(*["d" * 100] * 5)
    folder.mkdir(parents=True)
    with pytest.raises(DataError, match="bytes long, of which SQLite opens 500; record nearer to the root"):
        file.create(folder / "run.power")
    assert list(folder.iterdir()) == []
