"""An instrument behind a first-order filter: what its readings do behind edges is a geometric series."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.event_estimate import LAG, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lagging_instrument import _BehindEdges, at_zero, edges_of, lagging, lags, stands_out
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.signals.decoding import from_samples

TAU_NS = 100_000_000
IDLE, ADDED = 1.0, 4.0


def filtered(count: int, busy: int, rest: int, keep: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Readings of a filter that keeps such a share of its distance to the load from one to the next, and event edges.

    Events begin and end in the middle between two readings.
    """
    load = np.concatenate([[IDLE] * rest, *([IDLE + ADDED] * busy + [IDLE] * rest for _ in range(count))])
    values, state = np.empty(load.size), IDLE
    for k, x in enumerate(load.tolist()):
        state = x + keep * (state - x)
        values[k] = state
    starts = rest + (busy + rest) * np.arange(count)
    half = TAU_NS // 2
    return values, starts * TAU_NS - half, (starts + busy) * TAU_NS - half


def trace_of(values: np.ndarray, **more: float):
    return from_samples(np.arange(values.size, dtype=np.int64) * TAU_NS, values, **more)


@pytest.mark.parametrize(("keep", "seen"), [(0.0, False), (0.3, True), (0.6, True)])
def test_a_filter_lags_and_a_plain_reading_does_not(keep: float, seen: bool) -> None:
    values, start, end = filtered(8, 20, 20, keep)
    assert lags(trace_of(values), start, end) is seen
    assert lags(trace_of(values), start[::-1].copy(), end[::-1].copy()) is seen  # whatever their order


@pytest.mark.parametrize(("count", "seen"), [(5, False), (6, True)])
def test_five_events_with_another_behind_them_show_it(count: int, seen: bool) -> None:
    values, start, end = filtered(count, 20, 20, 0.5)
    assert lags(trace_of(values), start, end) is seen
    assert lags(trace_of(values), start[:0], end[:0]) is False


@pytest.mark.parametrize(
    ("busy", "rest", "seen"), [(2, 20, False), (3, 20, True), (20, 4, False), (20, 8, True)]
)
def test_an_event_has_three_readings_and_five_behind_it(busy: int, rest: int, seen: bool) -> None:
    values, start, end = filtered(8, busy, rest, 0.4)
    assert (edges_of(trace_of(values), start[:-1], end[:-1], start[1:]) is not None) is seen


def test_what_readings_do_behind_edges_is_a_geometric_series() -> None:
    """Keep q: 4 q, 4 q², 4 q³ above idle behind an end (the last inside: 4), and 4 (1 − q), 4 (1 − q²) … inside."""
    q, busy, rest = 0.5, 30, 60
    values, start, end = filtered(8, busy, rest, q)
    found = edges_of(trace_of(values), start[:-1], end[:-1], start[1:])
    assert found is not None and found.fall.shape == (3, 7)
    assert found.fall.mean(axis=1) == pytest.approx([ADDED, ADDED * q, ADDED * q * q], rel=1e-6)
    assert found.rise.mean(axis=1) == pytest.approx([ADDED * (1 - q**k) for k in (1, 2, 3)], rel=1e-6)
    assert found.since == pytest.approx(np.full(7, 0.5))
    assert found.low == pytest.approx(IDLE, rel=1e-6)
    whole = ADDED * q / (1 - q) * 0.1  # Σ 4 qᵏ from k = 1 on, of 0.1 s each
    assert found.behind == pytest.approx(np.full(7, whole), rel=1e-4)
    assert found.missing == pytest.approx(np.full(7, whole), rel=1e-2)
    assert found.short == pytest.approx(np.full(7, whole - ADDED * q * 0.1), rel=2e-2)


@pytest.mark.parametrize(("busy", "missing"), [(5, False), (6, True)])
def test_where_six_readings_settle_the_last_third_is_what_the_others_lack(busy: int, missing: bool) -> None:
    values, start, end = filtered(8, busy, 40, 0.5)
    found = edges_of(trace_of(values), start[:-1], end[:-1], start[1:])
    assert found is not None and bool(found.missing.any()) is missing
    if missing:
        inside = [ADDED * (1 - 0.5**k) for k in range(1, 7)]
        lacks = [sum(inside[4:]) / 2 - x for x in inside[:4]]
        assert found.missing == pytest.approx(np.full(7, 0.1 * sum(lacks)), rel=1e-6)
        assert found.short == pytest.approx(np.full(7, 0.1 * sum(lacks[1:])), rel=1e-6)


@pytest.mark.parametrize(("mean", "clear"), [(1.50, False), (1.53, True), (-1.53, False), (0.0, False)])
def test_four_standard_errors_stand_out(mean: float, clear: bool) -> None:
    """Eight values ± 1 scatter by √(8/7): 4 √(8/7) ⁄ √8 = 1.512."""
    assert stands_out(mean + np.tile([1.0, -1.0], 4)) is clear


def edges(**changed: np.ndarray) -> _BehindEdges:
    n = 10
    wiggle = 1 + 1e-3 * np.tile([1.0, -1.0], 5)
    found = {
        "fall": np.outer([1.0, 0.4, 0.16], np.ones(n)) * wiggle,
        "rise": np.outer([0.0, 0.3, 0.5], np.ones(n)),
        "since": np.linspace(0.05, 0.95, n),
        "behind": 0.5 * wiggle,
        "missing": 0.5 * wiggle,
        "short": 0.2 * wiggle,
    }
    return _BehindEdges(**{**found, **changed}, low=1.0)


