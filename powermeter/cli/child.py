"""Runs a measured command as a child: its terminal, outputs, signals and exit status stay its own.

A signal that a terminal sends (Ctrl-C), or that goes to the whole group, reaches the command by itself; the same
signal sent to this process alone is passed on.  Which of these it was is known by who sent it (sigaction(2),
`si_code`) and by a witness in the group; where the system has neither, by whether this process is in the
terminal's foreground.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from powermeter.cli.group_signals import Witness
from powermeter.cli.standard_output import report_problem
from powermeter.errors.exit_codes import NOT_EXECUTABLE, NOT_FOUND

_FROM_TERMINAL = ("SIGINT", "SIGQUIT")
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT")
_BY_KERNEL = 0x80
"""SI_KERNEL: not another process's kill(2), but the terminal."""


def cannot_run(name: str) -> int | None:
    """Report a program that is not there, or not a program, and return the status a shell returns for it; None where it is fine."""
    if shutil.which(name) is not None:
        return None
    if not Path(name).is_file():
        status, why = NOT_FOUND, f"no program {name!r} to run, nor a file of that name"
    else:
        through = f": python {name}" if name.endswith(".py") else " (chmod +x), or name what runs it"
        status, why = NOT_EXECUTABLE, f"{name!r} is a file that cannot be executed; run it{through}"
    report_problem(f"{why}; nothing was recorded (status {status})")
    return status


def run_command(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    quiet: bool = False,
    closed: Sequence[int] = (),
    outputs: Mapping[int, int] | None = None,
) -> int:
    """Run a command to its end and return its exit status, 128 + N for a signal N, as a shell does.

    Args:
        command: The program and its arguments.
        environment: Its environment; this process's where None.
        quiet: Whether its standard output is dropped.
        closed: Standard descriptors (0, 1, 2) that it shall find closed, as this process did.
        outputs: What its standard output (1) and error (2) are, where they are not this process's.
    """
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    numbers = {getattr(signal, name) for name in (*_FROM_TERMINAL, *_FORWARDED) if hasattr(signal, name)}
    if not hasattr(signal, "sigwaitinfo"):
        return _status(_run_with_handlers(command, environment, quiet, closed, numbers, outputs or {}))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers | {signal.SIGCHLD})

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for descriptor in closed:
            os.close(descriptor)

    witness = Witness({getattr(signal, name) for name in _FROM_TERMINAL})
    try:
        child = _start(command, environment, quiet, prepare, outputs or {})
        if isinstance(child, int):
            return _status(child)
        _pass_on_early(signal.sigpending() & numbers, child, witness)
        return _status(_wait(child, numbers, witness))
    finally:
        witness.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    quiet: bool,
    prepare: Callable[[], None] | None,
    outputs: Mapping[int, int],
) -> subprocess.Popen[bytes] | int:
    """Return the started command, or the status of one that cannot be started."""
    try:
        return subprocess.Popen(
            list(command),
            env=dict(os.environ if environment is None else environment),
            stdout=subprocess.DEVNULL if quiet else outputs.get(1),
            stderr=outputs.get(2),
            preexec_fn=prepare,  # noqa: PLW1509 – nothing but system calls
        )
    except OSError as error:
        report_problem(f"{command[0]}: {error.strerror}")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


def _pass_on_early(early: Iterable[int], child: subprocess.Popen[bytes], witness: Witness) -> None:
    """Send a child the signals that came before it was there: they reached this group, but not a process yet to be made."""
    for number in sorted(early):
        signal.sigtimedwait({number}, 0)
        if signal.Signals(number).name in _FROM_TERMINAL:
            witness.saw(number)
        _send(child, number)


def _send(child: subprocess.Popen[bytes], number: int) -> None:
    """Send a child a signal; one that runs as another user (sudo) may refuse it."""
    try:
        child.send_signal(number)
    except PermissionError:
        report_problem(f"{signal.Signals(number).name} was not passed on: the program runs as another user")


def _wait(child: subprocess.Popen[bytes], numbers: set[int], witness: Witness) -> int:
    """Wait for the end of a child, and pass on what is sent to this process alone.

    Never with a time limit: a `sigtimedwait` that a stop and its end (Ctrl-Z and fg, a machine that slept) carry beyond
    its limit returns what lay in memory as a signal, in every version of Python.
    """
    threading.Thread(target=_wake, args=(child.pid, threading.get_ident()), daemon=True).start()
    while True:
        heard = signal.sigwaitinfo(numbers | {signal.SIGCHLD})
        status = child.poll()
        if status is not None:
            return status
        if heard.si_signo == signal.SIGCHLD:
            continue
        name = signal.Signals(heard.si_signo).name
        if name in _FROM_TERMINAL and (witness.saw(heard.si_signo) or heard.si_code == _BY_KERNEL):
            continue  # it went to the command as well
        _send(child, heard.si_signo)


def _wake(child: int, waiting: int) -> None:
    """Send a thread SIGCHLD at the end of a child: the system's own may go to one that does not wait for it."""
    with suppress(ChildProcessError):  # its end was seen already
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with suppress(OSError):
        signal.pthread_kill(waiting, signal.SIGCHLD)


def _run_with_handlers(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    quiet: bool,
    closed: Sequence[int],
    numbers: set[int],
    outputs: Mapping[int, int],
) -> int:
    """The same where the sender of a signal is not known (macOS, Windows)."""

    def prepare() -> None:
        for descriptor in closed:
            os.close(descriptor)

    child = _start(command, environment, quiet, prepare if closed else None, outputs)
    if isinstance(child, int):
        return child

    def forward(number: int, frame: FrameType | None) -> None:
        if signal.Signals(number).name not in _FROM_TERMINAL or not _in_foreground():
            _send(child, number)

    before: dict[int, Any] = {number: signal.signal(number, forward) for number in numbers}
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Return whether the terminal sends its signals to this process's group."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return sys.platform == "win32"


def _status(status: int) -> int:
    return 128 - status if status < 0 else status
