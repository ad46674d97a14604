"""Pieces of events in the windows that edges cut, and what steps and shifts do to windows, by counting."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.clock_uncertainty import late_kind, misplaced
from powermeter.analysis.integral import Integral
from powermeter.analysis.quantisation import quantised, steps_alike
from powermeter.analysis.window_pieces import foreign_seconds, pieces, without_overlaps
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples

NS = 10**9


def ns(values: object) -> np.ndarray:
    return np.rint(np.asarray(values, float) * NS).astype(np.int64)


def instants(values: np.ndarray, **more: object) -> Integral:
    return Integral.of(
        from_samples(np.arange(values.size, dtype=np.int64) * NS, np.asarray(values, float), **more)
    )


IDLE = np.full(401, 2.0)
T = np.arange(21, dtype=np.int64) * NS
WINDOWS = Integral.of(from_samples(T[1:], np.full(20, 2.0), kind=Kind.MEAN))


def test_pieces_in_the_windows_that_edges_cut() -> None:
    """An event from 2.25 s to 5.5 s lies in the windows that end at 3 s and 6 s, one from 5.5 s to 5.75 s in that one too."""
    start, end = ns([2.25, 5.5]), ns([5.5, 5.75])
    found = pieces(WINDOWS, start, end, [np.array([0]), np.array([1])], 1)
    rows = sorted(
        zip(
            found.window.tolist(),
            found.event.tolist(),
            found.group.tolist(),
            found.level.tolist(),
            found.seconds.tolist(),
            strict=True,
        )
    )
    assert rows == [(3, 0, 0, 1, 0.75), (6, 0, 0, 1, 0.5), (6, 1, 1, 2, 0.25)]
    assert found.levels == ((1,), (2,))
    assert foreign_seconds(found, 2).tolist() == pytest.approx([0.25, 0.5])


@pytest.mark.parametrize(
    ("length", "count"),
    [(0.49, 1), (0.51, 2), (1.49, 2), (1.51, 4), (2.99, 4), (3.01, 8), (5.99, 8), (6.01, 16)],
)
def test_events_are_parted_as_far_as_they_have_windows(length: float, count: int) -> None:
    start, end = ns([2.25]), ns([2.25 + length])
    found = pieces(WINDOWS, start, end, [np.array([0])], 16)
    assert found.levels == (tuple(range(1, count + 1)),)
    two = pieces(WINDOWS, start, end, [np.array([0])], 2)
    assert two.levels == ((1, 2) if count > 1 else (1,),)


def test_of_labels_that_overlap_the_shorter_one_stays() -> None:
    start, end = ns([0, 10, 1, 11, 5, 15]), ns([4, 14, 2, 12, 6, 16])
    groups = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5]), np.array([], np.int64)]
    assert without_overlaps(start, end, groups) == [1, 2]
    assert without_overlaps(start, end, [groups[0], groups[2]]) == [0, 1]


@pytest.mark.parametrize(("noise", "bias"), [(0.0, 0.5 / math.sqrt(12)), (1.0, 0.0)])
def test_what_a_step_leaves_in_a_mean(noise: float, bias: float) -> None:
    """Without noise it is off by a rectangle of a step; noise of two steps dithers it away."""
    found, one_level = quantised(instants(np.full(100, 2.0), step=0.5, noise=noise))
    assert found == pytest.approx(bias, rel=2e-3, abs=1e-6) and one_level is True


@pytest.mark.parametrize(("off", "one_level"), [(5, True), (6, False)])
def test_a_trace_stays_on_one_level_where_two_readings_do_nine_times_in_ten(
    off: int, one_level: bool
) -> None:
    """(1 − p)² + p² is 0.905 at 5 % and 0.887 at 6 %."""
    values = np.full(100, 2.0)
    values[:off] = 2.5
    assert quantised(instants(values, step=0.5))[1] is one_level


def test_how_likely_two_readings_of_an_event_and_of_all_are_on_one_step() -> None:
    """Two events, each on a level of its own: always within one, one time in two of both."""
    values = np.full(41, 2.0)
    values[20:] = 4.0
    whole = instants(values, step=0.5).trace
    assert steps_alike(whole, ns([2.5, 22.5]), ns([12.5, 32.5])) == (1.0, pytest.approx(math.sqrt(0.5)))
    assert steps_alike(whole, ns([2.1]), ns([2.2])) == (1.0, 1.0)
    # One event that lies on both for as long: one time in two, within it and of all, which it is.
    assert steps_alike(whole, ns([9.5]), ns([29.5])) == (pytest.approx(math.sqrt(0.5)),) * 2


def test_a_common_shift_moves_what_windows_hold() -> None:
    """A ramp of 0.1 W a second: ± √3 σ of 0.5 s over 4 s are 0.1 × √3 × 0.5 × 4 J, over √3."""
    whole = instants(0.1 * np.arange(101.0))
    start, end = ns([20]), ns([24])
    plain = whole.between(start, end)
    assert misplaced(whole, start, end, plain, 0.5 * NS) == pytest.approx([0.1 * 0.5 * 4], rel=1e-6)


@pytest.mark.parametrize(
    ("refresh", "skew", "kind"),
    [(0.71, 0.0, "refresh"), (0.69, 0.71, "skew"), (0.69, 0.69, "clock"), (0.8, 0.8, "refresh")],
)
def test_what_makes_most_of_a_doubt_about_moments(refresh: float, skew: float, kind: str) -> None:
    whole = instants(IDLE, clock_ns=1e6, refresh_ns=refresh * 1e6, skew_ns=skew * 1e6)
    assert late_kind(whole.trace) == kind


@pytest.mark.parametrize("start_s", [20.0, 16.0])
def test_the_larger_of_two_shifts_counts(start_s: float) -> None:
    """4 W until 20 s, 1 W after: of a window that begins or ends there, one of the two shifts alone changes what it holds.

    √3 × 0.5 s of it hold 3 W more or less, over √3: 1.5 J; the ramp of 1 ms is 0.1 % of that.
    """
    times = np.array([0.0, 20.0, 20.001, 40.0])
    whole = Integral.of(from_samples(np.rint(times * NS).astype(np.int64), np.array([4.0, 4.0, 1.0, 1.0])))
    start, end = ns([start_s]), ns([start_s + 4])
    found = misplaced(whole, start, end, whole.between(start, end), 0.5 * NS)
    assert found == pytest.approx([1.5], rel=2e-3)
