"""Where an interval must lie for each verdict."""

from __future__ import annotations

import math

import pytest

from powermeter.comparison.verdict import Verdict, apart, decide, furthest
from powermeter.result import Result


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.2, -0.1, 0.0, Verdict.LESS),
        (0.001, 0.002, 0.0, Verdict.MORE),  # without a margin any difference counts
        (-0.01, 0.02, 0.0, Verdict.SAME),
        (-0.01, 0.049, 0.0, Verdict.SAME),
        (-0.01, 0.051, 0.0, Verdict.CANNOT_TELL),
        (-0.2, -0.1, 0.05, Verdict.LESS),
        (-0.2, -0.04, 0.05, Verdict.CANNOT_TELL),
        (-0.04, -0.01, 0.05, Verdict.SAME),  # a difference, but one that does not count
        (0.06, 0.10, 0.05, Verdict.MORE),
        (-0.04, 0.06, 0.05, Verdict.CANNOT_TELL),
        (-0.09, 0.09, 0.10, Verdict.SAME),
        (-0.05, 0.05, 0.0, Verdict.SAME),  # at most 5 %
        (-0.10, 0.02, 0.10, Verdict.SAME),  # up to the margin
    ],
)
def test_the_interval_decides(low, high, margin, verdict) -> None:
    assert decide((low, high), (low, high), margin) is verdict


def test_without_a_ratio_nothing_is_the_same() -> None:
    assert decide((-1.0, 1.0), None, 0.0) is Verdict.CANNOT_TELL
    assert decide((-2.0, -1.0), None, 0.0) is Verdict.LESS
    assert decide((-2.0, -1.0), None, 0.05) is Verdict.CANNOT_TELL


def test_without_a_ratio_a_margin_is_that_of_the_largest_that_the_left_side_may_be() -> None:
    assert decide((21.9, 35.9), None, 0.05, 0.82) is Verdict.MORE  # 5 % of 0.82 is 0.041
    assert decide((0.03, 35.9), None, 0.05, 0.82) is Verdict.CANNOT_TELL
    assert decide((-2.0, -0.1), None, 0.05, 1.9) is Verdict.LESS
    assert decide((-2.0, -0.1), None, 0.05, 2.1) is Verdict.CANNOT_TELL


def test_the_smallest_x_is_the_farther_end() -> None:
    assert furthest((-0.03, 0.01)) == 0.03


def test_a_verdict_is_its_word() -> None:
    assert f"{Verdict.CANNOT_TELL}" == "cannot tell" and Verdict("same") is Verdict.SAME


@pytest.mark.parametrize(
    ("left", "right", "margin", "verdict"),
    [
        ((6.3, math.inf), (1.97, 2.01), 0.0, Verdict.LESS),  # a clipped run of at least 6.3 J, and one of 2 J
        ((1.97, 2.01), (6.3, math.inf), 0.0, Verdict.MORE),
        ((6.3, math.inf), (5.9, 6.2), 0.05, Verdict.CANNOT_TELL),  # 5.985 J is within the margin
        ((6.3, math.inf), (6.2, 6.4), 0.0, Verdict.CANNOT_TELL),
        ((6.3, math.inf), (5.0, math.inf), 0.0, Verdict.CANNOT_TELL),
    ],
)
def test_a_bound_is_above_what_lies_below_it(left, right, margin, verdict):
    a, b = (Result(low, "J", low, high) for low, high in (left, right))
    assert apart(a, b, margin) is verdict
