"""Events at odd moments: spans that are shared, signals' handlers inside of a mark, what a process marks while it leaves."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

import powermeter
from powermeter.analysis.event_accounts import differences
from powermeter.marking import (
    deferred_signals,
    destinations,
    event_log,
    recordings,
    ring,
    ring_reader,
    span,
)


def names(events) -> list[str]:
    return [event.name for event in events if event.end_ns is not None]


def test_a_span_that_tasks_share_is_an_event_of_each(running):
    shared = powermeter.event("shared")
    order: list[str] = []

    async def one(name: str, before: asyncio.Event, after: asyncio.Event, until: asyncio.Event) -> None:
        await before.wait()
        with shared:
            order.append(f"{name} in")
            after.set()
            await until.wait()
        order.append(f"{name} out")

    async def main() -> None:
        begin, second, end_first, end_second = (asyncio.Event() for _ in range(4))
        begin.set()
        running_tasks = [
            asyncio.create_task(one("first", begin, second, end_first)),
            asyncio.create_task(one("second", second, end_first, end_second)),
        ]
        await running_tasks[0]
        end_second.set()
        await running_tasks[1]

    asyncio.run(main())
    assert order == ["first in", "second in", "first out", "second out"]
    assert names(running.end()) == ["shared", "shared"]


def test_the_error_of_one_run_is_not_the_next_ones(running):
    again = powermeter.event("again", model="tiny")
    for fails in (True, False):
        try:
            with again:
                assert not fails
        except AssertionError:
            pass
    first, second = running.end()
    assert first.attributes == {"model": "tiny", "error": "AssertionError"}
    assert second.attributes == {"model": "tiny"}


def test_a_loop_that_is_left_early_is_no_error(running):
    for _ in powermeter.each([1, 2, 3]):
        break
    (event,) = running.end()
    assert event.attributes == {}


@pytest.mark.parametrize(
    ("status", "attributes"),
    [(None, {}), (0, {}), (3, {"error": "SystemExit"}), ("no model", {"error": "SystemExit"})],
)
def test_a_program_that_leaves_with_status_0_has_not_failed(running, status, attributes):
    with pytest.raises(SystemExit), powermeter.event("main"):
        sys.exit(status)
    (event,) = running.end()
    assert event.attributes == attributes


def test_a_mark_that_was_interrupted_is_listed_and_those_behind_it_are_kept(running):
    with powermeter.event("w"):
        pass
    running.log.next()  # as where a handler raises between a mark's number and its slot
    for _ in range(100):
        with powermeter.event("w"):
            pass
    assert names(running.end()) == ["w"] * 101
    (text,) = differences(running.counts())
    assert "1 mark was interrupted" in text


def test_handlers_that_mark_while_a_mark_waits_end_somewhere_and_are_counted(running, monkeypatch):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    monkeypatch.setattr(event_log, "PATIENCE_S", 0.05)
    made = 0

    def sleep(seconds: float) -> None:
        nonlocal made
        if made < 5000:
            made += 1
            with powermeter.event("handler"):
                pass

    monkeypatch.setattr(event_log.time, "sleep", sleep)
    for _ in range(200):
        with powermeter.event("main"):
            pass
    monkeypatch.undo()
    found = running.end()
    counts = running.counts()[os.getpid()]
    assert counts.details["torn"] == 0
    assert 60 <= len(found) <= 63, "the first takes two slots, and so does one that the host held up"
    assert counts.details["lost"] >= 200 + made - len(found)


class Interrupt(Exception):
    """What a signal's handler raises."""


def test_what_a_handler_raises_comes_out_of_a_mark_that_waits(running, monkeypatch):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    for module in ("event_log", "span"):  # each is one mark, however slow the machine
        monkeypatch.setattr(f"powermeter.marking.{module}.BRIEF_NS", 10**12)

    def sleep(seconds: float) -> None:
        raise Interrupt

    for _ in range(63):
        with powermeter.event("w"):
            pass
    monkeypatch.setattr(event_log.time, "sleep", sleep)
    with pytest.raises(Interrupt), powermeter.event("w"):
        pass
    monkeypatch.undo()
    assert len(running.end()) == 63
    counts = running.counts()[os.getpid()]
    assert (counts.details["lost"], counts.details["torn"]) == (0, 1), "not for the recorder's sake"


def test_a_mark_that_a_handler_s_exception_came_out_of_holds_up_the_ring_for_a_moment_only(live, monkeypatch):
    with powermeter.event("w"):
        pass
    before = live.log.next
    monkeypatch.setattr(ring_reader, "TORN_NS", 10**15)

    def raising() -> int:
        before()
        raise Interrupt

    live.log.next = raising
    for name in ("w", "new"):  # one slot at the end, and a begin
        with pytest.raises(Interrupt), powermeter.event(name):
            pass
    live.log.next = before
    with powermeter.event("w"):
        pass
    assert live.log.flush(), "the recorder passes over the slots that lack"
    events = live.end()
    assert names(events) == ["w", "w"] and events[-1].parent is None
    assert live.counts()[os.getpid()].details["torn"] == 2


def test_a_mark_that_finds_its_ring_being_made_is_counted_once_and_holds_up_nothing(live, monkeypatch):
    monkeypatch.setattr(deferred_signals, "MOST_NESTED", 0)
    with powermeter.event("lost"):
        pass
    monkeypatch.undo()
    for _ in range(3):
        with powermeter.event("w"):
            pass
    assert live.log.flush()
    assert names(live.end()) == ["w"] * 3
    details = live.counts()[os.getpid()].details
    assert (details["lost"], details["torn"]) == (2, 0)  # its begin and its end


def test_an_attribute_of_an_event_can_be_read_back(running):
    with powermeter.event("w", model="tiny") as event:
        event["w"] = 3
        assert (event["w"], event["model"]) == (3, "tiny")
    with pytest.raises(KeyError):
        event["absent"]


