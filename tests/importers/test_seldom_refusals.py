"""Refusals that a format stated by hand, a limit or a damaged file leads to: each names the file and what is wrong with it."""

import sqlite3
from contextlib import closing

import pytest

from powermeter.cli import run
from powermeter.errors import PowermeterError
from powermeter.importers import Choices, open_log, several_logs
from powermeter.importers import files as importers_files

TABLE = "time_s,power_W\n" + "".join(f"{i},{5 + i % 3}\n" for i in range(8))
JTOP = "Time,VDD_IN-IN_POWER\n" + "".join(f"2024-03-05 14:00:0{i},1e99\n" for i in range(9))


@pytest.mark.parametrize(
    ("format", "content", "what"),
    [
        ("csv", b"\x00\x01\x02" * 40, "not a text file"),
        ("csv", b"", "empty"),
        ("labelled", b"a\nb\nc\nd\n", "no line of it is a label, a value and its unit"),
        ("intervals", TABLE.encode(), "of no tool that writes tables of stretches"),
        ("json", b"[1.5, 2.5, 3.5]", "a list of bare numbers"),
        ("jtop-table", JTOP.encode(), "no column holds a number"),
    ],
)
def test_a_format_that_the_file_does_not_have_is_refused_with_the_files_name(tmp_path, format, content, what):
    path = tmp_path / "log.txt"
    path.write_bytes(content)
    with pytest.raises(PowermeterError, match=what) as caught:
        open_log(path, format=format, choices=Choices())
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "no such file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n", "git lfs pull"),
        (b"\x00\x01\x02" * 100, "the format is not recognised"),
    ],
)
def test_explain_refuses_what_import_does(tmp_path, capsys, content, what):
    path = tmp_path / "log.bin"
    if content is not None:
        path.write_bytes(content)
    assert run(["import", "--explain", str(path)]) != 0
    assert what in "".join(capsys.readouterr())


def test_a_database_without_rows_is_named(tmp_path):
    path = tmp_path / "km.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE pd_chart(Time real, VBUS real, IBUS real, CC1 real, CC2 real)")
        connection.commit()
    with pytest.raises(PowermeterError, match=r"km\.sqlite: .*pd_chart is empty"):
        open_log(path)


def test_more_entries_or_logs_than_are_looked_at_are_refused(tmp_path, monkeypatch):
    for i in range(5):
        (tmp_path / f"{i}.csv").write_text(TABLE)
    monkeypatch.setattr(several_logs, "MAX_LOGS", 3)
    with pytest.raises(PowermeterError, match="more than 3 files match"):
        several_logs.expand([tmp_path / "*.csv"])
    monkeypatch.setattr(importers_files, "MAX_ENTRIES", 3)
    with pytest.raises(PowermeterError, match="more than 3 entries; name the one file"):
        open_log(tmp_path)
