"""Reading a ring: only slots that are whole and have settled, each once, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.marking import ring
from powermeter.marking.ring_reader import SETTLE_NS, RingReader


@pytest.fixture
def pair(tmp_path):
    memory = ring.create(str(tmp_path), 77, 8, b"me")
    (path,) = Path(tmp_path).iterdir()
    return memory, RingReader(str(path))


def put(memory, index):
    at = ring.HEADER_BYTES + index % 8 * ring.SLOT_BYTES
    ring.SLOT.pack_into(memory, at, index, 1.0, 0, 0, 0, 0, b"x", index, 1, ring.INSTANT, 0, index + 1)


def test_a_slot_is_taken_once_it_has_been_whole_for_a_while(pair):
    memory, reader = pair
    assert (reader.process, reader.program, reader.capacity) == (77, "me", 8)
    put(memory, 0)
    assert len(reader.take(SETTLE_NS)) == 0, "seen for the first time"
    assert len(reader.take(SETTLE_NS + 1)) == 0, "too soon after"
    assert reader.take(2 * SETTLE_NS)["time"].tolist() == [0]
    assert len(reader.take(3 * SETTLE_NS)) == 0, "taken already"
    assert memoryview(memory)[:4096].cast("Q")[ring.TAKEN] == 1


def test_slots_come_in_order_over_the_seam_and_stop_at_a_hole(pair):
    memory, reader = pair
    taken, now = [], 0
    for index in range(30):
        put(memory, index)
        for _ in range(2):
            now += SETTLE_NS
            taken += reader.take(now)["time"].tolist()
    assert taken == list(range(30))
    put(memory, 31)
    for _ in range(3):
        now += SETTLE_NS
        assert len(reader.take(now)) == 0, "30 is not whole yet"
    put(memory, 30)
    for _ in range(4):
        now += SETTLE_NS
        taken += reader.take(now)["time"].tolist()
    assert taken == list(range(32))


def test_what_was_not_committed_is_left_over(pair):
    memory, reader = pair
    for index in range(11):
        put(memory, index)
    reader.note_committed(5)
    assert reader.left_over()["time"].tolist() == list(range(5, 11))
