"""The pipes between a program and its recorder, used only while their descriptors are theirs.

A program may close every descriptor that it did not open, as a daemon does, and open files of its own under those numbers: orders would
be written into such a file, answers read from it, and at the end it would be closed.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

from powermeter.marking.memory_map import identity

_AT_ONCE = 1 << 16


class Pipe:
    """One end of a pipe, which is left alone once its descriptor is another file's.

    Attributes:
        descriptor: Its number.
        closed: Whether `close` was called.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.closed = descriptor, False
        self._file, self._was_lost = identity(descriptor), False

    @property
    def is_lost(self) -> bool:
        """Whether somebody else has closed it; once it is closed, whether it had been."""
        return self._was_lost if self.closed else identity(self.descriptor) != self._file

    @property
    def _is_there(self) -> bool:
        return not self.closed and not self.is_lost

    def send(self, line: str) -> None:
        """Write a line, as far as the pipe is there.

        Raises:
            OSError: Nobody reads it.
        """
        data = line.encode() + b"\n"
        while data and self._is_there:
            data = data[os.write(self.descriptor, data) :]

    def lines(self) -> Iterator[bytes]:
        """Yield each line until the other end is closed, or this one is lost.

        Raises:
            OSError: It was closed meanwhile.
        """
        rest = b""
        while self._is_there and (read := self._read()):
            *whole, rest = (rest + read).split(b"\n")
            yield from whole

    def _read(self) -> bytes:
        """Return what comes next; it is waited for by `poll`, during which gevent runs its other threads: a read stops them all."""
        if hasattr(select, "poll"):
            waiting = select.poll()
            waiting.register(self.descriptor, select.POLLIN)
            waiting.poll()
        return os.read(self.descriptor, _AT_ONCE)

    def close(self) -> None:
        """Close it, unless it is lost; may be called twice."""
        lost, was_closed = self.is_lost, self.closed
        self._was_lost, self.closed = lost, True
        if not lost and not was_closed:
            os.close(self.descriptor)
