"""Standard output and error that may be closed, full or gone: what a measured program does must not depend on them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Any, TextIO

import click

from powermeter.errors import clean
from powermeter.recorder.null_device import put_null

TROUBLE = (OSError, ValueError, UnicodeError)
"""What writing to a closed, full or odd stream raises."""

_WIDE = 200
"""Cells of a table's line where nothing bounds it."""


@lru_cache(maxsize=1)
def open_standard() -> tuple[int, ...]:
    """Open the null device in the place of closed standard descriptors, and return which were closed.

    Otherwise the next file that is opened would be standard error, and messages would be written into it.  Later calls
    return what the first one found.
    """
    closed = []
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            closed.append(descriptor)
            put_null(os.O_WRONLY if descriptor else os.O_RDONLY, descriptor, inheritable=False)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 – for the rest of the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return tuple(closed)


def put(text: str, *, nl: bool = True, break_words: bool = True) -> None:
    """Print text on standard output: what steers a terminal is replaced, and on one its lines are wrapped."""
    plain = clean(text)
    click.echo(_laid_out(plain, sys.stdout, break_words=break_words) if _has_width() else plain, nl=nl)


def table_width() -> int:
    """Return how wide a table on standard output may be; of a pipe, wide enough for any."""
    from powermeter.reports.terminal_width import columns

    return columns(shutil.get_terminal_size((100, 24)).columns) if _has_width() else _WIDE


def _has_width() -> bool:
    """Return whether a terminal, or who reads the pipe, bounds the lines of standard output."""
    return os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty()


def _to_error(text: str) -> None:
    """Print on standard error, where there is one; a program that reads it gets a message in one line."""
    with suppress(*TROUBLE):
        click.echo(_laid_out(text, sys.stderr) if sys.stderr.isatty() else text, err=True)


def _laid_out(text: str, stream: TextIO, *, break_words: bool = True) -> str:
    """Return text with its lines wrapped at the width of a terminal."""
    from powermeter.reports.terminal_width import columns, wrapped

    width = columns(max(shutil.get_terminal_size().columns, 20), stream)
    return "\n".join(
        part for line in text.split("\n") for part in wrapped(line, width, break_words=break_words)
    )


def put_json(value: Any) -> None:
    """Print plain values as JSON on standard output, all in ASCII."""
    from powermeter.cli.indented_json import indented

    click.echo(indented(value))


def put_line(value: Any) -> None:
    """Print plain values as one line of JSON: the command that is measured shares standard output."""
    click.echo(json.dumps(value, default=str))


def report_problem(text: str) -> None:
    """Print one line on standard error, where there is one; a terminal that is narrower gets it wrapped."""
    _to_error(f"powermeter: {clean(text, 200)}")


def put_stderr(text: str) -> None:
    """Print a line on standard error, where there is one; a terminal that is narrower gets it wrapped."""
    _to_error(clean(text))


def settle() -> None:
    """Flush both outputs; what cannot be written is dropped, so that the exit status is the program's."""
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        if stream is None:
            continue
        try:
            stream.flush()
        except TROUBLE:
            with suppress(OSError):
                put_null(os.O_WRONLY, descriptor)
            with suppress(*TROUBLE):
                stream.flush()
