"""Lines of text files, however they end and wherever a block that is read at once ends."""

import gzip

import pytest

from powermeter.errors import DataError
from powermeter.importers import files

TEXTS = [
    "",
    "\n",
    "a",
    "a\n",
    "a\r\nb\r\n",
    "a\rb\r",
    "a\r\r\nb",
    "\r\n\r\n",
    "ab\ncdef\r\n\r\ngh\rij",
    "x\u2028y\x0bz\n\x85",
]


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 18])
@pytest.mark.parametrize("text", TEXTS)
def test_lines_are_those_of_universal_newlines(tmp_path, monkeypatch, text, block):
    monkeypatch.setattr(files, "_BLOCK", block)
    plain, packed = tmp_path / "a.txt", tmp_path / "a.gz"
    plain.write_bytes(text.encode())
    packed.write_bytes(gzip.compress(text.encode(), mtime=0))
    with plain.open(encoding="utf-8", newline=None) as stream:
        wanted = [line.rstrip("\n") for line in stream]
    assert list(files.read_lines(plain)) == wanted == list(files.read_lines(packed))


@pytest.mark.parametrize("end", ["", "\nb\n"])
def test_a_line_that_is_too_long_is_named(tmp_path, monkeypatch, end):
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    monkeypatch.setattr(files, "_BLOCK", 64)
    path = tmp_path / "a.txt"
    path.write_text("short\n" + "x" * 1000 + "\n" + "x" * 1001 + end)
    with pytest.raises(DataError, match=r"line 3: longer than 1000 characters"):
        list(files.read_lines(path))
    path.write_text("short\n" + "x" * 1000 + end)
    assert len(list(files.read_lines(path))) == 2 + bool(end)
