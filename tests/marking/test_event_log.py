"""Events on their way into the file: none lost, none doubled, none ever raised into the program."""

from __future__ import annotations

import errno
import math
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest
from waiting import wait_until

import powermeter
from powermeter.marking import event_log, recordings, ring, span
from powermeter.marking.event_log import EventLog


def test_events_arrive_as_they_were(running):
    with powermeter.event("outer", n=4, model="tiny") as outer, powermeter.event("inner") as inner:
        inner.measure(accuracy=0.93)
    powermeter.mark("epoch", number=2)
    first, second, third = running.end()
    assert (first.name, first.count, first.attributes) == ("outer", 4, {"model": "tiny"})
    assert (first.start_ns, first.end_ns) == (outer.start_ns, outer.end_ns)
    assert (second.name, second.parent, second.uid) == ("inner", outer.uid, inner.uid)
    assert second.measures == {"accuracy": 0.93} and second.attributes == {}
    assert third.is_mark and third.attributes == {"number": 2}
    assert {event.process for event in (first, second, third)} == {os.getpid()}
    assert first.thread == threading.get_native_id() and first.peak_memory > 1e6


def test_short_events_of_a_name_take_one_slot_and_say_the_same(running):
    """The first of a name is written at its begin and its end, later ones at the end only."""
    spans = []
    for number in range(3):
        with powermeter.event("w", n=number) as event:
            pass
        spans.append((event.start_ns, event.end_ns, number))
    with powermeter.event("w") as event:
        time.sleep(0.002)  # and after a long one in two again
    with powermeter.event("w"):
        pass
    found = running.end()
    assert [(one.start_ns, one.end_ns, one.count) for one in found[:3]] == spans
    assert (found[3].start_ns, found[3].end_ns) == (event.start_ns, event.end_ns)
    assert len(found) == 5 and {one.name for one in found} == {"w"}


def test_no_event_is_lost_or_reordered_by_threads_that_mark_at_the_same_time(live):
    stop = threading.Event()
    made = [0] * 3
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(position):
        while not stop.is_set() and made[position] < 4000:
            with powermeter.event(f"thread {position} with a name of several slots" if position else "w"):
                made[position] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    try:
        for thread in threads:
            thread.start()
        wait_until(lambda: sum(made) > 2000 and all(made))
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    found = live.end()
    assert len(found) == sum(made) > 0
    assert len({event.uid for event in found}) == len(found)
    for name in {event.name for event in found}:
        starts = [event.uid for event in found if event.name == name]
        assert starts == sorted(starts)


def test_a_recorder_that_does_not_read_costs_events_that_are_counted_and_never_the_program(
    running, monkeypatch
):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    monkeypatch.setattr(event_log, "PATIENCE_S", 0.05)
    for module in ("event_log", "span"):  # each is one mark, however slow the machine
        monkeypatch.setattr(f"powermeter.marking.{module}.BRIEF_NS", 10**12)
    begun = time.monotonic()
    for _ in range(1000):
        with powermeter.event("w"):
            pass
    assert time.monotonic() - begun < 25, "each of a thousand events has waited"
    found = running.end()
    counts = running.counts()[os.getpid()]
    assert 0 < len(found) <= 64
    assert len(found) + counts.details["lost"] == 1000
    assert counts.details["waited_s"] >= 0.05


def test_after_a_full_ring_has_been_emptied_marks_are_kept_again(running, monkeypatch):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    monkeypatch.setattr(event_log, "PATIENCE_S", 0.01)
    for _ in range(200):
        with powermeter.event("early"):
            pass
    running.intake.start()
    wait_until(lambda: running.log.flush())
    for _ in range(20):
        with powermeter.event("late"):
            pass
        running.log.flush()
    assert sum(event.name == "late" for event in running.end()) == 20


def test_an_event_that_still_runs_is_there_without_an_end_and_then_replaced(live):
    with powermeter.event("long", n=3, model="tiny") as event:
        assert live.log.flush()
        (found,) = events_of(live)
        assert (found.end_ns, found.start_ns, found.count) == (None, event.start_ns, 3)
        assert found.attributes == {"model": "tiny"}
        event["tokens"] = 12
    (found,) = live.end()
    assert found.end_ns == event.end_ns and found.attributes == {"model": "tiny", "tokens": 12}


