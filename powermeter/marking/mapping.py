"""Memory that is shared through a file, at whose end no descriptor of the program's own is closed.

Up to Python 3.12 a mapping keeps a copy of its descriptor and closes that number at its end, whatever it is by then: in a program that closed
every descriptor, as a daemon does, a file that it opened since.  Every instrumented program imports this file, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from mmap import mmap


class _Mapping(mmap):
    """A mapping that knows the number of its copy; where that is another file by now, it stays until the process ends."""

    copy = -1
    file: tuple[int, int] | None = None

    def __del__(self) -> None:
        if self.copy >= 0 and _identity(self.copy) != self.file:
            _keep(self)


def mapped(descriptor: int, size: int) -> mmap:
    """Return the first `size` bytes of a file as memory.

    Raises:
        OSError, ValueError: It cannot be mapped.
    """
    if sys.version_info >= (3, 13):
        return mmap(descriptor, size, trackfd=False)
    copy = os.dup(descriptor)
    os.close(copy)
    made = _Mapping(descriptor, size)
    if _identity(copy) == _identity(descriptor):  # else another thread took the number meanwhile
        made.copy, made.file = copy, _identity(descriptor)
    return made


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keep(mapping: mmap) -> None:
    """Add a reference that nobody gives back, not even an interpreter that ends."""
    try:
        from ctypes import py_object, pythonapi

        pythonapi.Py_IncRef(py_object(mapping))
    except Exception:  # noqa: BLE001 – an interpreter without ctypes, or one that ends
        _kept.append(mapping)


_kept: list[mmap] = []
