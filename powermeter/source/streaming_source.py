"""An instrument that sends on its own, in blocks that are already stamped."""

from __future__ import annotations

from abc import abstractmethod

from powermeter.source.rows import Block
from powermeter.source.source import Source


class StreamingSource(Source):
    """An instrument that sends on its own."""

    @abstractmethod
    def read_block(self, timeout_s: float) -> Block | None:
        """Return what has arrived, waiting at most `timeout_s`; None when nothing has.

        Raises:
            ReadError: The stream broke.
            EOFError: The stream has ended for good (a replayed file, a program that exited with 0).
        """

    def finish(self) -> None:
        """Check, once reading ends and before `close`, that what was returned can be right.

        Raises:
            ReadError: It cannot; the message names the remedy.
        """
