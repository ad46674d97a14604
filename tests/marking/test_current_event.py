"""Which event runs around what runs: ended ones are passed over in every context, and none is kept behind another."""

from __future__ import annotations

import contextvars

import powermeter
from powermeter.marking.current_event import newest
from powermeter.marking.current_event import running as around


def test_a_copied_context_passes_over_what_ended_since(running):
    with powermeter.event("outer") as outer:
        with powermeter.event("inner") as inner:
            inside = contextvars.copy_context()
            assert inside.run(around)[0] == inner.uid
        assert inside.run(around)[0] == outer.uid
    assert inside.run(around) is None and around() is None


def test_a_span_that_runs_again_is_not_around_what_was_copied_after_its_first_run(running):
    """A copied context knows the run that ended, not the span: its next run is another event."""
    again = powermeter.event("again")
    with again:
        pass
    after = contextvars.copy_context()
    with again:
        assert after.run(around) is None and around()[0] == again.uid


def test_events_one_after_another_are_not_kept_behind_each_other(running):
    with powermeter.event("outer") as outer:
        for _ in range(100):
            with powermeter.event("step"):
                pass
        ended, before = newest(), newest()[1]
        assert ended[0] == 0 and before[0] == outer.uid and before[1] is None


def test_a_generator_that_goes_on_elsewhere_is_around_that_and_what_is_around_it(running):
    with powermeter.event("generator") as event:
        event.suspend()
        assert around() is None
        with powermeter.event("consumer") as consumer:
            event.resume()
            assert around()[0] == event.uid and around()[1][0] == consumer.uid
            event.suspend()
            assert around()[0] == consumer.uid
        event.resume()
    assert around() is None
