"""Events that have begun and not ended: announced once, and named once in the account."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from contextvars import Context
from pathlib import Path

import pytest
from waiting import CEILING_S

import powermeter
from powermeter.analysis.event_accounts import differences
from powermeter.marking import span
from powermeter.marking.event_log import EventLog
from powermeter.marking.mark_account import MAX_LISTED
from powermeter.marking.unfinished_events import Begun, names_of, unannounced
from powermeter.recording import Recording


def recorded(code: str, path: Path) -> int:
    """Record a program of Python and return its exit status."""
    command = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", "virtual://?rate=100Hz"]
    command += ["-o", str(path), "--", sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, timeout=CEILING_S, check=False).returncode


def begun(name: bytes, uid: int = 1) -> Begun:
    return Begun(name, 0, uid, 0, 0, 0, 1, b"")


def test_each_event_that_runs_is_announced_once() -> None:
    first, second = begun(b"a"), begun(b"b", 2)
    assert list(unannounced([first])) == [first]
    assert list(unannounced([first, second])) == [second]
    assert list(unannounced([first, second])) == []


def test_a_name_is_listed_once_and_no_more_names_than_an_account_holds() -> None:
    assert names_of([begun(b"a"), begun(b"a", 2), begun(b"\xff")]) == ["a", "\N{REPLACEMENT CHARACTER}"]
    many = [begun(str(i).encode(), i) for i in range(MAX_LISTED + 1)]
    assert names_of(many) == [str(i) for i in range(MAX_LISTED)]


@pytest.mark.thorough
def test_an_event_that_ends_while_its_program_leaves_is_whole(tmp_path):
    """`__del__` and a generator's close run after what a process does at its exit: their marks have a ring of their own."""
    path = tmp_path / "run.power"
    code = """
        import powermeter
        class Held:
            def __init__(self):
                self.event = powermeter.event("held")
                self.event.__enter__()
            def __del__(self):
                self.event.__exit__(None, None, None)
        @powermeter.track
        def made():
            yield 1
        held, generator = Held(), made()
        next(generator)
    """
    assert recorded(code, path) == 0
    with Recording.open(path) as recording:
        assert sorted(event.name for event in recording.events() if event.end_ns is not None) == [
            "held",
            "made",
        ]
        (counts,) = recording.process_counts().values()
    assert (counts.begun, counts.finished, counts.details["strays"]) == (2, 2, 0)


@pytest.mark.thorough
def test_short_events_that_run_in_several_threads_when_a_program_is_killed_are_counted(tmp_path):
    """Of a name whose last event was short nothing is written before the end: none of the four was listed, as shorter ones had begun after them."""
    path = tmp_path / "run.power"
    code = """
        import os, signal, threading, time, powermeter
        def work(name, until=None):
            with powermeter.event(name):
                if until:
                    until.wait()
                    time.sleep(60)
        work("thread")
        work("main")
        all_in = threading.Barrier(5)
        for _ in range(4):
            threading.Thread(target=work, args=("thread", all_in), daemon=True).start()
        all_in.wait()
        work("main")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert recorded(code, path) == 128 + 9
    with Recording.open(path) as recording:
        (counts,) = recording.process_counts().values()
    assert (counts.begun, counts.finished, counts.details["hidden"]) == (7, 3, 4)


@pytest.mark.thorough
def test_a_short_event_that_ends_while_its_program_leaves_is_counted_once(tmp_path):
    """It was stated as one of three that never ended, beside its own row: its number was the newest of a ring that lacked it."""
    path = tmp_path / "run.power"
    code = """
        import powermeter
        @powermeter.track("short")
        def made():
            yield 1
        list(made())
        generator = made()
        next(generator)
    """
    assert recorded(code, path) == 0
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events() if event.end_ns is not None] == ["short"] * 2
        (counts,) = recording.process_counts().values()
    assert (counts.begun, counts.finished, counts.details["hidden"]) == (2, 2, 0)


def left_open(names: list[str]) -> list[object]:
    """Begin events of names that were short before, and one more that ends at once."""
    for name in names:
        with powermeter.event(name):
            pass
    opened = [powermeter.event(name) for name in names]
    for one in opened:
        one.__enter__()
    with powermeter.event(names[0]):
        pass
    return opened


def test_short_events_that_are_left_open_are_counted(running):
    opened = left_open(["a", "b", "c"])
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished, counts.details["hidden"]) == (7, 4, 3)
    assert len(opened) == 3


def test_numbers_of_events_that_went_into_another_recording_are_no_events_that_never_ended(running, tmp_path):
    """Two Meters beside each other, each with its own task: what one of them lacks is in the other."""
    folder = tmp_path / "other"
    folder.mkdir()
    other, task = EventLog(str(folder)), Context()

    def elsewhere() -> None:
        token = span.attach(other)
        for _ in range(5):
            with powermeter.event("elsewhere"):
                pass
        span.detach(other, token)
        other.close()

    for step in (None, elsewhere, None):
        with powermeter.event("here"):
            pass
        if step:
            task.run(step)
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished) == (3, 3)


def test_what_ends_after_its_recording_has_never_ended_and_is_no_mark_that_was_lost(running):
    """Two threads that outlast a Meter: it was stated, too, that the recorder could not take in their marks fast enough."""
    opened = [*left_open(["short"]), powermeter.event("long")]
    opened[-1].__enter__()
    running.log.close()
    for one in opened:
        one.__exit__(None, None, None)
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished, counts.details["lost"]) == (4, 2, 0)
    (text,) = differences({1: counts})
    assert (
        "2 of 4 events never ended ('long'; 1 by its number alone, as short ones are known: 'short'), "
        "because the recording was ended while they were running" in text
    )
