"""The names under which events carry what a language model did; they are measures, which never split a row.

A request is up to two events: `prefill` counts prompt tokens that were processed, `decode` counts the steps after the first token,
which comes with the prefill.  Where nobody reported when the first token was, it is one event `request`.  docs/tokens.md lists them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from powermeter.events import Event

PHASE = "phase"
"""`load`, `prefill`, `decode` or `request`: what marks an event as one of a language model."""
LOAD, PREFILL, DECODE, REQUEST = "load", "prefill", "decode", "request"

NUMBER = "request"
"""Which request of its process an event belongs to."""
PROMPT, CACHED, GENERATED = "prompt_tokens", "cached_tokens", "generated_tokens"
DRAFTED, ACCEPTED = "drafted_tokens", "accepted_tokens"
FIRST = "first_tokens"
"""Tokens that a prefill ended with: one for each sequence of a batch."""
WAITED = "waited_s"
"""Seconds between the request and the begin of its prefill."""
DOUBT = "doubt_s"
"""How far the edges of an event may be off, in s, where they were not stamped by the program itself."""


def is_of_model(event: Event) -> bool:
    """Return whether an event is a phase of a language model."""
    return isinstance(event.measures.get(PHASE), str)


def total(events: Iterable[Event], *names: str) -> float | None:
    """Return the sum of a measure over the events of language models that carry it; None where none does."""
    # It needs numpy: `record` reads names from here, and needs none.
    from powermeter.recording.event_columns import EventColumns

    if isinstance(events, EventColumns):
        events = events.at(events.having("measures"))  # most have none
    found = [
        float(value)
        for event in events
        if is_of_model(event)
        for name in names
        if isinstance(value := event.measures.get(name), (int, float)) and value >= 0
    ]
    return sum(found) if found else None


def sum_of(events: Sequence[Event], names: Iterable[str]) -> float | None:
    """Return the sum over events of the first of these attributes or measures that each of them carries, or None."""
    for name in names:
        numbers = []
        for event in events:  # of a day's events the first lacks most names: nothing is copied for the rest
            value = event.measures.get(name, event.attributes.get(name))
            if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
                break
            numbers.append(float(value))
        if len(numbers) == len(events) and sum(numbers) > 0:
            return sum(numbers)
    return None
