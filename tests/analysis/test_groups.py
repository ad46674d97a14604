"""Which row an event belongs to, by its label and what is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from powermeter import ConfigurationError, Event
from powermeter.analysis import energy
from powermeter.analysis.energy import analyse
from powermeter.analysis.groups import OTHER_INSTANTS, OTHER_LABELS, groups_of, instants_of_events, together
from powermeter.channel import Accuracy, Kind
from powermeter.testing.simulation import SimulatedPowerMeter, bursts

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


def test_labels_beyond_the_most_that_lasted_least_are_one_row_and_instants_another():
    """Of six labels two keep their rows and one that is asked for; `d` and `e` worked, `mark` did not."""
    keys = [("a",), ("asked",), ("mark",), ("d",), ("b",), ("e",)]
    group, lasted = np.array([0, 1, 2, 3, 4, 5, 0]), np.array([5, 1, 0, 2, 9, 3, 5])
    found, rows, (note,) = together(keys, group, lasted, apart="asked", most=3)
    assert found == [("a",), ("asked",), ("b",), (OTHER_LABELS,), (OTHER_INSTANTS,)]
    assert rows.tolist() == [0, 1, 4, 3, 2, 3, 0]
    assert note.code == "labels-together" and note.startswith("3 of 6 labels")


def test_as_many_labels_as_there_may_be_stay_apart():
    keys, group = [("a", 1), ("b", None)], np.array([0, 1])
    assert together(keys, group, np.array([1, 2]), most=2) == (keys, group, ())
    found, _, _ = together(keys, group, np.array([1, 2]), most=1)
    assert found == [("b", None), (OTHER_LABELS, None)]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_rows_of_their_own_are_what_they_are_with_all_apart(monkeypatch, kind):
    """Of 60 labels of an event each, 20 have rows; what lies beside them, and the run, is the same."""
    rng = np.random.default_rng(4)
    truth, events = bursts(rng, 60, length_s=(0.02, 0.05), pause_s=(0.03, 0.05))
    events = [Event(f"id {i}", e.start_ns, e.end_ns, uid=e.uid) for i, e in enumerate(events)]
    recorded = SimulatedPowerMeter(500.0, kind, Accuracy(noise=0.02)).record(truth, events, rng)
    every = analyse(recorded)
    monkeypatch.setattr(energy, "together", partial(together, most=20))
    some = analyse(recorded)
    assert len(some.rows) == 21 and some.rows[-1].label == OTHER_LABELS and some.rows[-1].events == 40
    for row in some.rows[:-1]:
        alone = every.row(row.label)
        for name in ("value", "low", "high"):
            assert getattr(row.energy, name) == pytest.approx(getattr(alone.energy, name), rel=1e-12)
    joules = sum(
        truth.energy(e.start_ns * 1e-9, (e.end_ns or 0) * 1e-9)
        for e in (some.events[i] for i in some.rows[-1].index)
    )
    assert some.rows[-1].energy.low <= joules <= some.rows[-1].energy.high
    assert some.energy.value == pytest.approx(every.energy.value, rel=1e-12)


def test_instants_of_a_name_are_none_of_its_events_unless_all_of_it_are_instants():
    group, lasted = np.array([0, 0, 1, 0, 1]), np.array([0, 50, 0, 70, 0])
    assert instants_of_events(group, lasted).tolist() == [True, False, False, False, False]
    assert instants_of_events(np.array([], np.int64), np.array([], np.int64)).tolist() == []


def test_a_mark_beside_an_event_of_its_name_is_no_item_of_it():
    rng = np.random.default_rng(4)
    truth, worked = bursts(rng, 4, length_s=(0.2, 0.5), pause_s=(0.3, 0.5))
    marks = [replace(e, end_ns=e.start_ns, uid=100 + e.uid, count=1) for e in worked]
    recorded = SimulatedPowerMeter(500.0).record(truth, [*marks, *(replace(e, count=2) for e in worked)], rng)
    found = analyse(recorded)
    row = found.row(worked[0].name)
    assert (row.events, row.items) == (4, 8)
    (note,) = (note for note in found.notes if note.code == "instants-of-a-label")
    assert note.text.startswith("4 instants")
