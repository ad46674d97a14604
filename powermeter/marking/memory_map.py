"""Memory that is shared through a file, at whose end no descriptor of the program's own is closed.

Up to Python 3.12 a mapping keeps a copy of its descriptor and closes that number at its end, whatever it is by then: in a program that closed
every descriptor, as a daemon does, a file that it opened since.  Every instrumented program imports this file, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from mmap import mmap


class _Mapping(mmap):
    """A mapping with the number of its copy; where that is another file by now, it stays until the process ends."""

    copy = -1
    file: tuple[int, int] | None = None

    def __del__(self) -> None:
        if self.copy >= 0 and identity(self.copy) != self.file:
            _keep(self)


def mapped(descriptor: int, size: int) -> mmap:
    """Return the first `size` bytes of a file as memory, with room for them.

    Raises:
        OSError, ValueError: It cannot be mapped, or there is no room.
    """
    take_room(descriptor, size)
    if sys.version_info >= (3, 13):
        return mmap(descriptor, size, trackfd=False)
    copy = os.dup(descriptor)
    os.close(copy)
    made = _Mapping(descriptor, size)
    if identity(copy) == identity(descriptor):  # else another thread took the number meanwhile
        made.copy, made.file = copy, identity(descriptor)
    return made


def take_room(descriptor: int, size: int) -> None:
    """Take room for the first `size` bytes of a file: a page that does not fit ends the program when it is first touched.

    Raises:
        OSError: There is none.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)


def identity(descriptor: int) -> tuple[int, int] | None:
    """Return what distinguishes the file of a descriptor from others; None where it is no file's."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keep(mapping: mmap) -> None:
    """Add a reference that is never released, not even by an interpreter that ends."""
    try:
        from ctypes import py_object, pythonapi

        pythonapi.Py_IncRef(py_object(mapping))
    except Exception:  # noqa: BLE001 – an interpreter without ctypes, or one that ends
        _kept.append(mapping)


_kept: list[mmap] = []
