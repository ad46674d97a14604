"""How many readings fell into events against how many should have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.against_events import against_events, edges_of
from powermeter.analysis.event_estimate import BEAT, FEW, Activity, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Gap
from powermeter.signals.decoding import from_samples

NS = 10**9


def ns(values: object) -> np.ndarray:
    return np.rint(np.asarray(values, float) * NS).astype(np.int64)


def instants(values: np.ndarray, **more: object) -> Integral:
    return Integral.of(
        from_samples(np.arange(values.size, dtype=np.int64) * NS, np.asarray(values, float), **more)
    )


def label(
    start: np.ndarray, length: float, level: float | None = 6.0, why: str = "", beat: float = 0.0
) -> Activity:
    found = GroupEstimate.empty(start.size)
    found.level, found.why, found.beat = level, why, beat
    return Activity(ns(start), ns(start + length), found)


IDLE = np.full(401, 2.0)


def test_edges_of_all_labels() -> None:
    assert [x.size for x in edges_of([])] == [0, 0]
    starts, ends = edges_of([label(np.array([1.0, 5.0]), 1.0), label(np.array([3.0]), 2.0)])
    assert starts.tolist() == [NS, 5 * NS, 3 * NS] and ends.tolist() == [2 * NS, 6 * NS, 5 * NS]


def test_as_many_readings_as_should_have_leave_nothing() -> None:
    """Ten events of four seconds and one reading a second: forty of forty."""
    seen = against_events(instants(IDLE), [label(10.3 + 20 * np.arange(10), 4.0)], 1.0, 1.0)
    assert (seen.below, seen.above, seen.beat, seen.blind_s) == (0.0, 0.0, False, 0.0)
    assert seen.variance == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("late", [True, False])
def test_events_that_always_catch_one_more_or_one_less_keep_step(late: bool) -> None:
    """Twenty events of 3.5 s that each catch three (or four) readings: ten readings of 4 W above idle too few or too many.

    The run may be 1.3 times as much off towards where the readings lack, and 0.3 times the other way.
    """
    start = 10.25 + 15 * np.arange(20) + (0.0 if late else 0.6)
    caught = np.ceil(start + 3.5) - np.ceil(start)
    assert set(caught.tolist()) == ({3.0} if late else {4.0})
    seen = against_events(instants(IDLE), [label(start, 3.5)], 1.0, 1.0)
    off = 20 * 0.5 * (6.0 - 2.0)
    assert seen.beat is True and seen.blind_s == 0.0
    wide, narrow = 1.3 * off, 0.3 * off
    assert (seen.below, seen.above) == (
        pytest.approx((narrow, wide)) if late else pytest.approx((wide, narrow))
    )


def test_a_deviation_of_few_events_is_a_standard_uncertainty() -> None:
    """Seven events are not enough for a beat: half a reading of each is paid for over 1.5, beside what chance leaves of half a reading."""
    start = 10.25 + 15 * np.arange(7)
    seen = against_events(instants(IDLE), [label(start, 3.5)], 1.0, 1.0)
    assert seen.beat is False and (seen.below, seen.above) == (0.0, 0.0)
    assert seen.variance == pytest.approx((7 * 0.5 * 4.0 / 1.5) ** 2 + 7 * 0.25 * 4.0**2, rel=1e-6)


def test_of_what_is_less_than_the_readings_own_scatter_only_chance_is_left() -> None:
    """Three or four readings of 4 W above idle in each: a variance of ½ × ½; the run counts it where its own is less."""
    start = 10.25 + 15 * np.arange(7)
    seen = against_events(instants(IDLE), [label(start, 3.5)], 20.0, 1.0)
    assert seen.variance == pytest.approx(7 * 0.25 * 4.0**2)


def test_labels_pay_what_nearly_keeping_step_leaves_and_open_ends() -> None:
    start = 10.3 + 20 * np.arange(10)
    assert against_events(instants(IDLE), [label(start, 4.0, beat=9.0)], 1.0, 1.0).variance == pytest.approx(
        9.0
    )
    bounded = label(start, 4.0, why=BEAT)
    bounded.found.below_all, bounded.found.above_all = 3.0, 5.0
    seen = against_events(instants(IDLE), [bounded], 1.0, 1.0)
    assert (seen.below, seen.above) == (3.0, 5.0)
    few = label(start, 4.0, why=FEW)
    few.found.below_all, few.found.above_all = 3.0, 5.0
    assert against_events(instants(IDLE), [few], 1.0, 1.0).above == 5.0


@pytest.mark.parametrize(("above", "open_end"), [(0.0, math.inf), (7.0, 7.0)])
def test_events_without_a_reading_are_blind(above: float, open_end: float) -> None:
    """Five of 0.2 s between two readings."""
    blind = label(10.3 + 20 * np.arange(5), 0.2, level=None)
    blind.found.above_all = above
    seen = against_events(instants(IDLE), [blind], 1.0, 1.0)
    assert seen.blind_s == pytest.approx(1.0) and seen.above == open_end


def test_an_empty_event_leaves_the_run_its_interval() -> None:
    """10 µs pay for a peak of a thousand times the highest reading; where that is more than a twentieth of the run, it is open."""
    integral = instants(IDLE)
    highest, whole = float(np.abs(integral.trace.values).max()), float(integral.running[-1])
    short = label(np.array([10.3]), 1e-5, level=None)
    assert against_events(integral, [short], 1.0, 1.0).above == pytest.approx(1000 * highest * 1e-5)
    longer = label(np.array([10.3]), 0.055 * whole / (1000 * highest), level=None)
    assert against_events(integral, [longer], 1.0, 1.0).above == math.inf


def test_events_beyond_the_run_do_not_count() -> None:
    beyond = label(np.array([-50.0, 500.0]), 4.0, level=None)
    assert against_events(instants(IDLE), [beyond], 1.0, 1.0).blind_s == 0.0


def test_readings_beside_holes_are_no_step_that_events_keep() -> None:
    """Twenty events of ten seconds, each with a hole of two intervals inside: eight intervals beside the hole, and nine readings."""
    start = 10.5 + 15 * np.arange(20)
    lost = np.rint(start + 5.5).astype(np.int64)
    t = np.setdiff1d(np.arange(320), lost) * NS
    gaps = [Gap(int(k - 1) * NS, int(k + 1) * NS, "missed", "") for k in lost]
    integral = Integral.of(from_samples(t, np.full(t.size, 2.0), gaps=gaps))
    assert integral.hole.size == 20
    seen = against_events(integral, [label(start, 10.0)], 1e-3, 1.0)
    assert not seen.beat and (seen.below, seen.above) == (0.0, 0.0)
