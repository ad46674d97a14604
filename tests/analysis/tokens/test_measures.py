"""What events of language models carry, and sums over it."""

from __future__ import annotations

from powermeter import Event
from powermeter.analysis.tokens import measures


def event(**found: object) -> Event:
    return Event("x", 0, 1, measures=found)


def test_an_event_is_a_models_where_its_phase_is_named():
    assert measures.is_of_model(event(phase="decode"))
    assert not measures.is_of_model(event()) and not measures.is_of_model(event(phase=3))


def test_a_sum_is_over_the_events_of_models_that_carry_the_measure():
    events = [
        event(phase="prefill", prompt_tokens=100),
        event(phase="decode", generated_tokens=20),
        event(phase="prefill", prompt_tokens=-1),
        event(phase="prefill", prompt_tokens="many"),
        event(prompt_tokens=7),
    ]
    assert measures.total(events, measures.PROMPT) == 100
    assert measures.total(events, measures.PROMPT, measures.GENERATED) == 120


def test_what_nothing_carries_is_not_known_rather_than_zero():
    assert measures.total([event(phase="decode")], measures.CACHED) is None
    assert measures.total([event(phase="decode", generated_tokens=0)], measures.GENERATED) == 0.0
    assert measures.total([], measures.PROMPT) is None
