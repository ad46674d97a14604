"""What happens while the file cannot be written (a full disk, a lock, no memory): readings wait, or become a gap."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from powermeter.channel import Gap
from powermeter.errors import plural
from powermeter.recorder.messages import notice, send
from powermeter.recorder.reader_output import Harvest
from powermeter.recording.writer import Writer

MAX_WAITING = 240
"""Harvests kept in memory while the file cannot be written (two minutes of one source)."""
MOST_BYTES = 128 * 10**6
"""What they may hold together, which a fast meter reaches sooner: 100 kHz of two channels in under a minute; one harvest always may."""
PRINTED_AFTER_S = 1.0
"""After this long without a write that succeeds, a line is printed."""

REFUSED = (sqlite3.Error, MemoryError)
"""What keeps readings from being written for a while."""


class Backlog:
    """The harvests that wait to be written.

    Args:
        write: Writes one source's harvest, and before it the gap of what was dropped; the source by its position.
    """

    def __init__(self, write: Callable[[Writer, int, Harvest, Gap | None], None]) -> None:
        self._write = write
        self._waiting: list[tuple[int, Harvest]] = []
        self._dropped: dict[int, Gap] = {}
        self._since: float | None = None
        self._is_printed = False
        self.refusal = ""
        """Why the file could not be written just now; empty where it could."""
        self.last_refusal = ""
        """Why it could not be written the last time that it could not."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, position: int, harvest: Harvest) -> None:
        """Let a harvest wait for `write`."""
        self._waiting.append((position, harvest))

    def refuse(self, error: BaseException) -> None:
        """Note why the file cannot be written."""
        self.last_refusal = self.refusal = str(error) or "no memory is left"

    def attempt(self, note: Callable[[Writer], None], writer: Writer) -> None:
        """Write what may be missing: where it is refused, only that is noted."""
        try:
            note(writer)
        except REFUSED as error:
            self.last_refusal = str(error) or "no memory is left"

    def write(self, writer: Writer) -> None:
        """Write what waits, each harvest whole; keep it where it is refused, as much as memory is to hold."""
        try:
            while self._waiting:
                position, harvest = self._waiting[0]
                with writer.transaction():
                    self._write(writer, position, harvest, self._dropped.get(position))
                self._waiting.pop(0)
                self._dropped.pop(position, None)
            self.refusal = ""
        except REFUSED as error:
            self.refuse(error)
            size = sum(harvest.size for _, harvest in self._waiting)
            while len(self._waiting) > MAX_WAITING or (size > MOST_BYTES and len(self._waiting) > 1):
                position, harvest = self._waiting.pop(0)
                size -= harvest.size
                self._drop(position, harvest)

    def _drop(self, position: int, harvest: Harvest) -> None:
        """Drop readings; their stretch becomes a gap once something can be written again."""
        why = f"the file could not be written: {self.refusal}"
        gap = harvest.as_gap(why, self._dropped.get(position))
        if gap is not None:
            self._dropped[position] = gap

    def list_as_gaps(self, writer: Writer) -> None:
        """Drop what waits and list it as gaps, where there is room for that much."""
        for position, harvest in self._waiting:
            self._drop(position, harvest)
        self._waiting = [(position, Harvest()) for position in self._dropped]
        self.write(writer)

    def what_is_missing(self, path: object, ended_ns: int) -> str:
        """Return one line that lists what waits at the end of a recording."""
        first = min((int(h.blocks[0][0][0]) for _, h in self._waiting if h.blocks), default=ended_ns)
        lost = sum(len(block[0]) for _, h in self._waiting for block in h.blocks)
        return (
            f"{path}: {plural(lost, 'reading')} of the last {max(0, ended_ns - first) / 1e9:.1f} s could not be written "
            f"({self.refusal}); what was written before is in it"
        )

    def report(self) -> None:
        """Print once that the file cannot be written, and once that it can be again; the parent learns it at once."""
        if not self.refusal:
            if self._since is not None:
                send({"type": "waiting", "why": ""})
            if self._is_printed:
                notice("the file can be written again; the readings that waited are in it")
            self._since, self._is_printed = None, False
            return
        now = time.monotonic()
        if self._since is None:
            self._since = now
            send({"type": "waiting", "why": self.refusal})
        elif not self._is_printed and now - self._since >= PRINTED_AFTER_S:
            self._is_printed = True
            notice(
                f"the file cannot be written ({self.refusal}); readings wait in memory, up to two minutes or {MOST_BYTES // 10**6} MB of them"
            )
