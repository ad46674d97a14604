"""Distinguishes a signal sent to a whole process group from one sent to this process alone.

`kill -INT -GROUP` reaches the measured command by itself; `kill -INT PID` does not, and a signal does not state which
of both it was.  A process that does nothing but wait in the same group knows, and is asked: it got it too, or it did not.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

PATIENCE_S = 5.0
"""How long the witness may take to answer, on a machine that does not let it run."""
AGAIN_S = 0.01
"""After so long it is asked once more: a group's processes get a signal one after the other."""
LOOK_S = 1.0
"""How often it looks whether it is still needed."""


class Witness:
    """A process in the group of this one that answers which signals it got.

    Args:
        numbers: The signals; they must be blocked here already.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = frozenset(numbers)
        questions, self._ask = os.pipe()
        self._hear, answers = os.pipe()
        parent = os.getpid()
        self.process = os.fork()
        if not self.process:
            self._watch(questions, answers, parent)
        os.close(questions)
        os.close(answers)

    def _watch(self, questions: int, answers: int, parent: int) -> None:
        """Answer until the parent is gone; never returns."""
        try:
            low, high = sorted((questions, answers))
            for first, last in ((0, low), (low + 1, high), (high + 1, os.sysconf("SC_OPEN_MAX"))):
                os.closerange(first, last)
            while os.getppid() == parent:
                if not select.select([questions], [], [], LOOK_S)[0]:
                    continue
                asked = os.read(questions, 1)
                if not asked:
                    break
                got = asked[0] in self._numbers and signal.sigtimedwait({asked[0]}, 0) is not None
                os.write(answers, bytes([got]))
        finally:
            os._exit(0)

    def saw(self, number: int) -> bool:
        """Return whether the whole group got a signal that has just come; False as well where it is not known."""
        if self._got(number):
            return True
        time.sleep(AGAIN_S)
        return self._got(number)

    def _got(self, number: int) -> bool:
        with suppress(OSError):  # it was killed
            os.write(self._ask, bytes([number]))
            if select.select([self._hear], [], [], PATIENCE_S)[0]:
                return os.read(self._hear, 1) == b"\x01"
        return False

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self._ask)
        os.close(self._hear)
