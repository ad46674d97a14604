"""Runs a measured command as a child: its terminal, signals and exit status stay its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import click

from powermeter.cli.exit_codes import NOT_EXECUTABLE, NOT_FOUND

_LEFT_TO_COMMAND = ("SIGINT", "SIGQUIT")  # the terminal sends these to the command itself
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT")


def run_command(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, quiet: bool = False
) -> int:
    """Run a command to its end and return its exit status, 128 + N for a signal N, as a shell does.

    Args:
        command: The program and its arguments.
        environment: Its environment; this process's where None.
        quiet: Whether its standard output is dropped.
    """
    sys.stdout.flush()
    try:
        child = subprocess.Popen(
            list(command),
            env=dict(os.environ if environment is None else environment),
            stdout=subprocess.DEVNULL if quiet else None,
        )
    except OSError as error:
        click.echo(f"powermeter: {command[0]}: {error.strerror}", err=True)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE

    def forward(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)

    before: dict[int, Any] = {}
    for name in (*_LEFT_TO_COMMAND, *_FORWARDED):
        number = getattr(signal, name, None)
        if number is not None:
            handler = forward if name in _FORWARDED else lambda *_: None
            before[number] = signal.signal(number, handler)
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - status if status < 0 else status
