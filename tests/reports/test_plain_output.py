"""What an encoding lacks is spelled out; a number keeps its sign, its half-width and its prefix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from every_verb import output_of

from powermeter.reports import plain_output
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
    assert "5.0 ± 0.2 µW – × \ud800".encode(encoding, plain_output.NAME) == wanted


def test_every_substitute_is_ascii():
    assert all(text.isascii() and text for text in plain_output.SPELLED.values())
    assert all(len(character) == 1 and not character.isascii() for character in plain_output.SPELLED)


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "utf-8"])
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_where_a_sign_becomes_two_characters(path, encoding, width):
    """`±` is one column in the layout and two in ASCII."""
    status, raw = output_of(["show", str(path)], width, encoding)
    lines = raw.decode(encoding).splitlines()
    assert status == 0 and len(lines) > 20 and max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_are_wrapped_and_no_number_loses_its_unit(width):
    line = "  infer: 263.5 ± 3.5 mJ per item, 300 g CO2e (200 to 5,000), 5 mg Sb eq, 14.78 h, 89 % of 4 Ah; it holds 120 ms"
    parts = plain_output.wrapped(line, width)
    assert max(map(len, parts)) <= width and " ".join(" ".join(parts).split()) == " ".join(line.split())
    for whole in ("263.5 ± 3.5 mJ", "300 g CO2e", "5 mg Sb eq", "14.78 h", "89 %", "4 Ah", "120 ms"):
        assert any(whole in part for part in parts), whole
    assert all(part.startswith("    ") for part in parts[1:])
    assert plain_output.wrapped("", 40) == [""] and plain_output.wrapped("short", 40) == ["short"]
