"""The marks of a board's programs in a recording of this machine: each ring there is a ring here, its stamps on this clock."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

from powermeter.marking import ring
from powermeter.recorder.remote.clock import BoardClock

_STAMP = struct.Struct("<q")
_SEQUENCE = struct.Struct("<Q")
_KIND_AT, _SEQUENCE_AT = 54, 56
_PATIENCE_S = 2.0
_MOST_RINGS = 4096


class _Here:
    """A ring of this machine that stands for one of the board's."""

    def __init__(self, folder: str, header: dict[str, Any]) -> None:
        process = int(header.get("process") or 0) & 0x7FFFFFFF
        program = str(header.get("program") or "")[:60]
        self.memory = ring.create(folder, process, ring.CAPACITY, program.encode("utf-8", "replace"))
        # Its process is the board's: nothing of this machine is to be looked at under that number.
        ring.HEADER.pack_into(self.memory, 0, ring.MAGIC, ring.CAPACITY, ring.MONOTONIC, process, 0)
        self.words = memoryview(self.memory)[: ring.HEADER_BYTES].cast("Q")
        is_utc = header.get("clock") == ring.UTC
        # From the board's wall clock to its monotonic one, as they were when the ring was found.
        self.before_ns = int(header.get("monotonic") or 0) - int(header.get("utc") or 0) if is_utc else 0
        self.next = 0


class BoardMarks:
    """Takes in what the agent sends of rings.

    Args:
        folder: The folder of marks of the recording.
        clock: The board's.
    """

    def __init__(self, folder: str, clock: BoardClock) -> None:
        self._folder = folder
        self._clock = clock
        self._rings: dict[int, _Here] = {}
        self.lost = 0
        self.taken = 0

    def header(self, data: bytes) -> None:
        """Take a ring that was found on the board."""
        try:
            header = json.loads(data)
            number = int(header["ring"])
        except (ValueError, KeyError, TypeError):
            return
        if len(self._rings) < _MOST_RINGS and number not in self._rings:
            self._rings[number] = _Here(self._folder, header)

    def slots(self, data: bytes) -> None:
        """Take slots of a ring, in their order."""
        number = struct.unpack_from(">I", data)[0] if len(data) >= 4 else -1
        one = self._rings.get(number)
        count = (len(data) - 4) // ring.SLOT_BYTES
        if one is None:
            self.lost += max(count, 0)
            return
        for i in range(count):
            self._write(one, bytearray(data[4 + i * ring.SLOT_BYTES : 4 + (i + 1) * ring.SLOT_BYTES]))

    def _write(self, one: _Here, slot: bytearray) -> None:
        if one.next >= one.words[ring.TAKEN] + ring.CAPACITY and not self._has_room(one):
            self.lost += 1
            one.words[ring.LOST] += 1
            return
        if slot[_KIND_AT] in (ring.BEGIN, ring.END, ring.INSTANT, ring.EVENT):
            (at_ns,) = _STAMP.unpack_from(slot)
            _STAMP.pack_into(slot, 0, self._clock.here(at_ns + one.before_ns))
            self.taken += 1
        at = ring.HEADER_BYTES + (one.next & (ring.CAPACITY - 1)) * ring.SLOT_BYTES
        self._put(one, at, slot)
        one.next += 1

    def _put(self, one: _Here, at: int, slot: bytearray) -> None:
        """Put a slot into its place, its sequence last."""
        one.memory[at : at + _SEQUENCE_AT] = bytes(slot[:_SEQUENCE_AT])
        _SEQUENCE.pack_into(one.memory, at + _SEQUENCE_AT, one.next + 1)

    def _has_room(self, one: _Here) -> bool:
        deadline = time.monotonic() + _PATIENCE_S
        while one.next >= one.words[ring.TAKEN] + ring.CAPACITY:
            if time.monotonic() > deadline or one.words[ring.CLOSED]:
                return False
            time.sleep(0.002)
        return True

    def close(self) -> None:
        """Note that the board's programs have left."""
        for one in self._rings.values():
            one.words[ring.LEFT] = 1
