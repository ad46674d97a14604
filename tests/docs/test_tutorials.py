"""Each tutorial is followed to the letter in an empty folder: files are saved, Python runs, commands succeed, a report stands at the end."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from powermeter import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page for page in (ROOT / "docs" / "tutorial").glob("*.md") if page.stem != "energy-and-carbon-lab"
)
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {**os.environ, "POWERMETER_CONFIG": "", "COLUMNS": "80"}


def blocks(page: Path) -> Iterator[tuple[str, str | None, str]]:
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        kind, name, text = found.groups()
        saved = re.match(r"# (\w+\.py)\n", text) if kind == "python" else None
        yield kind, name or (saved.group(1) if saved else None), text


def command_of(line: str, folder: Path) -> list[str]:
    """Return what a line of a console runs; `python` is the one that runs the tests, /tmp the folder of the test."""
    program, *arguments = shlex.split(line.replace("/tmp/", f"{folder}/"))
    start = {"powermeter": [sys.executable, "-m", "powermeter"], "python": [sys.executable]}[program]
    return [*start, *(sys.executable if word == "python" else word for word in arguments)]


def run(line: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command, in this process where nothing hangs on its being another; return status and output."""
    command = command_of(line, folder)
    if command[1:3] == ["-m", "powermeter"]:
        status = cli.run(command[3:])
        printed = capfd.readouterr()
        return status, printed.out + printed.err
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_runs_as_it_stands(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("POWERMETER_CONFIG", "COLUMNS"):
        monkeypatch.setenv(name, ENVIRONMENT[name])
    beside: list[subprocess.Popen[bytes]] = []
    numbers = 0
    try:
        for kind, name, text in blocks(page):
            if name is not None:
                (tmp_path / name).write_text(text, encoding="utf-8")
            elif kind == "python":
                exec(compile(text, str(page), "exec"), {"__name__": "tutorial"})  # noqa: S102 — our own page
            elif kind == "console":
                for line in (line[2:] for line in text.splitlines() if line.startswith("$ ")):
                    if line.endswith(" &"):
                        beside.append(_start(command_of(line[:-2], tmp_path), tmp_path))
                        continue
                    status, printed = run(line, tmp_path, capfd)
                    assert status == 0, f"{page.name}: {line}\n{printed}"
                    numbers += line.startswith(("powermeter report", "powermeter show"))
    finally:
        for process in beside:
            process.kill()
            process.wait()
    assert numbers, f"{page.name} ends without a number"


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a simulated meter and wait for its port."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    port = Path(next(word for word in command if word.startswith(f"{folder}/")))
    deadline = time.monotonic() + 100
    while not port.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert port.exists(), f"{port} did not appear"
    return process


def test_each_tutorial_leads_on_to_another_page() -> None:
    for page in PAGES:
        assert re.search(r"\]\(\S+\.md\)", page.read_text(encoding="utf-8")), page.name
