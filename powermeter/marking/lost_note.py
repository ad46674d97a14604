"""The note of a process that can make no ring: a folder whose name counts the marks that are lost.

A folder needs no descriptor and has no size, so that neither limit stands in its way.  `docs/marks.md` describes the name for
people who write a program in another language.  This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import os
from time import monotonic_ns

SUFFIX = ".lost"


class LostNote:
    """What one process notes in a folder of marks while it has no ring.

    Args:
        folder: The folder of marks.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""
        self.why = 0
        """The number of the system's error (errno) for which it has no ring; 0 where there is nothing to note."""

    def write(self, lost: int) -> None:
        """Note that at least so many marks are lost."""
        if not self.why or not lost:
            return
        path = f"{self._folder}/{os.getpid()}-{monotonic_ns()}-{self.why}-{lost}{SUFFIX}"
        try:
            if self._path:
                os.rename(self._path, path)
            else:
                os.mkdir(path, 0o700)
        except OSError:  # the folder is gone: so is who would read it
            return
        self._path = path

    def withdraw(self) -> None:
        """Remove the note: there is a ring now, which has the count."""
        self.why = 0
        try:
            os.rmdir(self._path)
        except OSError:
            return


def read(name: str) -> tuple[int, int, int] | None:
    """Return (process, errno, marks lost at least) of a note's name; None where it is none."""
    parts = name.removesuffix(SUFFIX).split("-")
    is_note = name.endswith(SUFFIX) and len(parts) == 4
    if not is_note or not all(part.isdecimal() and part.isascii() and len(part) < 20 for part in parts):
        return None
    return int(parts[0]) & 0x7FFFFFFF, int(parts[2]), int(parts[3])
