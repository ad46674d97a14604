"""Reports sources that send nothing any more, and a file that cannot be written, while a recording runs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from powermeter.recorder.messages import notice, send
from powermeter.recorder.reading import SourceReader

UNWRITTEN_S = 1.0
"""After this long without a write that succeeds, a line is printed."""


class SilenceWatch:
    """Prints once when a source falls silent, when it is back, and when it has ended; the same for the file.

    A recording goes on without sources: the program's events are still its own.
    """

    def __init__(self) -> None:
        self._silent: set[int] = set()
        self._over: set[int] = set()
        self._unwritten_since: float | None = None
        self._is_printed = False

    def look(self, readers: Sequence[SourceReader], unwritten: str = "") -> None:
        """Look at every source, and at why the file could not be written just now; empty where it could."""
        self._look_at_file(unwritten)
        for position, reader in enumerate(readers):
            name = reader.source.name
            if reader.ended.is_set():
                if position not in self._over:
                    self._over.add(position)
                    why = f" ({reader.failure})" if reader.failure else ""
                    notice(f"{name}: it has ended{why}; what follows is a gap, events are recorded")
                continue
            silent = reader.quiet_ns > reader.patience_ns
            if silent and position not in self._silent:
                self._silent.add(position)
                why = f" ({reader.health.last_error})" if reader.is_lost else ""
                notice(f"{name}: nothing for {reader.quiet_ns / 1e9:.1f} s{why}; a gap begins")
            elif not silent and position in self._silent:
                self._silent.remove(position)
                notice(f"{name}: it is back")

    def _look_at_file(self, unwritten: str) -> None:
        if not unwritten:
            if self._unwritten_since is not None:
                send({"type": "waiting", "why": ""})
            if self._is_printed:
                notice("the file can be written again; the readings that waited are in it")
            self._unwritten_since, self._is_printed = None, False
            return
        now = time.monotonic()
        if self._unwritten_since is None:
            self._unwritten_since = now
            send({"type": "waiting", "why": unwritten})
        elif not self._is_printed and now - self._unwritten_since >= UNWRITTEN_S:
            self._is_printed = True
            notice(
                f"the file cannot be written ({unwritten}); readings wait in memory, up to two minutes of them"
            )
