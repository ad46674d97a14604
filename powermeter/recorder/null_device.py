"""The null device; where there is no /dev (a bare chroot), a pipe whose other end is closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def open_null(mode: int) -> int:
    """Return a descriptor that has ended where it is read; what is written to it goes nowhere, without /dev as to a reader who has gone.

    Args:
        mode: `os.O_RDONLY` or `os.O_WRONLY`.

    Raises:
        OSError: There is no descriptor left.
    """
    try:
        return os.open(os.devnull, mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        reading, writing = os.pipe()
        kept, other = (reading, writing) if mode == os.O_RDONLY else (writing, reading)
        os.close(other)
        return kept


def put_null(mode: int, number: int, *, inheritable: bool = True) -> None:
    """Put it in the place of a descriptor, whether or not that is open."""
    null = open_null(mode)
    if null != number:
        os.dup2(null, number, inheritable)
        os.close(null)


@contextmanager
def nowhere() -> Iterator[int]:
    """Yield a descriptor for what a process writes and nobody reads, while it is started."""
    null = open_null(os.O_WRONLY)
    try:
        yield null
    finally:
        os.close(null)