def test_what_a_handler_raises_while_recordings_are_looked_for_comes_out_and_the_next_event_finds_them(
    running, monkeypatch
):
    def find() -> list[str]:
        raise Interrupt

    monkeypatch.setattr(recordings, "find", find)
    recordings.notify()
    with pytest.raises(Interrupt), powermeter.event("w"):
        pass
    monkeypatch.undo()
    with powermeter.event("w"):
        pass
    assert names(running.end()) == ["w"]


def test_a_handler_that_marks_while_recordings_are_looked_for_finds_each_once(running, monkeypatch):
    find, depth = recordings.find, 0

    def nested() -> list[str]:
        nonlocal depth
        depth += 1
        if depth < 3:
            with powermeter.event("handler"):
                pass
        return [*find(), running.folder]

    monkeypatch.setattr(recordings, "find", nested)
    before = list(destinations.own)
    destinations.own.clear()  # as in a child, which finds the recording by its folder
    recordings.notify()
    with powermeter.event("w"):
        pass
    assert [log.folder for log in destinations.inherited].count(running.folder) == 1
    destinations.inherited[:] = []
    destinations.own[:] = before
    span.settle()
    assert sorted(names(running.end())) == ["handler", "handler", "w"]


def test_what_is_marked_after_the_process_has_taken_leave_is_kept(running):
    with powermeter.event("early"):
        pass
    running.log.leave()
    for _ in range(3):
        with powermeter.event("late"):
            pass
    assert sorted(names(running.end())) == ["early", "late", "late", "late"]
    counts = running.counts()[os.getpid()]
    assert (counts.begun, counts.finished) == (4, 4)


def test_what_runs_when_a_meter_s_block_ends_is_not_put_down_to_the_process_leaving(running):
    left_open = powermeter.event("left open").__enter__()
    running.log.close()
    running.end()
    left_open.__exit__(None, None, None)  # later tests run in this context
    (text,) = differences(running.counts())
    assert "'left open'" in text and "because the recording was ended while they were running" in text


def test_attributes_too_long_to_be_kept_are_cut_and_it_is_stated(running):
    with powermeter.event("w", prompt="y" * 20_000, model="tiny") as event:
        event["answer"] = "z" * 20_000
    (found,) = running.end()
    assert found.attributes["model"] == "tiny" and set(found.attributes) == {"prompt", "answer", "model"}
    (text,) = differences(running.counts())
    assert "1 event has attributes too long" in text


def test_what_is_set_after_the_end_of_an_event_is_counted_and_what_is_set_before_is_not(running):
    event = powermeter.event("w", n=2)
    event.count = 3
    event["model"] = "tiny"
    with event:
        event.count = 4
        event.measure(loss=0.5)
    with powermeter.event("other") as other:
        pass
    event.count = 5
    event["model"] = "large"
    event.measure(loss=0.25)
    other.count = 7
    assert event.count == 4  # as the recording states
    assert event["model"] == "tiny"
    found = {one.name: one for one in running.end()}
    assert (found["w"].count, found["w"].attributes, found["w"].measures) == (
        4,
        {"model": "tiny"},
        {"loss": 0.5},
    )
    assert running.counts()[os.getpid()].details["late"] == 4
    event.count = 6  # nothing is recorded any more


def test_what_is_set_after_a_block_is_not_the_next_events_of_the_same_object(running):
    """Counts of 5, 6 and 7 set behind three blocks were recorded as 1, 5 and 6: each for the wrong event."""
    event = powermeter.event("again")
    for number in (5, 6, 7):
        with event:
            pass
        event.count = number
        event["answer"] = number
        event.measure(loss=number)
        assert event["answer"] == number  # as outside a recording
    found = running.end()
    assert [(one.count, one.attributes, one.measures) for one in found] == [(1, {}, {})] * 3
    assert running.counts()[os.getpid()].details["late"] == 9


@pytest.mark.thorough
def test_an_event_that_began_before_the_recording_and_ends_inside_is_counted(tmp_path):
    source = "virtual://?rate=200Hz"
    before, twice = powermeter.event("before"), powermeter.event("twice")
    before.__enter__()
    with powermeter.Meter(source, path=tmp_path / "a.power") as meter:
        before.__exit__(None, None, None)
        with twice:
            pass
        twice.__exit__(None, None, None)  # left twice: nothing ended
    assert [one.name for one in meter.recording().events()] == ["twice"]
    assert (
        "1 event ended that had not begun here, as one does that began before the recording" in meter.problem
    )


@pytest.mark.thorough
def test_an_event_of_a_meter_that_began_before_its_block_is_counted_too(tmp_path):
    """Neither one that ends inside nor one that outlasts it was in the recording, and nothing stated it."""
    meter = powermeter.Meter("virtual://?rate=200Hz", path=tmp_path / "a.power")
    with meter.event("over"):
        pass
    inside = meter.event("inside")
    inside.__enter__()
    with meter.event("around"), meter:
        inside.__exit__(None, None, None)
        with meter.event("within"):
            pass
    with meter.event("after"):
        pass
    assert [one.name for one in meter.recording().events()] == ["within"]
    assert "2 events ended that had not begun here, as those do that began before" in meter.problem
    with meter:
        pass
    assert meter.problem == ""


def test_an_event_above_a_function_without_parentheses_is_refused_with_a_remedy():
    @powermeter.event
    def infer() -> int:
        return 3

    for arguments in ((), (1,), (len,)):
        with pytest.raises(
            powermeter.ConfigurationError, match=r'@powermeter.event\("infer"\).*@powermeter.track'
        ):
            infer(*arguments)
    assert powermeter.event("infer")(len)([]) == 0
