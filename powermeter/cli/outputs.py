"""Standard output and error that may be closed, full or gone: what a measured program does must not depend on them."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any

import click

from powermeter.names import clean

TROUBLE = (OSError, ValueError, UnicodeError)
"""What writing to a closed, full or odd stream raises."""


def open_standard() -> tuple[int, ...]:
    """Open the null device in the place of closed standard descriptors, and return which were closed.

    Otherwise the next file that is opened would be standard error, and messages would be written into it.
    """
    closed = []
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            closed.append(descriptor)
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 – for the rest of the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return tuple(closed)


def put(text: str, *, nl: bool = True) -> None:
    """Print text on standard output; what steers a terminal is replaced."""
    click.echo(clean(text), nl=nl)


def put_json(value: Any) -> None:
    """Print plain values as JSON on standard output, all in ASCII."""
    click.echo(json.dumps(value, indent=2, default=str))


def report_problem(text: str) -> None:
    """Print one line on standard error, where there is one."""
    with suppress(*TROUBLE):
        click.echo(f"powermeter: {clean(text, 200)}", err=True)


def say(text: str) -> None:
    """Print a line on standard error as it is, where there is one."""
    with suppress(*TROUBLE):
        click.echo(clean(text), err=True)


def settle() -> None:
    """Flush both outputs; what cannot be written is dropped, so that the exit status is the program's."""
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        if stream is None:
            continue
        try:
            stream.flush()
        except TROUBLE:
            with suppress(OSError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, descriptor)
                os.close(null)
            with suppress(*TROUBLE):
                stream.flush()
