"""What is refused as a recording, and what a file's own header states of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from powermeter.errors import DataError
from powermeter.recording import Recording, refused_files
from powermeter.recording.refused_files import check_header, is_cut_off, lacks_log


@pytest.mark.parametrize(("field", "page"), [(4096, 4096), (1, 65536)])
def test_a_file_is_cut_off_where_it_is_shorter_than_its_pages(tmp_path, field, page):
    """SQLite's header, section 1.3: the page size at 16, where 1 is 65 536; the number of pages at 28, valid where 24 and 92 agree."""
    head = bytearray(100)
    head[16:18], head[28:32] = field.to_bytes(2, "big"), (3).to_bytes(4, "big")
    path = tmp_path / "run.power"
    for size, cut in ((3 * page, False), (3 * page - 1, True), (2 * page, True)):
        path.write_bytes(head + bytes(size - 100))
        assert is_cut_off(path) is cut
    head[24:28] = (7).to_bytes(4, "big")
    path.write_bytes(head + bytes(page))
    assert not is_cut_off(path)


class Vanishing(type(Path())):
    """A file that was there when it was asked for and is not any more."""

    def exists(self, **_):
        return True


def test_a_side_file_that_its_recorder_removes_meanwhile_is_not_refused(tmp_path, monkeypatch):
    path = tmp_path / "run.power"
    sqlite3.connect(path).executescript("create table t (a); insert into t values (1)")
    monkeypatch.setattr(refused_files, "side_files", lambda path: [Vanishing(f"{path}-shm")])
    check_header(path)
    (tmp_path / "run.power-shm").mkdir()
    with pytest.raises(DataError, match="beside it is not a regular file"):
        check_header(path)


@pytest.mark.parametrize(("log", "lacks"), [(None, True), (b"", True), (b"pages", False)])
def test_a_log_that_is_empty_is_none(tmp_path, log, lacks):
    """Bytes 18 and 19 are 2 where a write-ahead log belongs to the file; whoever only reads leaves an empty one."""
    path = tmp_path / "run.power"
    path.write_bytes(bytes(18) + b"\x02\x02" + bytes(80))
    if log is not None:
        (tmp_path / "run.power-wal").write_bytes(log)
    assert lacks_log(path) is lacks


def test_one_table_less_is_damage(recorded):
    connection = sqlite3.connect(recorded.path)
    connection.execute("DROP TABLE fact")
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match="it lacks 1 of its tables"):
        Recording.open(recorded.path)
