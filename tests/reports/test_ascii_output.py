"""What an encoding lacks is spelled out; a number keeps its sign, its half-width and its prefix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from every_verb import output_of

from powermeter.reports import ascii_output
from powermeter.testing.boards import simulate_run


@pytest.mark.parametrize(
    ("encoding", "wanted"),
    [
        ("ascii", b"5.0 +- 0.2 uW - x ?"),
        ("cp1252", "5.0 ± 0.2 µW – × ?".encode("cp1252")),
        ("utf-8", "5.0 ± 0.2 µW – × ?".encode()),
    ],
)
def test_a_number_keeps_its_meaning(encoding, wanted):
    assert "5.0 ± 0.2 µW – × \ud800".encode(encoding, ascii_output.NAME) == wanted


def test_every_substitute_is_ascii():
    assert all(text.isascii() and text for text in ascii_output.SPELLED.values())
    assert all(len(character) == 1 and not character.isascii() for character in ascii_output.SPELLED)


@pytest.mark.thorough
@pytest.mark.parametrize(("encoding", "wanted"), [("cp1252", "µ±–"), ("iso8859-1", "µ±-")])
def test_the_command_writes_it_so(encoding, wanted):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "powermeter", "show", "µ±–.power"]
    found = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert b"Traceback" not in found.stderr
    assert f"{wanted}.power".encode(encoding) in found.stderr


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_run(tmp_path_factory.mktemp("plain") / "run.power", "pi-4")


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "utf-8"])
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_where_a_sign_becomes_two_characters(path, encoding, width):
    """`±` is one column in the layout and two in ASCII."""
    status, raw = output_of(["show", str(path)], width, encoding)
    lines = (
        raw.decode(encoding).replace("\x1b[K", "").splitlines()
    )  # of a progress line that a slow machine draws
    assert status == 0 and len(lines) > 20 and max(map(len, lines)) <= width
