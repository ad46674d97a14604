"""How many items a recording stands for, where the user says so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.item_count import CONTRADICTED, ODD, OF_RUN, ItemCount, countable, counted
from powermeter.errors import ConfigurationError
from powermeter.events import Event


def made(*named: tuple[str, float | None]):
    """Return events of a second each, their groups by label, and the groups' keys."""
    events = tuple(
        Event(name, i * 10, i * 10 + 9, uid=i + 1, count=count) for i, (name, count) in enumerate(named)
    )
    names = list(dict.fromkeys(name for name, _ in named))
    return events, [(name,) for name in names], np.array([names.index(name) for name, _ in named])


def counts(found):
    return [event.count for event in found.events]


def test_without_a_count_nothing_changes():
    events, keys, group = made(("infer", 2), ("load", 1))
    assert list(counted(None, events, keys, group).events) == list(events)
    assert list(counted(ItemCount(label="infer"), events, keys, group).events) == list(events)


def test_a_count_is_shared_among_the_events_as_their_own_are():
    found = counted(ItemCount(12), *made(("infer", 1), ("infer", 3)))
    assert counts(found) == [3, 9] and found.of_run is None
    (note,) = found.notes
    assert note.code == CONTRADICTED and "2 events of 'infer' count 4 items" in note


def test_events_that_do_not_know_their_count_share_alike_and_contradict_nothing():
    found = counted(ItemCount(12), *made(("infer", None), ("infer", 3)))
    assert counts(found) == [6, 6] and found.notes == ()


def test_of_several_labels_the_one_asked_for_is_counted():
    found = counted(ItemCount(8, label="infer"), *made(("load", 1), ("infer", 4), ("infer", 4)))
    assert counts(found) == [1, 4, 4] and found.notes == ()


def test_of_several_labels_and_none_asked_for_the_whole_run_is_counted():
    found = counted(ItemCount(8), *made(("load", 1), ("infer", 4)))
    assert counts(found) == [1, 4] and found.of_run == 8
    (note,) = found.notes
    assert note.code == OF_RUN
    assert note == (
        "one item is the energy of the whole run divided by 8, not of one label alone ('load', 'infer'); "
        "name one with --label"
    )


def test_of_many_labels_the_first_four_are_named():
    found = counted(ItemCount(8, per="page"), *made(*((name, 1) for name in "abcd")))
    assert "of one label alone ('a', 'b', 'c', 'd'); name" in found.notes[0]
    found = counted(ItemCount(8, per="page"), *made(*((name, 1) for name in "abcde")))
    assert "of one label alone ('a', 'b', 'c', 'd', …); name" in found.notes[0]
    assert found.notes[0].startswith("one page is the energy")


def test_a_count_that_is_off_by_rounding_contradicts_nothing():
    """Shares of a count add up to it but for the last bit."""
    assert counted(ItemCount(0.3), *made(("infer", 0.1), ("infer", 0.2))).notes == ()


def test_a_run_without_events_is_counted_as_a_whole():
    found = counted(ItemCount(8), (), [], np.empty(0, np.int64))
    assert found.of_run == 8 and "divided by 8" in found.notes[0]


def test_per_counts_the_events_of_a_label():
    events = made(("request", 1), ("decode", 5), ("request", 1), ("decode", 7))
    of_run = counted(ItemCount(per="request"), *events)
    assert of_run.of_run == 2 and of_run.name == "request"
    of_label = counted(ItemCount(per="request", label="decode"), *events)
    assert sum(event.count for event in of_label.events if event.name == "decode") == pytest.approx(2)
    assert CONTRADICTED not in [note.code for note in of_label.notes]


def test_per_with_a_number_is_a_name_and_contradicts_its_events():
    found = counted(ItemCount(3, per="request"), *made(("request", 1), ("load", 1)))
    assert found.of_run == 3 and [note.code for note in found.notes] == [CONTRADICTED, OF_RUN]
    assert "1 event of 'request' count 1 item; figures per item are for 3" in found.notes[0].text
    same = counted(ItemCount(3, per="request"), *made(("request", 1), ("request", 2), ("load", 1)))
    assert [note.code for note in same.notes] == [OF_RUN]
    found = counted(ItemCount(3, per="page"), *made(("infer", 3)))
    assert found.name == "page" and found.notes == ()


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (ItemCount(per="reqest"), "request"),
        (ItemCount(per="load"), "has a count"),
        (ItemCount(per="none"), "count no item"),
        (ItemCount(4, label="decod"), "decode"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_what_to_do(asked, text):
    with pytest.raises(ConfigurationError, match=text):
        counted(asked, *made(("request", 1), ("decode", 5), ("load", None), ("none", 0)))


@pytest.mark.parametrize("items", [0, -1, float("nan"), float("inf")])
def test_a_count_is_above_zero(items):
    with pytest.raises(ConfigurationError, match="above zero"):
        ItemCount(items)


@pytest.mark.parametrize("count", [2.0**63, 2**63, np.float64(2**63)])
def test_an_odd_count_is_printed_with_its_power_of_ten(count):
    """2.0**63 stood there as 9.2233720368, its first twelve characters, and the whole number as inf."""
    _, (note,) = countable((Event("infer", 0, 9, count=count),))
    assert "(9.223e+18)" in note


@pytest.mark.parametrize("odd", [1e-320, 1e-300, 1e300, -1e300, math.inf, math.nan, 10**400])
def test_a_count_that_is_no_number_of_items_is_not_known_and_named(odd):
    events, _, _ = made(("infer", odd), ("infer", 3), ("load", 0), ("rest", None))
    found, (note,) = countable(events)
    assert [event.count for event in found] == [None, 3, 0, None]
    assert note.code == ODD and "1 event states a count" in note


@pytest.mark.parametrize("count", [np.int64(3), np.float32(3), np.int8(3)])
def test_counts_of_numpy_are_numbers_of_items(count):
    found, notes = countable((Event("infer", 0, 9, count=count),))
    assert found[0].count == 3 and notes == ()


def test_counts_within_fifteen_decades_stay():
    events, _, _ = made(("infer", 1e15), ("infer", 1e-15), ("infer", 2.5))
    found, notes = countable(events)
    assert list(found) == list(events) and notes == ()
