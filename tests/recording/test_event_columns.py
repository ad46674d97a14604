"""Events as columns hold what the objects held."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest

from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.recording.event_columns import EventColumns

EVENTS = [
    Event("load", 10, 30, process=7, thread=3, uid=1, count=2, attributes={"model": "a"}, peak_memory=5000),
    Event("infer", 40, 50, process=7, thread=3, uid=2, parent=1, count=1.5, task="7", measures={"loss": 0.5}),
    Event("infer", 60, None, process=8, thread=4, uid=1, count=None, attributes={"model": "b"}),
    Event("load", 70, 70, process=8, thread=4, uid=2, parent=1),
]


def test_columns_make_the_events_that_they_were_made_of() -> None:
    columns = EventColumns.of(EVENTS)
    assert list(columns) == EVENTS and len(columns) == 4
    assert [columns[i] for i in range(-4, 4)] == [*EVENTS, *EVENTS]
    assert list(columns[1:3]) == EVENTS[1:3] and EventColumns.of(columns) is columns
    with pytest.raises(IndexError):
        columns[4]


def test_a_recording_holds_the_same_events_as_columns_and_as_objects(tmp_path) -> None:
    path = tmp_path / "run.power"
    with Writer.create(path) as writer:
        writer.add_events(EVENTS)
    with Recording.open(path) as recording:
        assert list(recording.event_columns()) == recording.events() == EVENTS


def test_counts_keep_what_they_are_a_whole_number_a_part_or_not_known() -> None:
    columns = EventColumns.of(EVENTS)
    assert np.array_equal(columns.counts, [2, 1.5, np.nan, 1], equal_nan=True)
    changed = columns.with_counts(np.array([0, 3]), np.array([np.nan, 2.5]))
    assert [event.count for event in changed] == [None, 1.5, None, 2.5]
    assert [event.count for event in columns] == [2, 1.5, None, 1], "the events themselves are as they were"


def test_labels_come_in_the_order_of_their_first_event() -> None:
    names, which = EventColumns.of([*EVENTS[1:], EVENTS[0]]).labels
    assert names == ["infer", "load"] and which.tolist() == [0, 0, 1, 1]


def test_some_of_the_events_are_those_at_positions_or_of_a_mask() -> None:
    columns = EventColumns.of(EVENTS)
    assert list(columns.at(np.array([3, 0]))) == [EVENTS[3], EVENTS[0]]
    assert list(columns.at(columns.start_ns > 45)) == EVENTS[2:]
    assert list(columns.finished()) == [EVENTS[0], EVENTS[1], EVENTS[3]]
    assert columns.having("attributes").tolist() == [0, 2] and columns.having("measures").tolist() == [1]


def test_events_beyond_a_block_are_found_where_they_are() -> None:
    many = [dataclasses.replace(EVENTS[0], start_ns=i, uid=i + 1) for i in range(10_000)]
    columns = EventColumns.of(many)
    assert [columns[i].uid for i in (9999, 0, 4096, 4095)] == [10_000, 1, 4097, 4096]
    assert [event.uid for event in columns] == list(range(1, 10_001))


@pytest.mark.thorough
def test_two_hundred_thousand_events_take_less_than_a_hundred_bytes_each(tmp_path) -> None:
    path, count = tmp_path / "run.power", 200_000
    with Writer.create(path) as writer:
        for first in range(0, count, 50_000):
            writer.add_events(
                Event("infer", 10 * i, 10 * i + 5, 1, 1, i + 1) for i in range(first, first + 50_000)
            )
    with Recording.open(path) as recording:
        tracemalloc.start()
        columns = recording.event_columns()
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(columns) == count and columns[-1].end_ns == 10 * count - 5
    assert held < 40 * count and most < 100 * count


def test_events_by_their_attributes_ask_each_mapping_once() -> None:
    """Six events: two share a mapping, one has another with the key, one has none, one an empty one, one the key alone."""
    shared = {"model": "a", "@goes_on": "Future"}
    given = [{"model": "b"}, shared, {}, shared, {"@goes_on": 0}, {"model": "b"}]
    columns = EventColumns.of(
        [Event("e", k, k + 1, uid=k + 1, attributes=one) for k, one in enumerate(given)]
    )
    assert columns.with_attribute("@goes_on").tolist() == [1, 3, 4]
    assert columns.with_attribute("model").tolist() == [0, 1, 3, 5]
    assert columns.with_attribute("none").tolist() == []
    kinds, which = columns.kinds
    assert [dict(kinds[k]) for k in which.tolist()] == given
    assert list(map(dict, kinds[:3])) == [{"model": "b"}, shared, {}], "in the order of their first event"
    kinds, which = columns.at(np.array([4, 2])).kinds
    assert [dict(kinds[k]) for k in which.tolist()] == [{"@goes_on": 0}, {}]
    assert EventColumns.of([]).kinds[0] == [] and EventColumns.of([]).with_attribute("x").size == 0