def events_of(running):
    from powermeter.recording import Recording

    with Recording.open(running.path) as recording:
        return recording.events()


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__

    def __float__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("count", "kept"),
    [
        (0, 0),
        (2.5, 2.5),
        (4.0, 4),
        (None, None),
        (True, 1),
        ("many", None),
        (math.nan, None),
        (math.inf, None),
        (-1, None),
        (10**30, 1e30),
        (10**400, None),
        (Unspeakable(), None),
        ([1], None),
        (2**53, 2**53),
    ],
)
def test_an_odd_count_never_drops_the_event(running, count, kept):
    for _ in range(2):  # in two slots, then in one
        with powermeter.event("w", n=count):
            pass
    assert [event.count for event in running.end()] == [kept, kept]
    details = running.counts()[os.getpid()].details
    is_odd = kept is None and count is not None
    assert (details["odd_counts"], details["odd"]) == ((2, ["w"]) if is_odd else (0, []))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Unspeakable(), "<Unspeakable>"),
        ({1: [2, None, {"a": True}]}, {"1": [2, None, {"a": True}]}),
        ('ä\udcff\x00"\\', 'ä\\udcff\x00"\\'),
        (2**70, str(2**70)),
        (1e300, 1e300),
        ((1, 2), [1, 2]),
        (10**5000, "<int>"),
        (math.inf, math.inf),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_odd_attribute_never_drops_the_event(running, value, kept):
    with powermeter.event("w", odd=value):
        pass
    (event,) = running.end()
    assert event.attributes == {"odd": kept}


def test_a_circular_attribute_ends_somewhere(running):
    circle: dict = {}
    circle["self"] = circle
    with powermeter.event("w", circle=circle):
        pass
    assert len(running.end()) == 1


def test_a_hundred_thousand_characters_of_attributes_are_cut_and_the_event_is_kept(running):
    with powermeter.event("w", text="y" * 100_000):
        pass
    assert [event.name for event in running.end()] == ["w"]


def test_where_no_ring_can_be_made_the_program_goes_on_and_the_log_says_why(tmp_path):
    log = EventLog(str(tmp_path / "gone"), "run.power")
    token = span.attach(log)
    try:
        with powermeter.event("early"):
            pass
    finally:
        span.detach(log, token)
    assert "run.power" in log.problem and log.flush()


def in_worker(number: int) -> int:
    with powermeter.event("worker", n=number):
        return os.getpid()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_workers_write_their_own_events_and_not_the_parents(running):
    with powermeter.event("parent"), multiprocessing.get_context("fork").Pool(2) as pool:
        pids = set(pool.map(in_worker, range(1, 9), chunksize=1))
    found = running.end()
    assert sorted(event.count for event in found if event.name == "worker") == list(range(1, 9))
    assert {event.process for event in found if event.name == "worker"} == pids
    assert [event.process for event in found if event.name == "parent"] == [os.getpid()]


def test_a_child_process_finds_the_recording_in_its_environment(running):
    code = "import powermeter, sys\nwith powermeter.event('child', n=3): pass\nsys.exit(3)"
    environment = {**os.environ, recordings.ENVIRONMENT: running.folder}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (3, b"")
    (event,) = running.end()
    assert (event.name, event.count) == ("child", 3)


def test_an_unusable_folder_in_the_environment_harms_nothing(tmp_path):
    bad = tmp_path / "bad"
    bad.write_text("not a folder")
    code = "import powermeter\nwith powermeter.event('x'): print('fine')"
    environment = {**os.environ, recordings.ENVIRONMENT: str(bad)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"fine\n", b"")
    assert bad.read_text() == "not a folder"


def test_with_little_shared_memory_the_ring_is_small_and_with_none_the_program_goes_on(running, monkeypatch):
    reserve = os.posix_fallocate

    def little(descriptor, offset, size):
        if size > limit:
            raise OSError(errno.ENOSPC, "No space left on device")
        reserve(descriptor, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", little)
    limit = 1 << 16
    running.intake.start()
    for _ in range(1000):
        with powermeter.event("w"):
            pass
    assert running.log.problem == ""
    limit = 0
    log = EventLog(running.folder, "run.power")
    assert not log.open() and "No space left" in log.problem
    assert len(running.end()) == 1000
