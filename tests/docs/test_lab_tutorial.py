"""The tutorial is executed, block by block: Python runs, commands succeed, shown output occurs."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from powermeter import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "energy-and-carbon-lab.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ASKED = (
    "two platforms",
    "Describe the hardware and the model",
    "measuring method",
    "only a display",
    "Wall and board",
    "idle baseline",
    "How many inferences",
    "first runs differ",
    "Batch size",
    "start and stop",
    "environment twice",
    "The table",
    "pounds and grams",
    "Everyday activities",
    "use equal making",
    "Other places, other hours",
    "this semester",
    "4 Ah",
    "Deployed for years",
    "variants",
    "hand-in",
)


def blocks() -> Iterator[tuple[str, str, int]]:
    text = PAGE.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        yield found[1], found[2], text.count("\n", 0, found.start()) + 1


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    command, shown = "", []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        elif line.strip():
            shown.append(line)
    if command:
        yield command, shown


def test_every_question_of_the_lab_has_its_section() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for words in ASKED:
        assert words in text, words


@pytest.mark.thorough
def test_the_page_runs_from_start_to_hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "tutorial"}
    printed = ""
    ran = 0
    for kind, block, line in blocks():
        where = f"{PAGE.name}, line {line}"
        if kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile("\n" * line + block, str(PAGE), "exec"), space)  # noqa: S102 — our own page
            printed = out.getvalue()
            ran += 1
        elif kind == "output":
            assert printed == block, where
        elif kind == "console":
            for command, shown in commands(block):
                program, *arguments = shlex.split(command)
                assert program == "powermeter", where
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    status = cli.run(arguments)
                assert status == 0, f"{where}: {command}"
                for text in shown:
                    told = " ".join(
                        out.getvalue().split()
                    )  # a paragraph is wrapped at the width of the terminal
                    assert " ".join(text.split()) in told, (
                        f"{where}: {command}: {text!r} not in\n{out.getvalue()}"
                    )
                ran += 1
        else:
            assert kind == "text", where
    assert ran > 20
    handed_in = (tmp_path / "hand-in.md").read_text(encoding="utf-8")
    assert handed_in.count("| Pi 4 |") == handed_in.count("| laptop |") == 2
    assert "eGRID2022" in handed_in
    assert "<svg" in (tmp_path / "pi-baseline.html").read_text(encoding="utf-8")
    assert (tmp_path / "pi-baseline.md").stat().st_size > 1000
    rows = (tmp_path / "variants.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 5
    joules = {tuple(row.split(",")[:2]): float(row.split(",")[2]) for row in rows[1:]}
    assert joules["Pi 4", "efficient"] < 0.5 * joules["Pi 4", "baseline"]
