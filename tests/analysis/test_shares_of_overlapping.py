"""What overlapping events draw is divided among them, and adds up to the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.shares_of_overlapping import parents_of
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedRecording


def recording(events: list[Event]) -> SimulatedRecording:
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("VDD_IN"))
    codes = np.repeat([1000, 4000, 1000], 400)
    times = np.arange(codes.size) * (NS // 100)
    source = SourceInfo(1, "x://", "meter", "x", {}, (channel,))
    made = SimulatedRecording(
        [source], {1: Samples(times, {"in.power": codes}, np.zeros(codes.size, np.uint8))}
    )
    made.happened = events
    return made


def test_two_requests_at_once_share_what_is_drawn() -> None:
    a = analyse(recording([Event("a", 4 * NS, 7 * NS, uid=1), Event("b", 5 * NS, 8 * NS, uid=2)]))
    one, two = a.row("a"), a.row("b")
    assert one.shared is not None and two.shared is not None and one.energy is not None
    assert one.energy.value == pytest.approx(12, rel=0.01)
    assert one.shared.value == pytest.approx(4 + 4, rel=0.01)  # alone for a second, half of two
    assert one.shared.value + two.shared.value == pytest.approx(
        16, rel=0.01
    )  # what was drawn from 4 s to 8 s


def test_a_container_keeps_only_what_none_of_its_parts_uses() -> None:
    epoch = Event("epoch", 4 * NS, 8 * NS, process=1, uid=1)
    batches = [
        Event("batch", (4 + i) * NS, int((4.5 + i) * NS), process=1, uid=2 + i, parent=1) for i in range(4)
    ]
    a = analyse(recording([epoch, *batches]))
    outer, inner = a.row("epoch"), a.row("batch")
    assert outer.shared is not None and inner.shared is None and inner.energy is not None
    assert outer.shared.value == pytest.approx(8, rel=0.01)
    assert outer.shared.value + inner.energy.value == pytest.approx(16, rel=0.01)


def test_what_is_quoted_of_requests_at_once_adds_up_to_the_run_with_their_parts_inside() -> None:
    requests = [Event("request", 4 * NS, 8 * NS, process=1, uid=1 + i) for i in range(4)]
    steps = [Event("step", 5 * NS, 7 * NS, process=1, uid=10 + i, parent=1) for i in range(2)]
    a = analyse(recording([*requests, *steps]))
    whole, inside = a.row("request"), a.row("step")
    # From 5 to 7 s five run: two steps of the first request, and three others; before and after, four.
    assert whole.share == pytest.approx(1 / 4) and inside.share == pytest.approx(1 / 5)
    assert whole.total is not None and whole.total.value == pytest.approx(16, rel=0.01)
    assert whole.per_item is not None and whole.per_item.value == pytest.approx(4, rel=0.01)
    assert whole.energy_per_item is not None and whole.energy_per_item.value == pytest.approx(16, rel=0.01)
    assert whole.energy_median is not None and whole.energy_median.value == pytest.approx(2 + 8 / 5, rel=0.01)
    assert inside.total is not None and inside.total.value == pytest.approx(2 * 8 / 5, rel=0.01)
    assert whole.total.grade is Grade.DERIVED
    assert whole.energy is not None and whole.energy.value == pytest.approx(64, rel=0.01)
    (note,) = [note for note in a.notes if note.code == "overlap" and "request" in note.text]
    assert "25 %" in note.text and "counted for each, it is 63.9 J" in note.text


def test_a_container_alone_is_quoted_whole() -> None:
    epoch = Event("epoch", 4 * NS, 8 * NS, process=1, uid=1)
    batches = [
        Event("batch", (4 + i) * NS, int((4.5 + i) * NS), process=1, uid=2 + i, parent=1) for i in range(4)
    ]
    a = analyse(recording([epoch, *batches]))
    assert [row.share for row in a.rows] == [None, None]
    outer = a.row("epoch")
    assert outer.per_item == outer.energy_per_item and not any(note.code == "overlap" for note in a.notes)


def test_what_workers_do_inside_of_an_event_of_another_thread_is_its_part() -> None:
    rounds = [Event("round", (4 + 2 * i) * NS, (6 + 2 * i) * NS, process=1, uid=1 + i) for i in range(2)]
    inside = [
        Event("work", int((4 + i) * NS), int((4.8 + i) * NS), process=2 + i % 2, uid=1 + i // 2)
        for i in range(4)
    ]
    outer, inner = analyse(recording([*rounds, *inside])).rows
    assert outer.share is None and inner.share is None
    assert outer.per_item is not None and outer.per_item.value == pytest.approx(8, rel=0.01)
    assert inner.per_item is not None and inner.per_item.value == pytest.approx(0.8 * 4, rel=0.01)
    beyond = Event("work", int(7.5 * NS), int(8.5 * NS), process=2, uid=9)
    outer, inner = analyse(recording([*rounds, *inside, beyond])).rows
    assert outer.share is not None and inner.share is not None


def test_events_one_after_the_other_share_nothing() -> None:
    a = analyse(recording([Event("a", 4 * NS, 5 * NS, uid=1), Event("a", 5 * NS, 6 * NS, uid=2)]))
    assert a.row("a").shared is None


def test_what_is_taken_for_parts_by_times_alone_is_written() -> None:
    around = Event("bench", 4 * NS, 8 * NS, process=1, thread=1, uid=1)
    begun_here = Event("step", 5 * NS, 6 * NS, process=1, thread=2, uid=2, parent=1)
    elsewhere = Event("step", 5 * NS, 6 * NS, process=2, thread=2, uid=2)
    for inner, codes in ((begun_here, []), (elsewhere, ["taken-for-parts"])):
        found = analyse(recording([around, inner]))
        assert found.shares is not None and [note.code for note in found.shares.notes()] == codes
        assert [note.code for note in found.notes if note.code == "taken-for-parts"] == codes


def test_a_function_that_calls_itself_is_counted_once() -> None:
    calls = [Event("fact", (4 + k) * NS, 8 * NS, process=1, uid=1 + k, parent=k or None) for k in range(4)]
    a = analyse(recording(calls))
    row = a.row("fact")
    assert row.events == 1 and row.total is not None and row.per_item is not None
    assert row.total.value == pytest.approx(16, rel=0.01) and row.total.value < a.energy.value
    assert row.per_item.value == pytest.approx(16, rel=0.01)
    (note,) = (note for note in a.notes if note.code == "inside-own-label")
    assert note.text.startswith("3 of 4 events 'fact'")


def test_two_functions_that_call_each_other_are_each_counted_once() -> None:
    calls = [
        Event("ab"[k % 2], (4 + k) * NS, 8 * NS, process=1, uid=1 + k, parent=k or None) for k in range(4)
    ]
    a = analyse(recording(calls))
    assert [(row.label, row.events) for row in a.rows] == [("a", 1), ("b", 1)]
    assert [round(row.total.value) for row in a.rows if row.total] == [16, 12]


def test_deep_recursion_keeps_all_that_is_inside() -> None:
    calls = [
        Event("f", 4 * NS + k * NS // 100, 8 * NS - k * NS // 1000, process=1, uid=1 + k, parent=k or None)
        for k in range(300)
    ]
    row = analyse(recording(calls)).row("f")
    assert row.total is not None and row.total.value == pytest.approx(16, rel=0.01)


def test_what_outlasts_the_event_it_began_in_counts_once_beyond_it() -> None:
    request = Event("request", 4 * NS, 5 * NS, process=1, uid=1)
    task = Event("log", int(4.5 * NS), 7 * NS, process=1, uid=2, parent=1, task="2")
    a = analyse(recording([request, task]))
    assert a.shares is not None
    assert a.shares.own.tolist() == pytest.approx([0.5, 1.0], rel=0.01)
    assert a.shares.beyond.tolist() == pytest.approx([0.0, 0.8], rel=0.01)
    assert a.shares.outlasts.tolist() == [False, True]


def test_what_begins_after_the_event_around_it_has_ended_lies_beside_it() -> None:
    first = Event("o", 4 * NS, 5 * NS, process=1, uid=1)
    later = Event("g", 6 * NS, 7 * NS, process=1, uid=2, parent=1)
    assert parents_of([first, later]).tolist() == [-1, -1]


def test_a_task_of_the_same_name_that_outlasts_its_beginner_runs_beside_it() -> None:
    first = Event("job", 4 * NS, 6 * NS, process=1, uid=1)
    later = Event("job", 5 * NS, 8 * NS, process=1, uid=2, parent=1)
    row = analyse(recording([first, later])).row("job")
    assert row.events == 2 and row.total is not None and row.total.value == pytest.approx(16, rel=0.01)


def test_labels_hand_over_hand_in_one_thread_only_overlap() -> None:
    """A copy begins in the computing before it, which began in the copy before that, which is over: 4 J a second, divided."""
    epoch = Event("epoch", 4 * NS, 8 * NS, process=1, uid=1)
    tenth = NS // 10
    turns = [
        Event(
            ("copy", "compute")[k % 2],
            4 * NS + k * tenth,
            4 * NS + (k + 2) * tenth,
            1,
            uid=2 + k,
            parent=1 + k,
        )
        for k in range(38)
    ]
    found = analyse(recording([epoch, *turns]))
    assert parents_of([epoch, *turns]).tolist() == [-1] + [0] * 38
    for row in (found.row("copy"), found.row("compute")):
        assert row.events == 19 and row.total is not None
        assert row.energy is not None and row.energy.value == pytest.approx(19 * 0.8, rel=0.01)
        assert row.total.value == pytest.approx((19 * 0.8 + 0.4 / 2) / 2, rel=0.03)
    assert "inside-own-label" not in {note.code for note in found.notes}


def test_what_began_in_another_ones_task_after_its_beginner_had_ended_is_not_inside_of_that() -> None:
    jobs = [Event("job", (4 + 2 * k) * NS, (5 + 2 * k) * NS, process=1, uid=1 + 2 * k) for k in range(2)]
    relay = Event("relay", int(4.5 * NS), int(7.5 * NS), process=1, uid=2, parent=1, task="2")
    found = analyse(recording([jobs[0], relay, replace(jobs[1], parent=2, task="2")]))
    assert found.row("job").events == 2


def test_rows_of_a_table_inside_longer_rows_of_another_label_are_its_parts() -> None:
    """They state no thread: halves of each would be a headline of half the energy."""
    outer = [Event("request", (2 + 3 * k) * NS, (4 + 3 * k) * NS, uid=3 * k + 1) for k in range(3)]
    inner = [
        Event(name, e.start_ns + a * NS, e.start_ns + (a + 1) * NS, uid=e.uid + 1 + a)
        for e in outer
        for a, name in enumerate(("prefill", "decode"))
    ]
    found = analyse(recording([*outer, *inner]))
    assert found.shares is not None
    assert set(found.shares.taken_for_parts) == {("prefill", "request"), ("decode", "request")}
    assert found.shares.whole == pytest.approx(1.0)
    assert [note.code for note in found.notes].count("taken-for-parts") == 2
    crossing = [replace(e, end_ns=e.end_ns + NS // 2) if e.name == "decode" else e for e in inner]
    by_chance = analyse(recording([*outer, *crossing]))
    assert by_chance.shares is not None and ("decode", "request") not in by_chance.shares.taken_for_parts
