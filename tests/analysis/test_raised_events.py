"""Events that an exception ended are counted apart: an inference that failed is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter import Event
from powermeter.analysis.energy import analyse
from powermeter.analysis.raised_events import error_of, raised_in
from powermeter.testing.simulation import SimulatedPowerMeter, bursts


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"error": "ValueError"}, "ValueError"),
        ({"error": "KeyboardInterrupt", "model": "a"}, "KeyboardInterrupt"),
        ({"error": 0.03}, None),
        ({"error": "none"}, None),
        ({"error": "HTTP 500: overloaded"}, None),
        ({"error": ""}, None),
        ({}, None),
    ],
)
def test_an_exceptions_class_is_told_from_a_users_own_value(attributes, error):
    assert error_of(Event("infer", 0, 1, attributes=attributes)) == error


def events(*errors: str | None) -> list[Event]:
    return [
        Event("infer", i, i + 1, attributes={"error": error} if error else {})
        for i, error in enumerate(errors)
    ]


def test_some_of_a_row_are_left_out_and_named():
    found = events(None, "ValueError", None, "OSError", "ValueError")
    left, (raised,) = raised_in(found, [("infer",)], np.zeros(5, np.int64))
    assert left.tolist() == [False, True, False, True, True]
    assert (raised.events, raised.count, dict(raised.errors)) == (5, 3, {"ValueError": 2, "OSError": 1})
    assert raised.note() == (
        "3 of 5 events 'infer' raised ValueError, OSError: left out of the figures of this label, not of the whole run"
    )


def test_a_row_of_nothing_else_stays_and_is_doubted():
    left, (raised,) = raised_in(events("ValueError"), [("infer",)], np.zeros(1, np.int64))
    assert left.tolist() == [False] and not raised.is_left_out
    assert raised.note().startswith("the only event 'infer' raised ValueError: ")


def test_rows_are_judged_one_by_one():
    left, raised = raised_in(
        events("ValueError", None, "OSError"), [("infer", "a"), ("infer", "b")], np.array([0, 1, 1])
    )
    assert left.tolist() == [False, False, True]
    assert [(one.group, one.is_left_out) for one in raised] == [(("a",), False), (("b",), True)]


def test_energy_per_item_is_of_those_that_ended_well():
    """The last of six failed after a tenth of its time; the mean of the others and the whole run do not know it."""
    rng = np.random.default_rng(4)
    truth, worked = bursts(rng, 6, length_s=(0.3, 0.5), pause_s=(0.3, 0.5))
    last = worked[-1]
    cut = replace(
        last,
        end_ns=last.start_ns + ((last.end_ns or 0) - last.start_ns) // 10,
        attributes={"error": "ValueError"},
    )
    recorded = SimulatedPowerMeter(500.0).record(truth, [*worked[:-1], cut], rng)
    found = analyse(recorded)
    row = found.row(last.name)
    good = [truth.energy(e.start_ns * 1e-9, (e.end_ns or 0) * 1e-9) for e in worked[:-1]]
    assert (row.events, row.items) == (5, 5) and row.energy_per_item is not None
    assert row.energy_per_item.low <= sum(good) / 5 <= row.energy_per_item.high
    assert [(one.label, one.count, one.events) for one in found.raised] == [(last.name, 1, 6)]
    assert len(found.events) == 6 and [note.code for note in found.notes].count("raised") == 1
    split = analyse(recorded, by="error")
    assert [(r.group["error"], r.events) for r in split.rows] == [(None, 5), ("ValueError", 1)]
