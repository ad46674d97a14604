"""What an agent sends of a board's rings stands in rings here: slot by slot, or is counted as lost."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from powermeter.marking import ring
from powermeter.recorder.remote.clock import BoardClock
from powermeter.recorder.remote.marks import BoardMarks


def slot(at_ns: int, kind: int = ring.INSTANT) -> bytes:
    made = bytearray(ring.SLOT_BYTES)
    struct.pack_into("<q", made, 0, at_ns)
    made[54] = kind
    return bytes(made)


def test_slots_of_a_known_ring_are_taken_one_by_one_and_those_of_another_are_lost(tmp_path: Path) -> None:
    """Three slots of 64 bytes behind the number of their ring, 4 bytes big-endian; half a slot is none."""
    marks = BoardMarks(str(tmp_path), BoardClock())
    three = b"".join(slot(at) for at in (10, 20, 30))
    marks.slots(struct.pack(">I", 7) + three)
    assert (marks.taken, marks.lost) == (0, 3)
    marks.header(json.dumps({"ring": 7, "process": 12, "program": "x"}).encode())
    marks.slots(struct.pack(">I", 7) + three + three[:32])
    assert (marks.taken, marks.lost) == (3, 3)
    marks.slots(b"abc")
    assert (marks.taken, marks.lost) == (3, 3)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    held = file.read_bytes()[ring.HEADER_BYTES :]
    assert [struct.unpack_from("<Q", held, 64 * k + 56)[0] for k in range(4)] == [1, 2, 3, 0]
    assert [held[64 * k + 54] for k in range(3)] == [ring.INSTANT] * 3
    marks.close()
