"""Events inside repeats: which of them count, by what each used."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.inner_events import inner_events, with_events
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


@pytest.fixture
def recording():
    """Three repeats of 1 s, 3 W; in the first two 10 items each within 0.5 s at 5 W, and events across their edges."""
    truth = Truth.steps([0, 1.0, 1.2, 1.7, 2.0, 2.2, 2.7, 4.5, 6], [1, 3, 5, 3, 3, 5, 3, 1])
    events = [
        Event("bench", NS, 2 * NS, uid=1),
        Event("infer", round(1.2 * NS), round(1.7 * NS), count=10, uid=2),
        Event("bench", 2 * NS, 3 * NS, uid=3),
        Event("infer", round(2.2 * NS), round(2.7 * NS), count=10, uid=4),
        Event("across", round(2.9 * NS), round(3.1 * NS), uid=5),
        Event("before", round(0.5 * NS), round(0.9 * NS), uid=6),
        Event("instant", round(1.5 * NS), round(1.5 * NS), uid=7),
    ]
    return SimulatedPowerMeter(1000).record(truth, events, np.random.default_rng(1))


def test_only_what_lies_within_a_repeat_counts(recording) -> None:
    (inner,) = inner_events(recording, [(NS, 2 * NS), (2 * NS, 3 * NS)], "bench")
    assert (inner.label, inner.items, inner.events) == ("infer", 20, 2)
    assert inner.per_item.value == pytest.approx(5 * 0.5 / 10, rel=0.01)


def test_repeats_without_events_have_none(recording) -> None:
    assert inner_events(recording, [(4 * NS, 5 * NS)], "bench") == []
    assert inner_events(recording, [], "bench") == []


def test_another_list_of_events_leaves_the_rest_as_it_is(recording) -> None:
    other = with_events(recording, [])
    assert other.events() == [] and other.sources == recording.sources
