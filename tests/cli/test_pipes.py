"""Output that cannot be written: a reader who has gone, a full disk; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from powermeter.testing.boards import Run, simulate_run

pytestmark = pytest.mark.thorough

COMMAND = [sys.executable, "-m", "powermeter"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_run(tmp_path_factory.mktemp("pipes") / "run.power", "pi-4", run=Run(inferences=6))


@pytest.mark.parametrize("verb", [["show"], ["export", "-o", "-", "--format", "csv"]])
def test_a_reader_who_leaves_early_is_no_error(path: Path, verb: list[str]) -> None:
    child = subprocess.Popen(
        [*COMMAND, *verb, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert child.stdout is not None and child.stderr is not None
    child.stdout.read(1)
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait(60) == 0 and b"Traceback" not in said


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["show", "--help"]])
def test_a_reader_who_never_reads_is_no_error(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("verb", [["show"], ["export", "-o", "-", "--format", "csv"]])
def test_a_full_disk_is_one_line(path: Path, verb: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, *verb, str(path)], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "powermeter: No space left on device\n"


@pytest.mark.parametrize(
    ("verb", "closed"),
    [
        (["show"], ">&-"),
        (["cite"], ">&- 2>&-"),
        (["report", "-o", "-", "--kind", "markdown"], ">&-"),
    ],
)
def test_closed_outputs_are_no_traceback(path: Path, verb: list[str], closed: str) -> None:
    line = " ".join(f"'{word}'" for word in (*COMMAND, *verb, path))
    done = subprocess.run(["sh", "-c", f"{line} {closed}"], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
