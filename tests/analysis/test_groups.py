"""Which row an event belongs to, by its label and what is asked for."""

from __future__ import annotations

import pytest

from powermeter import ConfigurationError, Event
from powermeter.analysis.groups import groups_of

EVENTS = [
    Event("infer", 0, 1, attributes={"model": "a", "batch": 1}),
    Event("infer", 1, 2, attributes={"model": "b", "batch": 1}),
    Event("load", 2, 3, attributes={"model": "a"}),
    Event("infer", 3, 4, attributes={"model": "a", "batch": 1}),
]


def test_labels_are_rows_in_the_order_in_which_they_come():
    keys, rows = groups_of(EVENTS, (), {})
    assert keys == [("infer",), ("load",)] and rows.tolist() == [0, 0, 1, 0]


def test_attributes_split_rows_and_what_is_missing_is_none():
    keys, rows = groups_of(EVENTS, ("model", "batch"), {})
    assert keys == [("infer", "a", 1), ("infer", "b", 1), ("load", "a", None)]
    assert rows.tolist() == [0, 1, 2, 0]


def test_a_value_of_minus_one_is_a_group_like_any_other():
    events = [Event("x", i, i + 1, attributes={"group": value}) for i, value in enumerate((-1, 0, -1))]
    keys, rows = groups_of(events, ("group",), {})
    assert keys == [("x", -1), ("x", 0)] and rows.tolist() == [0, 1, 0]


def test_the_runs_own_attribute_stands_in():
    keys, _ = groups_of(EVENTS[:1], ("board",), {"attributes": {"board": "pi"}})
    assert keys == [("infer", "pi")]


def test_a_value_that_is_no_key_is_taken_as_text():
    keys, _ = groups_of([Event("x", 0, 1, attributes={"shape": [1, 3]})], ("shape",), {})
    assert keys == [("x", "[1, 3]")]


def test_an_attribute_that_nothing_carries_is_refused_and_without_events_nothing_is():
    with pytest.raises(ConfigurationError, match=r"'modle'; did you mean model\?"):
        groups_of(EVENTS, ("modle",), {})
    assert groups_of([], ("modle",), {})[0] == []