@pytest.mark.parametrize(
    ("fall", "yes"),
    [
        ([1.0, 0.4, 0.199], True),  # 0.4 against 0.8 × 0.199/0.4 = 0.398
        ([1.0, 0.4, 0.201], False),  # 0.8 × 0.201/0.4 = 0.402
        ([0.0, 0.4, 0.1], False),
        ([1.0, -0.1, 0.1], False),
        ([1.0, 0.4, 0.0], False),
    ],
)
def test_what_lags_falls_no_less_from_one_reading_to_the_next(fall: list[float], yes: bool) -> None:
    assert edges(fall=np.outer(fall, np.ones(10))).continuous is yes


@pytest.mark.parametrize(
    ("at_edge", "slope", "yes"),
    [(0.0, 1.0, True), (0.48, 0.98, True), (0.5, 0.98, False), (1.0, 0.0, False), (-0.5, 0.4, True)],
)
def test_first_readings_have_hardly_moved_at_the_edge_itself(at_edge: float, slope: float, yes: bool) -> None:
    """Half of what they have on average: a + b/2 at places spread evenly over an interval."""
    since = np.linspace(0.05, 0.95, 10)
    rise = np.stack([at_edge + slope * since, np.ones(10), np.ones(10)])
    assert edges(rise=rise).continuous is yes


@pytest.mark.parametrize(
    ("missing", "behind", "yes"),
    [
        (0.5, 0.5, True),
        (0.99, 0.5, True),
        (1.01, 0.5, False),
        (0.26, 0.5, True),
        (0.24, 0.5, False),
        (0.5, -0.5, False),
    ],
)
def test_as_much_is_missing_as_follows_within_a_factor_of_two(
    missing: float, behind: float, yes: bool
) -> None:
    assert edges(missing=np.full(10, missing), behind=np.full(10, behind)).alike is yes
    assert edges(missing=np.full(10, missing), behind=np.full(10, behind), short=-np.ones(10)).alike is False


def test_a_line_through_points_meets_zero_with_its_error() -> None:
    """y = 2 + 3 x ± 0.1: residual variance 0.01 × n/(n − 2), of the intercept × (1/n + x̄²/Σ(x − x̄)²)."""
    x = np.repeat(np.arange(1.0, 6.0), 2)
    y = 2 + 3 * x + np.tile([0.1, -0.1], 5)
    found, error = at_zero(x, y)
    assert found == pytest.approx(2.0)
    assert error == pytest.approx(math.sqrt(10 * 0.01 / 8 * (1 / 10 + 9 / 20)))
    alike, unknown = at_zero(np.full(10, 0.5), y)  # all at one place: nothing leads to zero
    assert alike == pytest.approx(y.mean()) and unknown == math.inf
    assert at_zero(np.array([0.0, 1.0]), np.array([1.0, 3.0])) == (2.0, math.inf)


def estimated(n: int, level: float | None) -> GroupEstimate:
    found = GroupEstimate.empty(n)
    found.value, found.own, found.level = np.full(n, 5.0), np.full(n, 0.1), level
    return found


def test_what_follows_opens_the_interval_upward() -> None:
    """A tail of T J each, all alike but for rounding: each event may have used T more, all n of them n T."""
    q, n = 0.5, 9
    values, start, end = filtered(n, 30, 60, q)
    found = lagging(Integral.of(trace_of(values)), start, end, estimated(n, IDLE + ADDED), None)
    tail = ADDED * q / (1 - q) * 0.1
    assert found.why == LAG
    assert found.above == pytest.approx(np.full(n, tail), rel=1e-4)
    assert found.above_all == pytest.approx(n * tail, rel=1e-4)
    assert found.value == pytest.approx(np.full(n, 5.0)) and found.factor == 1.0


def test_a_tail_of_less_than_a_two_hundredth_is_halved_and_paid() -> None:
    """Half of it is added; a third of it is the standard uncertainty that all events share."""
    q, n, busy = 0.1, 9, 60
    values, start, end = filtered(n, busy, 60, q)
    tail = ADDED * q / (1 - q) * 0.1
    assert tail < 0.005 * ADDED * busy * 0.1
    found = lagging(Integral.of(trace_of(values)), start, end, estimated(n, IDLE + ADDED), None)
    assert found.why == "" and found.value == pytest.approx(np.full(n, 5.0 + tail / 2), rel=1e-6)
    assert found.own == pytest.approx(np.full(n, 0.1)) and found.factor == 1.0
    assert found.shared[BY_EDGES] == pytest.approx(np.full(n, tail / 3), rel=1e-6)


@pytest.mark.parametrize(("clock_s", "pays"), [(0.0330, True), (0.0337, False)])
def test_clocks_that_are_apart_do_the_same(clock_s: float, pays: bool) -> None:
    """Within three standard uncertainties of the clock nothing is added: a tail of 0.4 J is 0.1 s of 4 W."""
    values, start, end = filtered(9, 30, 60, 0.5)
    integral = Integral.of(trace_of(values, clock_ns=clock_s * 1e9))
    found = lagging(integral, start, end, estimated(9, IDLE + ADDED), None)
    assert (found.why == LAG) is pays


@pytest.mark.parametrize("why", ["few", "level", "overlap"])
def test_what_cannot_be_known_stays(why: str) -> None:
    values, start, end = filtered(9, 30, 60, 0.5)
    if why == "few":
        start, end = start[:5], end[:5]
    if why == "overlap":
        end = end.copy()
        end[2] = start[3] + 1
    before = estimated(start.size, None if why == "level" else IDLE + ADDED)
    found = lagging(Integral.of(trace_of(values)), start, end, before, None)
    assert found.why == "" and not found.above.any() and found.value.tolist() == [5.0] * start.size
