"""What the recorder takes in from other programs: bounded, counted, never trusted."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import wait_until

import powermeter
from powermeter.analysis.event_accounts import differences
from powermeter.marking import intake, recordings, ring, ring_reader
from powermeter.marking.event_log import EventLog
from powermeter.recording import Recording, event_batches


class Writer:
    """A ring written by hand, as another language would."""

    def __init__(self, running, process: int = 4242, capacity: int = 64, clock: int = ring.MONOTONIC):
        self.memory = ring.create(running.folder, process, capacity, b"by hand", clock)
        self.capacity = capacity
        self.next = 0

    def put(
        self, kind, text=b"", event=0, at_ns=None, *, count=1.0, flags=0, duration=0, length=None, parent=0
    ):
        at_ns = time.monotonic_ns() if at_ns is None else at_ns
        length = len(text) if length is None else length
        self.slot(at_ns, count, duration, parent, 7, 0, text[:12], event, length, kind, flags)
        for first in range(12, len(text), 48):
            self.more(text[first : first + 48], event)

    def slot(self, *cells):
        at = ring.HEADER_BYTES + self.next % self.capacity * ring.SLOT_BYTES
        self.next += 1
        ring.SLOT.pack_into(self.memory, at, *cells, self.next)

    def more(self, piece, event, length=None):
        at = ring.HEADER_BYTES + self.next % self.capacity * ring.SLOT_BYTES
        self.next += 1
        length = len(piece) if length is None else length
        ring.MORE_TEXT.pack_into(self.memory, at, piece, event, length, ring.MORE, 0, self.next)

    def raw(self, data):
        at = ring.HEADER_BYTES + self.next % self.capacity * ring.SLOT_BYTES
        self.next += 1
        self.memory[at : at + 56] = data[:56]
        struct.pack_into("<Q", self.memory, at + 56, self.next)


@pytest.fixture
def by_hand(running) -> Writer:
    return Writer(running)


def events_of(running):
    with Recording.open(running.path) as recording:
        return recording.events()


def one_count(running):
    (counts,) = running.counts().values()
    return counts


def test_begin_and_end_of_a_number_are_one_event(running, by_hand):
    by_hand.put(ring.BEGIN, b'infer\0{"a": 1}', 1, count=3.0, flags=1)
    by_hand.put(ring.END, b'{"b": 2}', 1)
    by_hand.put(ring.BEGIN, b"again", 2)
    by_hand.put(ring.END, b"", 2, count=float("nan"), flags=1)
    first, second = running.end()
    assert (first.name, first.count, first.attributes) == ("infer", 3, {"a": 1, "b": 2})
    assert (second.name, second.count, second.process, second.thread) == ("again", None, 4242, 7)


def test_begin_and_end_without_a_number_pair_by_name_innermost_first(running, by_hand):
    other = Writer(running, process=4343)
    third = Writer(running, process=4444)
    at_ns = time.monotonic_ns()
    for writer, kind, name in (
        (by_hand, ring.BEGIN, b"a"),
        (by_hand, ring.BEGIN, b"b"),
        (other, ring.BEGIN, b"a"),
        (by_hand, ring.BEGIN, b"a"),
        (by_hand, ring.END, b"a"),
        (by_hand, ring.END, b"b"),
        (by_hand, ring.END, b"a"),
        (third, ring.END, b"a"),
    ):
        at_ns += 1_000_000
        writer.put(kind, name, 0, at_ns)
    found = running.end()
    assert len(found) == 4 and all(event.end_ns is not None for event in found)
    outer, _, foreign, inner = found
    assert (foreign.process, foreign.name) == (4343, "a"), "an end of another process takes what is left"
    assert outer.start_ns < inner.start_ns < inner.end_ns < outer.end_ns < foreign.end_ns


def test_what_a_shell_begins_inside_another_event_is_its_part(running):
    """Each mark of a shell is a ring of its own: begun inside, begun again by the same name, and only overlapping."""
    at_ns = time.monotonic_ns() - 100_000_000
    for kind, name, process in (
        (ring.BEGIN, b"outer", 4242),
        (ring.BEGIN, b"inner", 4242),
        (ring.BEGIN, b"elsewhere", 4343),
        (ring.END, b"inner", 4242),
        (ring.BEGIN, b"same", 4242),
        (ring.BEGIN, b"same", 4242),
        (ring.END, b"same", 4242),
        (ring.END, b"same", 4242),
        (ring.BEGIN, b"beside", 4242),
        (ring.END, b"elsewhere", 4343),
        (ring.END, b"outer", 4242),
        (ring.END, b"beside", 4242),
    ):
        at_ns += 1_000_000
        Writer(running, process).put(kind, name, 0, at_ns)
    found = {event.uid: event for event in running.end()}
    parents = [(event.name, event.parent and found[event.parent].name) for event in found.values()]
    assert sorted(parents, key=str) == [
        ("beside", None),
        ("elsewhere", None),
        ("inner", "outer"),
        ("outer", None),
        ("same", "outer"),
        ("same", "same"),
    ]


def test_what_a_shell_begins_after_an_event_that_never_ends_is_not_its_part(running):
    """A step that failed leaves its begin: what follows lies in the epoch around both, or in nothing, and keeps all of its energy."""
    at_ns = time.monotonic_ns() - 100_000_000
    for kind, name in (
        (ring.BEGIN, b"epoch"),
        (ring.BEGIN, b"failed"),
        (ring.BEGIN, b"step"),
        (ring.BEGIN, b"part"),
        (ring.END, b"part"),
        (ring.END, b"step"),
        (ring.END, b"epoch"),
        (ring.BEGIN, b"after"),
        (ring.END, b"after"),
    ):
        at_ns += 1_000_000
        Writer(running).put(kind, name, 0, at_ns)
    found = {event.uid: event for event in running.end()}
    parents = {event.name: event.parent and found[event.parent].name for event in found.values()}
    del parents["failed"]  # whether it lay in the epoch depends on when its begin was written
    assert parents == {"epoch": None, "step": "epoch", "part": "step", "after": None}
    assert [event.name for event in found.values() if event.end_ns is None] == ["failed"]


def test_an_end_before_its_begin_in_time_is_no_negative_event(running, by_hand):
    now = time.monotonic_ns()
    by_hand.put(ring.BEGIN, b"late", 0, now)
    by_hand.put(ring.END, b"late", 0, now - 5_000_000)
    (event,) = running.end()
    assert event.start_ns == event.end_ns == now


def test_stamps_of_another_clock_are_refused_and_counted(running, by_hand):
    by_hand.put(ring.INSTANT, b"wall clock", 1, time.time_ns())
    by_hand.put(ring.INSTANT, b"before", 2, -(10**15))
    by_hand.put(ring.EVENT, b"too long", 3, duration=10**12)
    by_hand.put(ring.EVENT, b"negative", 4, duration=-5)
    by_hand.put(ring.INSTANT, b"fine", 5)
    assert [event.name for event in running.end()] == ["fine"]
    assert one_count(running).details["refused"] == 4


def test_stamps_since_1970_are_converted(running):
    writer = Writer(running, clock=ring.UTC)
    before = time.monotonic_ns()
    writer.put(ring.INSTANT, b"utc", 1, time.time_ns())
    after = time.monotonic_ns()
    (event,) = running.end()
    # Two clocks are read one after the other, and the machine may do something else in between.
    assert before - 10**10 <= event.start_ns <= after + 10**10


def test_strays_and_kinds_that_do_not_exist_are_counted(running, by_hand):
    by_hand.put(ring.END, b"", 77)
    by_hand.put(99, b"x", 1)
    by_hand.more(b"of nothing", 5)
    by_hand.put(ring.INSTANT, b"fine", 6)
    assert [event.name for event in running.end()] == ["fine"]
    details = one_count(running).details
    assert (details["strays"], details["refused"]) == (1, 1)


def test_texts_beyond_bounds_and_no_json_cost_themselves_only(running):
    by_hand = Writer(running, capacity=256)
    by_hand.slot(time.monotonic_ns(), 1.0, 0, 0, 0, 0, b"huge", 1, 65_535, ring.INSTANT, 0)
    by_hand.put(ring.INSTANT, b"n\0{not json}", 2)
    by_hand.put(ring.INSTANT, b"l\0[1]", 3)
    by_hand.put(ring.INSTANT, b"\xff\xfe", 4)
    by_hand.put(ring.INSTANT, b"x\0" + b"[" * 5000, 5)
    by_hand.slot(
        time.monotonic_ns(), 1.0, 0, 0, 0, 0, b"cut", 6, 500, ring.INSTANT, 0
    )  # its text never comes
    found = {event.name: event.attributes for event in running.end()}
    assert found == {
        "n": {"@unreadable": "{not json}"},
        "l": {"@unreadable": "[1]"},
        "\ufffd\ufffd": {},
        "x": {"@unreadable": "[" * 200},
    }
    assert one_count(running).details["refused"] == 1


def test_random_bytes_end_nothing(running, by_hand):
    import random

    draw = random.Random(20261126)
    for _ in range(60):
        by_hand.raw(draw.randbytes(56))
    EventLog(running.folder).open()
    with powermeter.event("fine"):
        pass
    assert "fine" in [event.name for event in running.end()]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PMMARKS1" + bytes(4088)),
        lambda path: path.write_bytes(ring.HEADER.pack(b"PMMARKS1", 1 << 30, 0, 1, 0) + bytes(8192)),
        lambda path: path.write_bytes(ring.HEADER.pack(b"PMMARKS1", 3, 0, 1, 0) + bytes(8192)),
        lambda path: path.write_bytes(ring.HEADER.pack(b"PMMARKS1", 64, 0, 1, 0) + bytes(4072)),
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.mkdir(),
        os.mkfifo,
    ],
)
def test_what_is_no_ring_is_left_alone(running, make):
    make(Path(running.folder) / "1-1-x.ring")
    running.intake.start()
    with powermeter.event("fine"):
        pass
    wait_until(running.log.flush)
    assert [event.name for event in running.end()] == ["fine"]


def test_a_ring_that_is_cut_short_does_not_end_the_reader(live):
    writer = Writer(live, process=os.getpid())
    writer.put(ring.INSTANT, b"early", 1)
    wait_until(lambda: events_of(live))
    (path,) = Path(live.folder).glob("*.ring")
    os.truncate(path, 100)
    with powermeter.event("fine"):
        pass
    assert {"early", "fine"} <= {event.name for event in live.end()}


def test_more_rings_than_are_allowed_wait_outside(running, monkeypatch):
    monkeypatch.setattr(intake, "MAX_RINGS", 3)
    for number in range(5):
        Writer(running, process=5000 + number, capacity=16).put(ring.INSTANT, b"x", 1)
    assert len(running.end()) == 3


@pytest.mark.thorough
def test_rings_of_processes_that_ended_are_let_go_and_accounted(live):
    code = "import powermeter\nwith powermeter.event('child'): pass"
    environment = {**os.environ, recordings.ENVIRONMENT: live.folder}
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    wait_until(lambda: not list(Path(live.folder).glob("*.ring")))
    assert len(live.counts()) == 3
    assert all(one.begun == one.written == 1 for one in live.counts().values())


def test_a_file_that_cannot_be_written_for_a_while_loses_nothing(live):
    import sqlite3

    holder = sqlite3.connect(live.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(10):
        with powermeter.event("held"):
            pass
    time.sleep(0.8)
    holder.execute("ROLLBACK")
    holder.close()
    assert [event.name for event in live.end()] == ["held"] * 10


def test_nothing_is_left_behind(running):
    with powermeter.event("x"):
        pass
    running.end()
    assert not Path(running.folder).exists()
    with Recording.open(running.path) as recording:
        assert recording.warnings == []


def test_a_long_write_empties_the_rings_meanwhile(running, monkeypatch):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    monkeypatch.setattr(intake, "ROWS", 16)
    monkeypatch.setattr(ring_reader, "SETTLE_NS", 0)

    def mark(count: int) -> None:
        for _ in range(count):
            with powermeter.event("w"):
                pass

    def take() -> int:
        return running.intake.poll()[0]

    mark(60)
    before, slots = take(), take()
    assert before == 0 and slots >= 61, "the first takes two slots, and so does one that the host held up"
    running.intake.assemble(time.monotonic_ns() + 10**12)
    free: list[int] = []
    insert = event_batches.insert

    def slow(*args):
        mark(8)  # a program goes on while the disk is slow
        free.append(running.log.words[ring.TAKEN])
        return insert(*args)

    monkeypatch.setattr(event_batches, "insert", slow)
    running.intake.commit()
    monkeypatch.undo()
    assert len(free) == 4 and free[-1] > free[0] == slots
    assert len(running.end()) == 60 + 8 * 4
    assert running.counts()[os.getpid()].details["lost"] == 0


def test_events_are_made_in_turns_that_are_short_on_a_busy_machine_too(running, monkeypatch):
    """A writer waits two seconds, in which two looks at its ring are due; turns of 8,192 slots lasted one each where eight programs shared a core."""
    monkeypatch.setattr(ring_reader, "SETTLE_NS", 0)
    full = Writer(running, capacity=1 << 13)
    for number in range(1, (1 << 12) + 1):
        full.put(ring.BEGIN, b"w", number)
        full.put(ring.END, b"", number)
    for _ in range(4):  # the first two are of few slots
        running.intake.poll()
    over_at_once = time.monotonic_ns()
    for _ in range(2):
        running.intake.assemble(over_at_once)
    running.intake.commit()
    words = full.memory[: ring.HEADER_BYTES]
    taken, committed = (struct.unpack_from("<Q", words, 8 * word)[0] for word in (ring.TAKEN, ring.COMMITTED))
    assert taken == 1 << 13 and 0 < committed <= 2 << 10
    assert len(running.end()) == 1 << 12


def test_a_full_backlog_frees_a_ring_little_by_little(running, monkeypatch):
    """A ring was freed whole, and the next one when all of that had become events: longer than a writer waits, whose marks from then on were lost."""
    monkeypatch.setattr(ring_reader, "SETTLE_NS", 0)
    monkeypatch.setattr(intake, "MAX_BACKLOG", 2 << 10)
    full = Writer(running, capacity=1 << 13)
    for number in range(1, (1 << 12) + 1):
        full.put(ring.BEGIN, b"w", number)
        full.put(ring.END, b"", number)

    def freed() -> int:
        for _ in range(4):
            running.intake.poll()
        return struct.unpack_from("<Q", full.memory[: ring.HEADER_BYTES], 8 * ring.TAKEN)[0]

    before = freed()
    assert before <= 3 << 10
    while before < 1 << 13:
        for _ in range(2):  # turns, of which one may be of few slots
            running.intake.assemble(time.monotonic_ns())
        after = freed()
        assert before < after <= before + (3 << 10)
        before = after
    assert len(running.end()) == 1 << 12


def test_how_many_events_were_written_is_counted_where_they_are(running, monkeypatch):
    """It was copied from how many had finished, so that nothing could ever be missing."""
    plain = event_batches.insert

    def one_is_missing(connection, process, rows, columns):
        return plain(connection, process, [row for row in rows if row[3] != "lost"], columns)

    monkeypatch.setattr(event_batches, "insert", one_is_missing)
    for name in ("kept", "lost", "kept"):
        with powermeter.event(name):
            powermeter.mark("instant")
    running.end()
    counts = one_count(running)
    assert (counts.begun, counts.finished, counts.written) == (3, 3, 2)
    (text,) = differences({1: counts})
    assert "1 of 3 finished events could not be written" in text


def test_a_name_that_an_unseen_event_may_have_ends_where_its_mark_states(running, by_hand):
    """A slot that is used again may hold what an earlier mark left behind the name."""
    at_ns = time.monotonic_ns()
    by_hand.put(ring.EVENT, b"infer\0left", 1, at_ns, length=5, duration=1000)
    by_hand.put(ring.EVENT, b"load and so", 2, at_ns, length=4, duration=1000)
    struct.pack_into("<Q", by_hand.memory, 8 * ring.NEWEST, 3)
    running.end()
    counts = one_count(running)
    assert (counts.details["hidden"], counts.details["short"]) == (1, ["infer", "load"])
