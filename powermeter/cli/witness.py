"""Distinguishes a signal sent to a whole process group from one sent to this process alone.

`kill -INT -GROUP` reaches the measured command by itself; `kill -INT PID` does not, and a signal does not state which
of both it was.  A process that does nothing but wait in the same group knows: it got it too, or it did not.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable
from contextlib import suppress

PATIENCE_S = 0.1
"""How long the witness may take to report what it got; it waits for nothing else."""
LOOK_S = 1.0
"""How often it looks whether it is still needed."""


class Witness:
    """A process in the group of this one that reports which signals it gets.

    Args:
        numbers: The signals; they must be blocked here already.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = frozenset(numbers)
        self._pipe, end = os.pipe()
        parent = os.getpid()
        self._process = os.fork()
        if not self._process:
            self._watch(end, parent)
        os.close(end)

    def _watch(self, end: int, parent: int) -> None:
        """Report signals until the parent is gone; never returns."""
        try:
            os.closerange(0, end)
            os.closerange(end + 1, os.sysconf("SC_OPEN_MAX"))
            while os.getppid() == parent:
                heard = signal.sigtimedwait(self._numbers, LOOK_S)
                if heard is not None:
                    os.write(end, bytes([heard.si_signo]))
        finally:
            os._exit(0)

    def saw(self, number: int) -> bool:
        """Return whether the whole group got a signal that has just come."""
        while select.select([self._pipe], [], [], PATIENCE_S)[0]:
            heard = os.read(self._pipe, 1)
            if not heard:
                return False  # it was killed: nobody knows
            if heard[0] == number:
                return True
        return False

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._pipe)
