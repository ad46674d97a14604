"""A measured command keeps its exit status, its signals and its terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from waiting import CEILING_S

from powermeter.cli.child import run_command

PYTHON = sys.executable


@pytest.mark.parametrize("status", [0, 3, 255])
def test_the_exit_status_is_the_commands(status: int) -> None:
    assert run_command([PYTHON, "-c", f"raise SystemExit({status})"]) == status


def test_an_end_by_signal_is_128_and_its_number() -> None:
    assert run_command([PYTHON, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137


def test_what_cannot_be_started_is_said_as_a_shell_does(tmp_path, capsys) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("no program")
    assert run_command([str(tmp_path / "missing")]) == 127
    assert run_command([str(plain)]) == 126
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.thorough
def test_environment_and_quiet(capfd) -> None:
    command = [PYTHON, "-c", "import os, sys; print(os.environ['SIZE']); print('said', file=sys.stderr)"]
    assert run_command(command, {**os.environ, "SIZE": "8"}) == 0
    assert capfd.readouterr().out == "8\n"
    assert run_command(command, {**os.environ, "SIZE": "8"}, quiet=True) == 0
    assert capfd.readouterr() == ("", "said\n")


def test_sigterm_is_forwarded_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(21))\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(100)\n"
    )
    assert run_command([PYTHON, "-c", code]) == 21
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


EARLY = """
import os, signal, subprocess, sys
from powermeter.cli.child import run_command

class Late(subprocess.Popen):
    def __init__(self, *arguments, **options):
        os.killpg(os.getpgrp(), signal.SIGINT)
        super().__init__(*arguments, **options)

subprocess.Popen = Late
sys.exit(run_command(["sleep", "100"]))
"""


@pytest.mark.thorough
def test_an_interrupt_that_comes_just_before_the_command_starts_ends_it() -> None:
    done = subprocess.run(
        [PYTHON, "-c", EARLY], start_new_session=True, timeout=CEILING_S, capture_output=True, check=False
    )
    assert done.returncode == 130


def test_a_command_of_another_user_that_takes_no_signal_runs_on(monkeypatch, capfd) -> None:
    """As of `sudo`: the signal that could not be passed on ended `record` with a traceback."""

    class Refusing(subprocess.Popen):
        def send_signal(self, sig: int) -> None:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(subprocess, "Popen", Refusing)
    code = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(0.3); raise SystemExit(21)"
    assert run_command([PYTHON, "-c", code]) == 21
    assert "SIGTERM was not passed on: the program runs as another user" in capfd.readouterr().err
