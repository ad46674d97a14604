"""Programs that a driver runs: what they print, how they end, and that nothing of them is left."""

from __future__ import annotations

import os
import sys

import pytest

from powermeter.drivers.system.child_program import PrintingProgram, ask
from powermeter.errors import OpenError, ReadError, Reason

CEILING_S = 60.0


def printing(code: str) -> PrintingProgram:
    return PrintingProgram([sys.executable, "-c", code], "the printer")


def read_until(program: PrintingProgram, wanted: bytes) -> bytes:
    found = b""
    while wanted not in found:
        found += program.read(CEILING_S)
    return found


def test_a_program_is_read_as_it_prints_and_reports_how_it_ended() -> None:
    program = printing(
        "import sys, os; print(os.environ['LC_ALL'], sys.stdin.read(), flush=True); sys.exit(3)"
    )
    assert read_until(program, b"\n").split() == [b"C"]
    with pytest.raises(ReadError, match="the printer ended with status 3") as caught:
        program.read(CEILING_S)
    assert caught.value.reason is Reason.ABSENT
    program.close()


def test_closing_ends_a_program_that_ignores_it() -> None:
    program = printing(
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(600)"
    )
    pid = int(read_until(program, b"\n"))
    assert program.read(0.0) == b""
    program.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("name", "reason"), [("absent", Reason.ABSENT), ("file", Reason.PERMISSION)])
def test_what_cannot_be_run_is_an_error_with_its_path(tmp_path, name: str, reason: Reason) -> None:
    path = tmp_path / name
    if name == "file":
        path.write_text("no program")
    with pytest.raises(OpenError, match=str(path)) as caught:
        PrintingProgram([str(path)], name)
    assert caught.value.reason is reason
    with pytest.raises(ReadError, match=str(path)):
        ask([str(path)])


def test_a_question_returns_status_and_output_or_ends_in_time() -> None:
    done = ask([sys.executable, "-c", "print('volt=1.2'); raise SystemExit(2)"], CEILING_S)
    assert (done.returncode, done.stdout) == (2, "volt=1.2\n")
    with pytest.raises(ReadError, match="timed out"):
        ask([sys.executable, "-c", "import time; time.sleep(600)"], 0.2)
