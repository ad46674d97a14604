"""Whether one event is resolved, and what is said of it: each sentence where it holds, with its numbers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis import resolution
from powermeter.analysis.event_estimate import BEAT, EQUAL, FEW, LAG, LOST, RIPPLE, TAIL, UNSEEN
from powermeter.channel import Kind
from powermeter.result import Result


def windows(samples, seconds, *, why="", freedom=np.inf, **trace):
    found = {
        "interval_ns": 100_000_000,
        "kind": Kind.INSTANT,
        "window_ns": None,
        "remembered": {},
        "sampling": "",
    }
    return SimpleNamespace(
        samples=np.array(samples, float),
        seconds=np.array(seconds, float),
        group=np.zeros(len(samples), int),
        groups=[SimpleNamespace(why=why, freedom=freedom)],
        integral=SimpleNamespace(pace_s=0.1, trace=SimpleNamespace(**{**found, **trace})),
    )


def judged(energy, total=None, n=None):
    index = np.arange(len(energy.samples) if n is None else n)
    total = Result.of(10.0, "J", {"noise:x": 0.02}) if total is None else total
    return resolution.verdict(energy, index, total, np.arange(len(energy.samples)))


def test_two_readings_in_the_middle_one_of_the_events_resolve_it():
    found = judged(windows([1, 2, 9], [0.2, 0.2, 0.9]))
    assert (found.resolved, found.samples, found.text) == (True, 2.0, "")
    assert found.repeats_needed == 0
    short = judged(windows([1, 1.9, 9], [0.2, 0.2, 0.9]))
    assert not short.resolved and short.samples == 1.9


@pytest.mark.parametrize(
    ("trace", "resolved"),
    [
        ({"window_ns": 210_000_000}, False),  # a reading is the mean of more than an event
        ({"window_ns": 190_000_000}, True),
        ({"kind": Kind.MEAN, "interval_ns": 210_000_000}, False),
        ({"kind": Kind.COUNTER, "interval_ns": 190_000_000}, True),
    ],
)
def test_an_event_is_no_shorter_than_what_a_reading_is_the_mean_of(trace, resolved):
    assert judged(windows([3] * 3, [0.2] * 3, **trace)).resolved is resolved


@pytest.mark.parametrize("why", [LOST, RIPPLE, LAG, EQUAL, TAIL])
def test_what_is_said_of_long_events_as_well(why):
    found = judged(windows([5] * 3, [0.5] * 3, why=why))
    assert (
        found.resolved
        and found.text == resolution.reason(windows([1], [1.0]).integral.trace, why)
        and found.repeats_needed is None
    )
    assert judged(windows([5] * 3, [0.5] * 3, why=UNSEEN)).text == ""
    assert "keep step" in judged(windows([5] * 3, [0.5] * 3, why=BEAT)).text
    assert "few readings fell into them" in judged(windows([5] * 3, [0.5] * 3, why=FEW)).text


@pytest.mark.parametrize("why", [BEAT, LOST])
def test_short_events_say_how_short_and_why(why):
    found = judged(windows([1] * 3, [0.02] * 3, why=why), Result.of(10.0, "J", {"noise:x": 8.0}))
    assert found.text == (
        "one event lasts 20.00 ms and a sample comes every 100.0 ms: too short to resolve; "
        + resolution.reason(windows([1], [1.0]).integral.trace, why)
    )


@pytest.mark.parametrize("why", [UNSEEN, FEW])
@pytest.mark.parametrize(("half", "is_bound"), [(0.02, False), (4.0, False), (8.0, True), (np.inf, True)])
def test_a_bound_is_said_to_be_known_only_where_a_bound_is_printed(half, is_bound, why):
    total = Result.of(10.0, "J", {"noise:x": half})
    text = judged(windows([1] * 3, [0.02] * 3, why=why), total).text
    assert ("only a bound is known" in text) is is_bound
    assert ("the interval is wide" in text) is not is_bound


def test_short_events_of_which_the_mean_is_known_say_to_what():
    start = "one event lasts 20.00 ms and a sample comes every 100.0 ms: too short to resolve"
    energy = windows([1] * 1200, [0.02] * 1200)
    known = judged(energy)
    assert (
        known.text == f"{start} one by one; what the 1,200 used together is known to ± 0.39 %"
    )  # 1.96 × 0.02 of 10 J
    alone = judged(windows([1], [0.02]), Result.of(10.0, "J", {"gain:x": 0.02}))
    assert alone.text == f"{start}; what it used is known to ± 0.39 %"
    wide = judged(windows([1] * 10, [0.02] * 10), Result.of(10.0, "J", {"noise:x": 1.0}))
    assert wide.text == f"{start}; {wide.repeats_needed} more repeats bring the mean to ± 5 %"
    # 1.96 × 10 % must be 5 %: 15.4 times the ten
    assert wide.repeats_needed == pytest.approx(10 * (1.96 * 0.1 / 0.05) ** 2 - 10, abs=3)


def test_what_repeats_cannot_bring_is_not_promised():
    """A gain of 10 % of the value stays however many are measured; of what is nothing no share is known."""
    assert judged(windows([5] * 3, [0.5] * 3), Result.of(10.0, "J", {"gain:x": 1.0})).repeats_needed is None
    assert judged(windows([5] * 3, [0.5] * 3), Result.of(0.0, "J", {"noise:x": 1.0})).repeats_needed is None


def test_of_what_no_reading_tells_only_how_short_it_is_is_said():
    energy = windows([0] * 3, [0.02] * 3)
    found = resolution.verdict(energy, np.arange(0), None, np.arange(3))
    assert (found.resolved, found.samples, found.repeats_needed) == (False, 0.0, None)
    assert found.text.startswith(
        "one event lasts 20.00 ms and a sample comes every 100.0 ms: no reading fell into"
    )
    assert resolution.verdict(energy, np.arange(0), None, np.arange(0)).text == ""
    instants = windows([0] * 3, [0.0] * 3)
    assert resolution.verdict(instants, np.arange(0), None, np.arange(3)).text == ""


def test_no_repeats_are_advised_where_something_else_makes_the_interval() -> None:
    """A model's error of 3 J beside 1 J of what was not seen: nine tenths of the variance stay whatever is repeated."""
    assert resolution.made_by_others(Result.of(10.0, "J", {"model:x": 3.0, "unseen:x": 1.0}))
    assert not resolution.made_by_others(Result.of(10.0, "J", {"model:x": 1.0, "unseen:x": 3.0}))
