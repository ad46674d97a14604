"""Reads TOML that strangers may have written: from the standard library or, before Python 3.11, from `tomli`: what it promises."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from powermeter import toml
from powermeter.errors import ConfigurationError, DataError


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe.power"
    os.mkfifo(path)
    return path


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 200_000 + "=1",
        '"a"' + '."a"' * 100_000 + "=1",
        "x=" + "[" * 100_000,
        "x=" + "{a=" * 100_000,
        "x=" + "1" * 100_000,
        '"' * 500_000,
        'x="' + "\\" * 500_000,
        "a=1\n" * 300_000,
        "[" + "a." * 100 + "b]",
        "a=1\na=2",
        "\0",
    ],
)
def test_toml_that_is_too_much_is_one_line_and_soon(text):
    started = time.thread_time()
    with pytest.raises(DataError) as caught:
        toml.parse(text, "x.toml")
    assert time.thread_time() - started < 5 and "\n" not in str(caught.value)


def test_toml_with_dots_where_they_belong_is_read():
    text = 'a.b.c = 1.5\nd = "' + "x." * 100 + '"\ne = [1.5, 2.5, 3.5]\nf = 2026-01-01T00:00:00.5Z\n'
    tables = toml.parse(text * 1, "x.toml")
    assert tables["a"]["b"]["c"] == 1.5 and len(tables["e"]) == 3


def test_toml_is_read_from_regular_files_alone(pipe):
    with pytest.raises(ConfigurationError, match="not a regular file"):
        toml.read(pipe)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        toml.read(Path("/dev/zero"))


def test_a_name_with_a_null_byte_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="null byte"):
        toml.read(Path("a\0b.toml"))


def test_the_line_of_a_key_is_that_of_its_table() -> None:
    text = '[tool.other]\nplace = "X"\n[tool.powermeter]  # ours\n"place" = "FRA"\n[tool.powermeter.show]\nby = "model"\n'
    assert toml.line_of(text, "tool.powermeter", "place") == 4
    assert toml.line_of(text, "tool.powermeter.show", "by") == 6
    assert toml.line_of(text, "", "place") is None
