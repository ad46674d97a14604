"""Reading a ring: only slots that are whole and have settled, each once, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.marking import ring
from powermeter.marking.ring_reader import SETTLE_NS, TORN_NS, RingReader


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


def test_a_slot_that_its_writer_never_finished_is_passed_over_and_counted(pair):
    memory, reader = pair
    for index in (0, 2, 3):
        put(memory, index)
    taken: list[int] = []
    for now in (SETTLE_NS, 2 * SETTLE_NS, 3 * SETTLE_NS, TORN_NS):
        taken += reader.take(now)["time"].tolist()
    assert taken == [0], "1 may still come"
    for step in range(1, 6):
        taken += reader.take(TORN_NS + (2 + step) * SETTLE_NS)["time"].tolist()
    assert (taken, reader.torn) == ([0, 2, 3], 1)


def test_such_a_slot_at_the_seam_is_seen_too(pair):
    memory, reader = pair
    for index in range(7):
        put(memory, index)
    now = 0
    for _ in range(3):
        now += SETTLE_NS
        reader.take(now)
    put(memory, 8)
    for step in range(5):
        reader.take(now + step * TORN_NS + SETTLE_NS)
    assert (reader.taken, reader.torn) == (9, 1)


def test_of_a_writer_that_has_ended_the_rest_is_returned_at_once(pair):
    memory, reader = pair
    for index in (1, 2, 4):
        put(memory, index)
    assert reader.rest()["time"].tolist() == [1, 2, 4]
    assert (reader.torn, reader.taken, len(reader.rest())) == (2, 5, 0)
