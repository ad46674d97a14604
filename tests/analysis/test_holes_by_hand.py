"""Holes of a few seconds in readings a second apart: what bridges put into them, and what events change in that."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.event_estimate import Activity, GroupEstimate, InHoles
from powermeter.analysis.holes import Bridges, bridged_much, bridging_errors, in_holes, with_events
from powermeter.analysis.integral import Integral
from powermeter.channel import Gap, Kind, Quantity
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def with_holes(
    values: np.ndarray, *holes: tuple[int, int], kind: Kind = Kind.INSTANT, restarted: bool = False
) -> Integral:
    """Readings a second apart, of which those strictly between two stamps are missing."""
    times = np.arange(values.size, dtype=np.int64) * NS
    keep = np.ones(values.size, bool)
    for a, b in holes:
        keep[a + 1 : b] = False
    reason = "lost setup" if restarted else "no answer"
    gaps = [Gap(a * NS, b * NS, reason) for a, b in holes]
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    return Integral.of(from_samples(times[keep], values[keep], quantity, kind=kind, gaps=gaps))


FLAT = np.full(61, 2.0)


def test_a_bridge_goes_from_reading_to_reading() -> None:
    values = FLAT.copy()
    values[30:] = 4.0
    found = Bridges.of(with_holes(values, (10, 15), (28, 32)))
    assert found is not None
    assert found.start_ns.tolist() == [10 * NS, 28 * NS] and found.end_ns.tolist() == [15 * NS, 32 * NS]
    assert found.joules == pytest.approx([10.0, (2 + 4) / 2 * 4])
    assert Bridges.of(with_holes(values)) is None


def test_a_bridge_of_means_goes_from_window_to_window() -> None:
    """Stamps 10 and 15: the window before 15 s is read, so that 4 s are bridged, at the mean of 2 and 6 W."""
    values = FLAT.copy()
    values[12:] = 6.0
    found = Bridges.of(with_holes(values, (10, 15), kind=Kind.MEAN))
    assert found is not None
    assert (found.start_ns.tolist(), found.end_ns.tolist()) == ([10 * NS], [14 * NS])
    assert found.joules == pytest.approx([16.0])


def test_steady_power_is_bridged_without_error() -> None:
    assert bridging_errors(with_holes(FLAT, (10, 15))) == pytest.approx([0.0], abs=1e-12)


def test_the_error_is_at_most_what_the_range_beside_it_allows() -> None:
    """Power that jumps by 4 W all the time: (6 − 2)/2 × 5 s ⁄ √3, where nothing was recorded to try bridges on."""
    values = np.where(np.arange(9) < 4, 2.0, 6.0)
    assert bridging_errors(with_holes(values, (1, 8))) == pytest.approx([2 * 7 / math.sqrt(3)])
    rng = np.random.default_rng(1)
    wild = 2 + 4 * rng.integers(0, 2, 400).astype(float)
    (found,) = bridging_errors(with_holes(wild, (100, 105)))
    assert 0.3 * 2 * 5 / math.sqrt(3) < found <= 2 * 5 / math.sqrt(3) + 1e-9


def test_bridges_over_what_was_recorded_show_their_error() -> None:
    """A step of 1 W every ten seconds, up and down.  Bridges of 5 s whose ends differ have one somewhere: ± 2.5 J, evenly, 5/√12.

    Those whose ends are alike have none inside.
    """
    values = 2.0 + (np.arange(1000) // 10 % 2)
    assert bridging_errors(with_holes(values, (507, 512))) == pytest.approx([5 / math.sqrt(12)], rel=0.1)
    assert bridging_errors(with_holes(values, (502, 507)))[0] < 0.1 * 5 / math.sqrt(12)


def test_a_counter_that_was_set_back_may_have_lost_what_it_counted_since() -> None:
    """2 J a second; 30 J over a hole of 5 s are 20 J more than the rates beside it: 20/√3."""
    steps = np.full(60, 2.0)
    steps[20:25] = 30.0 / 5
    running = np.concatenate([[0.0], np.cumsum(steps)])
    integral = with_holes(running, (20, 25), kind=Kind.COUNTER, restarted=True)
    plain = bridging_errors(integral)[0]
    assert plain >= 20 / math.sqrt(3)
    assert math.sqrt(max(plain**2 - (20 / math.sqrt(3)) ** 2, 0.0)) < 20 / math.sqrt(3)


def bridges(*spans: tuple[float, float]) -> Bridges:
    starts, ends = ns(*(a for a, _ in spans)), ns(*(b for _, b in spans))
    n = len(spans)
    return Bridges(starts, ends, 10.0 + np.arange(n), 1.0 + np.arange(n))


@pytest.mark.parametrize(
    ("start", "end", "joules", "variance", "seconds"),
    [
        (0, 60, 10 + 11 + 12, 1 + 4 + 9, 2 + 3 + 4),
        (10, 23, 10 + 11, 1 + 4, 5),  # both edges count as inside
        (10.1, 23, 11, 4, 3),
        (10, 22.9, 10, 1, 2),
        (13, 15, 0, 0, 0),
        (10.5, 11.5, 0, 0, 0),  # inside a hole
    ],
)
def test_what_lies_in_holes_that_a_window_holds_whole(start, end, joules, variance, seconds) -> None:
    found = bridges((10, 12), (20, 23), (40, 44)).inside(ns(start), ns(end))
    assert [float(x[0]) for x in found] == pytest.approx([joules, variance, seconds])


@pytest.mark.parametrize(
    ("length", "much"),
    [
        (39, True),  # 4 s in 39: over a tenth, of a hole of more than three and a half intervals
        (41, False),
        (15, True),
    ],
)
def test_much_is_over_a_tenth_in_holes_of_four_intervals(length: float, much: bool) -> None:
    integral = with_holes(FLAT, (10, 14))
    assert bridged_much(integral, ns(5), ns(5 + length)) is much


@pytest.mark.parametrize(("length", "much"), [(11.9, True), (12.1, False), (25, False)])
def test_a_row_or_two_are_much_over_a_quarter(length: float, much: bool) -> None:
    """A hole of three intervals: 3 s in 12."""
    integral = with_holes(FLAT, (10, 13))
    assert bridged_much(integral, ns(5), ns(5 + length)) is much


@pytest.mark.parametrize(("carried", "much"), [(11.0, False), (14.0, True)])
def test_what_a_counter_counted_over_a_restart_is_an_estimate_over_a_tenth(
    carried: float, much: bool
) -> None:
    """2 J in each of 59 seconds and so much in the one of its restart: 118 J; a tenth of 131 J is 13.1 J."""
    steps = np.full(60, 2.0)
    steps[30] = carried
    running = np.concatenate([[0.0], np.cumsum(steps)])
    integral = with_holes(running, (30, 31), kind=Kind.COUNTER, restarted=True)
    assert integral.hole.tolist() == [30]
    assert bridged_much(integral, ns(0), ns(60)) is much
    assert bridged_much(integral, ns(40), ns(60)) is False


def label(
    *events: tuple[float, float], level: float = 6.0, quiet: float | None = None, gap_u: float = 0.0
) -> Activity:
    found = GroupEstimate.empty(len(events))
    found.level, found.quiet = level, quiet
    found.gaps = np.full(len(events), gap_u)
    return Activity(ns(*(a for a, _ in events)), ns(*(b for _, b in events)), found)


def changed(integral: Integral, *labels: Activity) -> tuple[float, float]:
    found = Bridges.of(integral)
    assert found is not None
    return with_events(integral, found, labels, 0, 60 * NS)


HOLE = with_holes(FLAT, (20, 25))
"""A bridge of 10 J at 2 W."""


def test_without_events_the_bridge_stands() -> None:
    assert changed(HOLE) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert changed(HOLE, label((40, 42))) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_an_event_that_fell_into_a_hole_takes_its_part_of_it() -> None:
    """3 of 5 s at 6 W, the rest at the 2 W beside it: 18 + 4 − 10 J."""
    assert changed(HOLE, label((21, 24), gap_u=0.5)) == pytest.approx((12.0, 0.5))


def test_an_event_that_began_in_a_hole() -> None:
    """Only the reading before it lies in no event: 2 s at 2 W and 3 s at 6 W."""
    assert changed(HOLE, label((22, 30), gap_u=0.5)) == pytest.approx((4 + 18 - 10, 0.5))


def test_an_event_that_swallows_a_hole_leaves_its_bridge() -> None:
    assert changed(HOLE, label((10, 30), gap_u=0.5)) == pytest.approx((0.0, 0.5))
    assert changed(HOLE, label((20, 25), gap_u=0.5))[1] == pytest.approx(0.5)


def test_events_that_take_more_than_the_hole_share_it() -> None:
    """Two labels of 4 s and 3 s in 5 s: (24 + 3 × 9) × 5/7 J, and nothing beside."""
    two = label((20.5, 24.5)), label((21, 24), level=9.0)
    assert changed(HOLE, *two)[0] == pytest.approx((24 + 27) * 5 / 7 - 10)


def test_holes_outside_a_stretch_are_not_its() -> None:
    found = Bridges.of(HOLE)
    assert found is not None
    for start, end in ((21, 60), (0, 24)):
        assert with_events(HOLE, found, [label((21, 24))], start * NS, end * NS) == (0.0, 0.0)
    assert with_events(HOLE, found, [label((21, 24))], 20 * NS, 25 * NS)[0] == pytest.approx(12.0)


def test_where_events_stand_on_both_sides_readings_further_away_are_what_lies_between_them() -> None:
    """The readings next to the hole, 1.5 and 2 W, lie in events; those that lie in none read 2 W: the middle second is at that."""
    values = FLAT.copy()
    values[20] = 1.5
    found = changed(with_holes(values, (20, 25)), label((19, 22), (23, 27)))
    assert found[0] == pytest.approx(2 * 6 + 2 * 6 + 2.0 - (1.5 + 2) / 2 * 5)


def means_with(levels: dict[int, float]) -> Integral:
    values = FLAT.copy()
    for k, watts in levels.items():
        values[k] = watts
    return with_holes(values, (20, 26), kind=Kind.MEAN)


def test_of_means_one_or_two_windows_further_are_looked_at() -> None:
    """The windows up to 20 s and from 25 s on are cut by events: 3 W at 19 s and at 27 s are beside them.

    The hole is from 20 s to 25 s, its bridge 2 W × 5 s; one event ends at 20.5 s, another begins at 24.5 s.
    """
    integral = means_with({19: 3.0, 27: 3.0})
    found = changed(integral, label((19.5, 20.5), (24.5, 25.5)))
    assert found[0] == pytest.approx(0.5 * 6 + 0.5 * 6 + 4 * 3.0 - 10)


def test_of_means_what_is_usual_beside_events_stands_where_no_window_is_free() -> None:
    integral = means_with({})
    long = label((10, 20.5), (24.5, 50), quiet=1.0)
    assert changed(integral, long)[0] == pytest.approx(6 + 4 * 1.0 - 10)
    two = label((10, 20.5), (24.5, 50), quiet=1.0), label((55, 56), quiet=2.0)
    assert changed(integral, *two)[0] == pytest.approx(6 + 4 * 1.5 - 10)


def test_an_edge_within_a_window_of_a_hole_is_one_inside() -> None:
    """Of means the window before the hole may be cut; of instants an edge a second before it is none of it."""
    integral = means_with({})
    assert changed(integral, label((10, 19.5)))[0] == pytest.approx(0.0, abs=1e-9)
    assert changed(integral, label((19.2, 19.6), level=50.0))[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("edge", "error"), [(False, math.sqrt(2 * 0.01 * 5 * 1)), (True, math.sqrt(0.04 * 25))]
)
def test_idle_power_of_means_wanders_from_window_to_window(edge: bool, error: float) -> None:
    """Beside events 0.01 W² from one window to the next and 0.04 W² in all: 5 windows add up, or 5 s are off alike."""
    rng = np.random.default_rng(2)
    integral = with_holes(2.0 + rng.standard_normal(61), (20, 26), kind=Kind.MEAN)
    found = Bridges.of(integral)
    assert found is not None and found.error[0] > error
    one = label((19.5, 19.9) if edge else (40, 42))
    one.found.quiet_variance = (0.01, 0.04)
    assert with_events(integral, found, [one], 0, 60 * NS)[1] == pytest.approx(error)


def test_a_label_that_knows_its_part_of_a_hole_is_believed() -> None:
    integral = means_with({})
    one = label((10, 30))
    one.found.in_holes = InHoles(
        np.array([0]), np.array([0]), np.array([5.0]), np.array([25.0]), np.array([0.09])
    )
    assert changed(integral, one) == pytest.approx(
        (0.0, 0.3)
    )  # swallowed: its bridge stands, its doubt counts
    two = label((10, 22), (24, 30))
    two.found.in_holes = InHoles(
        np.array([0, 0]), np.array([0, 1]), np.array([2.0, 1.0]), np.array([9.0, 5.0]), np.array([0.09, 0.16])
    )
    moved, u = changed(integral, two)
    assert u == pytest.approx(0.5)
    assert moved == pytest.approx(9 + 5 + 2 * 2.0 - 10)


def held(levels: dict[int, float], *events: tuple[float, float]) -> InHoles:
    integral = means_with(levels)
    start, end = ns(*(a for a, _ in events)), ns(*(b for _, b in events))
    return in_holes(integral, start, end, np.full(len(events), 8.0), (0.01, 0.25))


def test_an_event_goes_on_in_a_hole_as_the_windows_beside_it_in_the_same_event() -> None:
    """Windows of 5 W up to 20 s and of 7 W from 25 s on, both inside: 6 W for 5 s; 5 windows wander 5 × 0.01 W²."""
    found = held({20: 5.0, 26: 7.0}, (10, 40))
    assert found.seconds.tolist() == [5.0] and found.joules == pytest.approx([30.0])
    assert found.variance == pytest.approx([25 * 0.01 * 5])


@pytest.mark.parametrize(
    ("event", "seconds", "watts", "variance"),
    [
        ((10, 22), 2.0, 5.0, 4 * 2 * 0.01 * 2),  # only the window before it
        ((23, 40), 2.0, 7.0, 4 * 2 * 0.01 * 2),  # only the one behind it
        ((21, 24), 3.0, 8.0, 9 * 0.25),  # none: the event's own level
        ((19.5, 22), 2.0, 8.0, 4 * 0.25),  # the window before it is cut
        ((23, 25.5), 2.0, 8.0, 4 * 0.25),
        ((19, 22), 2.0, 5.0, 4 * 2 * 0.01 * 2),
        ((23, 26), 2.0, 7.0, 4 * 2 * 0.01 * 2),
        ((10, 20.5), 0.5, 5.0, 0.25 * 2 * 0.01),  # less than a window counts as one
    ],
)
def test_the_part_of_an_event_in_a_hole(event, seconds, watts, variance) -> None:
    found = held({20: 5.0, 26: 7.0}, event)
    assert found.hole.tolist() == [0] and found.event.tolist() == [0]
    assert found.seconds == pytest.approx([seconds]) and found.joules == pytest.approx([seconds * watts])
    assert found.variance == pytest.approx([variance])


def test_events_that_touch_no_hole_have_no_part() -> None:
    found = held({20: 5.0, 26: 7.0}, (1, 2), (10, 21), (22, 23), (24, 30), (40, 41))
    assert found.event.tolist() == [1, 2, 3] and found.seconds == pytest.approx([1.0, 1.0, 1.0])
    assert held({}, (10, 20), (25, 30)).event.size == 0
