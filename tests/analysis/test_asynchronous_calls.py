"""Calls that returned a handle of work that goes on: stated once a label, with what they returned."""

from __future__ import annotations

from powermeter.analysis.asynchronous_calls import CALL_ALONE, GOES_ON, notes_of_calls_alone
from powermeter.events import Event
from powermeter.marking import futures


def test_calls_alone_are_counted_by_label() -> None:
    events = [Event("submit", i, i + 1, uid=i, attributes={GOES_ON: "ApplyResult"}) for i in range(3)]
    events += [Event("submit", 9, 10, attributes={GOES_ON: "MapResult"}), Event("submit", 11, 12)]
    events += [Event("run", 13, 14, attributes={GOES_ON: "Popen", "model": "a"}), Event("else", 15, 16)]
    many, one = notes_of_calls_alone(events)
    assert many.code == one.code == CALL_ALONE
    assert many.startswith("4 events 'submit' are calls alone: what it returned (ApplyResult, MapResult)")
    assert one.startswith("1 event 'run' is a call alone: what it returned (Popen)")
    assert notes_of_calls_alone(events[-1:]) == ()


def test_the_attribute_is_the_one_that_marks_carry() -> None:
    assert GOES_ON == futures.GOES_ON
