"""Tokens per joule are the inverse of joules per token, with its interval turned round."""

from __future__ import annotations

import math

import pytest

from powermeter import Result
from powermeter.analysis.tokens.table import inverse


def test_the_interval_is_turned_round():
    found = inverse(Result.of(2.0, "J", {"gain:x": 0.1}))
    assert found is not None
    assert found.value == pytest.approx(0.5) and found.unit == "1/J"
    assert found.low == pytest.approx(1 / (2 + 1.96 * 0.1), rel=1e-4)
    assert found.high == pytest.approx(1 / (2 - 1.96 * 0.1), rel=1e-4)
    assert found.parts["gain:x"] == pytest.approx(-0.1 / 4)


def test_what_may_be_nothing_has_no_upper_end_and_nothing_has_no_inverse():
    wide = inverse(Result.of(1.0, "J", {"gain:x": 1.0}))
    assert wide is not None and wide.high == math.inf
    assert inverse(Result.of(0.0, "J", {"gain:x": 1.0})) is None
    assert inverse(Result.of(-1.0, "J", {"gain:x": 0.1})) is None
