"""What stands in the file beside the rows: bytes after its last page are found, free pages are named."""

from __future__ import annotations

import sqlite3

import pytest

from powermeter import cli
from powermeter.recording import Writer
from powermeter.recording.verification import verify
from powermeter.result.notes import having


@pytest.mark.parametrize("added", [b"\0", bytes(4096), b"x" * 4096, b"x" * 5000], ids=len)
def test_bytes_added_after_the_last_page_are_found(recorded, added, capsys):
    with recorded.path.open("ab") as file:
        file.write(added)
    verdict = verify(recorded.path)
    assert not verdict.is_whole and [note.code for note in verdict.findings] == ["bytes-added"]
    assert cli.run(["verify", str(recorded.path)]) == 7
    assert "added" in capsys.readouterr().err


def test_bytes_cut_off_the_end_are_found(recorded):
    with recorded.path.open("r+b") as file:
        file.truncate(recorded.path.stat().st_size - 100)
    verdict = verify(recorded.path)
    assert not verdict.is_whole and having(verdict.findings, "bytes-gone")
    assert "at the end of the file: 100 bytes gone" in map(str, verdict.findings)


def test_a_recording_that_grows_has_its_newest_pages_in_its_log(tmp_path):
    with Writer.create(tmp_path / "run.power", {"clock": "monotonic"}):
        assert verify(tmp_path / "run.power").is_whole
    assert verify(tmp_path / "run.power").is_whole


def test_free_pages_are_named(recorded):
    """Nothing reads them; what stands there is in no chain."""
    db = sqlite3.connect(recorded.path)
    db.execute("CREATE TABLE more (text)")
    db.execute("INSERT INTO more VALUES (?)", ("x" * 20_000,))
    db.execute("DROP TABLE more")
    db.commit()
    db.close()
    verdict = verify(recorded.path)
    assert verdict.is_whole and having(verdict.notes, "free-pages")
