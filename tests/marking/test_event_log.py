"""Events on their way into the file: none lost, none doubled, none ever raised into the program."""

from __future__ import annotations

import math
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import powermeter
from powermeter.marking import api as instrumentation
from powermeter.marking.event_log import EventLog
from powermeter.recording import Recording, Writer


@pytest.fixture
def path(tmp_path) -> Path:
    """A recording that is still open, as under a running recorder."""
    path = tmp_path / "run.power"
    Writer.create(path, {}).close()
    return path


@pytest.fixture
def log(path):
    log = EventLog(path)
    before = instrumentation.attach(log)
    yield log
    instrumentation.attach(before)
    log.close()


def events(path):
    with Recording.open(path) as recording:
        assert recording.warnings == []
        return recording.events()


def test_events_arrive_as_they_were(log, path):
    with powermeter.event("outer", n=4, model="tiny") as outer, powermeter.event("inner") as inner:
        pass
    powermeter.mark("epoch", number=2)
    log.flush()
    first, second, third = events(path)
    assert (first.name, first.count, first.attributes) == ("outer", 4, {"model": "tiny"})
    assert (first.start_ns, first.end_ns) == (outer.start_ns, outer.end_ns)
    assert (second.name, second.parent, second.uid) == ("inner", outer.uid, inner.uid)
    assert third.is_mark and third.attributes == {"number": 2}
    assert {event.process for event in (first, second, third)} == {os.getpid()}
    assert first.thread == threading.get_ident() and first.peak_memory > 1e6


def test_no_event_is_lost_between_many_flushes(log, path):
    """Stamping threads and the flushing one meet at every possible place."""
    stop = threading.Event()
    made = [0] * 3
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(position):
        while not stop.is_set() and made[position] < 4000:
            with powermeter.event("w"):
                made[position] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(15):
            log.flush()
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    log.flush()
    found = events(path)
    assert len(found) == sum(made) > 0
    assert len({event.uid for event in found}) == len(found)


def test_a_thread_that_ended_is_forgotten_after_its_events_are_written(log, path):
    def work():
        with powermeter.event("short-lived"):
            pass

    for _ in range(20):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    log.flush()
    log.flush()
    assert len(events(path)) == 20
    assert log._lanes == []


def test_an_event_that_runs_long_is_announced_once_and_then_replaced(log, path, monkeypatch):
    monkeypatch.setattr("powermeter.marking.event_log.FLUSH_S", 0.0)
    with powermeter.event("long") as span:
        log.flush()
        log.flush()
        (running,) = events(path)
        assert running.end_ns is None and running.start_ns == span.start_ns
    log.flush()
    (done,) = events(path)
    assert done.end_ns == span.end_ns


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("name", "count", "attributes"),
    [
        (Unspeakable(), 1, {}),
        ("count", "many", {}),
        ("nan", math.nan, {}),
        ("circle", 1, {"self": Unspeakable()}),
    ],
)
def test_one_odd_event_costs_itself_only(log, path, name, count, attributes):
    with powermeter.event("before"), powermeter.event(name, count, **attributes):
        pass
    log.flush()
    assert [event.name for event in events(path)] == ["before"]
    assert "could not be written" in log.problem


def test_odd_names_and_counts_are_kept_where_they_can_be(log, path):
    for name, count in (
        ("\udcff broken", 1),
        ("", 1),
        ("x" * 100_000, 1),
        ("<script>", -1),
        ("huge", 10**30),
        (7, 1),
    ):
        with powermeter.event(name, count):
            pass
    log.flush()
    found = events(path)
    assert len(found) == 6 and log.problem == ""
    assert found[4].count == 2**63 - 1 and found[3].count == -1 and found[5].name == "7"


def test_a_recording_that_cannot_be_written_is_said_and_tried_again(tmp_path):
    path = tmp_path / "late.power"
    log = EventLog(path)
    before = instrumentation.attach(log)
    try:
        with powermeter.event("early"):
            pass
        log.flush()
        assert "late.power" in log.problem and "could not be written" in log.problem
        Writer.create(path, {}).close()
        log.flush()
    finally:
        instrumentation.attach(before)
        log.close()
    assert [event.name for event in events(path)] == ["early"]


def test_a_reused_process_id_does_not_overwrite_an_earlier_event(path):
    for start_ns in (100, 900):
        log = EventLog(path)
        span = log.event(f"at {start_ns}")
        span.__enter__()
        span.start_ns = start_ns
        span.__exit__(None, None, None)
        log.close()
    assert [event.name for event in events(path)] == ["at 100", "at 900"]


def in_worker(number: int) -> int:
    with powermeter.event("worker", n=number):
        return os.getpid()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_workers_write_their_own_events_and_not_the_parents(log, path):
    with powermeter.event("parent"), multiprocessing.get_context("fork").Pool(2) as pool:
        pids = set(pool.map(in_worker, range(1, 9), chunksize=1))
        pool.close()
        pool.join()
    log.flush()
    found = events(path)
    assert sorted(event.count for event in found if event.name == "worker") == list(range(1, 9))
    assert {event.process for event in found if event.name == "worker"} == pids
    assert [event.process for event in found if event.name == "parent"] == [os.getpid()]


def test_a_child_process_finds_the_recording_in_its_environment(path):
    code = "import powermeter, sys\nwith powermeter.event('child', n=3): pass\nsys.exit(3)"
    environment = {**os.environ, instrumentation.ENVIRONMENT: str(path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (3, b"")
    (event,) = events(path)
    assert (event.name, event.count) == ("child", 3)


def test_an_unusable_recording_in_the_environment_harms_nothing(tmp_path):
    bad = tmp_path / "bad.power"
    bad.write_text("not a recording")
    code = "import powermeter\nwith powermeter.event('x'): print('fine')"
    environment = {**os.environ, instrumentation.ENVIRONMENT: str(bad)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"fine\n", b"")
    assert bad.read_text() == "not a recording"
