"""Which intervals between readings are holes, on stamps by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.finding_holes import declared_holes, longest_ordinary, wider
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.source import Gap

S = 1_000_000_000


def trace(times_s: list[float], **more: object) -> Trace:
    times = np.round(np.array(times_s) * S).astype(np.int64)
    return from_samples(times, np.ones(times.size), kind=Kind.INSTANT, interval_ns=S, **more)


def test_regular_readings_leave_no_doubt_what_is_far_longer():
    regular = trace([0, 1, 2, 3, 4, 5, 6, 7, 12, 13])
    limit = longest_ordinary(regular, 3.5)
    assert limit == 3.5 * S
    assert wider(regular, limit).tolist() == [7]


def test_irregular_readings_have_long_intervals_of_their_own():
    irregular = trace([0, 1, 4, 6, 11, 12, 16, 21, 22, 27])
    assert longest_ordinary(irregular, 3.5) == pytest.approx(1.5 * 5 * S)
    assert wider(irregular, longest_ordinary(irregular, 3.5)).size == 0


@pytest.mark.parametrize(
    ("longest_s", "found"), [(1.52, 0), (1.6, 1), (2.0, 1)]
)  # 1 + 2.5 × 1.4826 × 0.15 = 1.556
def test_stamps_that_scatter_make_no_holes(longest_s, found):
    """Nine in ten intervals lie within 20 %, half of them farther than 0.15 s from one second."""
    steps = [1, 0.85, 1.15, 0.85, 1.15, 0.9, 1.1, 0.82, 1.18, longest_s]
    scattered = trace(np.cumsum([0, *steps]).tolist())
    assert wider(scattered, longest_ordinary(scattered, 1.5)).size == found
    steady = trace(np.cumsum([0, *[1] * 9, longest_s]).tolist())
    assert wider(steady, longest_ordinary(steady, 1.5)).size == 1


def test_seven_readings_show_no_usual_interval():
    assert longest_ordinary(trace([0, 1, 2, 3, 4, 5, 60]), 3.5) == float("inf")


@pytest.mark.parametrize(("upto_s", "found"), [(3.4, []), (3.6, [2])])
def test_a_noted_gap_is_a_hole_from_one_and_a_half_intervals_on(upto_s, found):
    noted = trace([0, 1, 2, upto_s, upto_s + 1], gaps=[Gap(2 * S, round(upto_s * S), "no answer")])
    assert declared_holes(noted).tolist() == found


def test_only_a_restart_is_a_hole_of_a_counter():
    times = [0, 1, 2, 6, 7, 11]
    gaps = [Gap(2 * S, 6 * S, "no answer"), Gap(7 * S, 11 * S, "lost setup")]
    assert declared_holes(trace(times, gaps=gaps)).tolist() == [2, 4]
    assert declared_holes(trace(times, gaps=gaps), restarts=True).tolist() == [4]
