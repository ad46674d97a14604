"""Advice that holds: how many more events bring a mean to ±5 %."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2
from scipy.stats import t as student

from powermeter.analysis import repeats_for_precision as module
from powermeter.analysis.repeats_for_precision import ASSURANCE, more_repeats
from powermeter.analysis.student_t import t_quantile


def test_a_known_scatter_needs_what_the_normal_quantile_says() -> None:
    """(1.96 × 0.2 / 0.05)² = 61.5 events for a standard deviation of 20 %, of which 16 are there."""
    assert more_repeats(1.0, 0.2 / 4, 0.0, 16, 0.05, freedom=math.inf) == 62 - 16


def test_a_scatter_from_few_events_is_taken_at_its_upper_limit() -> None:
    s, n = 0.2, 10
    upper = s * math.sqrt((n - 1) / chi2.ppf(1 - ASSURANCE, n - 1))
    whole = n + more_repeats(1.0, s / math.sqrt(n), 0.0, n, 0.05)
    assert student.ppf(0.975, whole - 1) * upper / math.sqrt(whole) <= 0.05
    assert student.ppf(0.975, whole - 2) * upper / math.sqrt(whole - 1) > 0.05


def test_what_repeats_do_not_shrink_is_counted() -> None:
    free = more_repeats(1.0, 0.1, 0.0, 10, 0.05)
    held = more_repeats(1.0, 0.1, 0.02, 10, 0.05)
    assert held > free > 0
    assert more_repeats(1.0, 0.1, 0.03, 10, 0.05) is None  # 1.96 × 3 % is over 5 % already


@pytest.mark.parametrize(
    ("value", "shrinking", "events", "answer"),
    [
        (1.0, 0.01, 10, 0),
        (1.0, 0.0, 5, 0),
        (0.0, 0.1, 5, None),
        (1.0, math.inf, 5, None),
        (1.0, 0.5, 1, None),
        (-1.0, 0.01, 10, 0),
    ],
)
def test_where_nothing_more_is_needed_or_nothing_can_be_said(value, shrinking, events, answer) -> None:
    assert more_repeats(value, shrinking, 0.0, events, 0.05) == answer


@pytest.mark.thorough
@pytest.mark.parametrize("first", [4, 20])
def test_following_the_advice_brings_the_promised_interval(first) -> None:
    kept = []
    for seed in range(300):
        rng = np.random.default_rng([seed, first])
        x = 1 + 0.3 * rng.standard_normal(first)
        more = more_repeats(float(x.mean()), float(x.std(ddof=1)) / math.sqrt(first), 0.0, first, 0.05)
        if more:
            y = np.concatenate([x, 1 + 0.3 * rng.standard_normal(more)])
            half = student.ppf(0.975, y.size - 1) * y.std(ddof=1) / math.sqrt(y.size)
            kept.append(half <= 0.05 * y.mean())
    assert len(kept) > 200 and np.mean(kept) >= 0.85


def test_a_mean_that_is_there_is_so_by_its_own_quantile() -> None:
    """At 1 ± 1e-9 of the half-width wanted, whatever the degrees of freedom: what is looked up ahead decides nothing."""
    for freedom in (1.0, 1.5, 2.0, 3.7, 8.0, 9.0, 31.9, 1e3, math.inf):
        events = 20 if math.isinf(freedom) else int(freedom) + 1
        t = 1.959963984540054 if math.isinf(freedom) else float(student.ppf(0.975, freedom))
        for away, there in ((1 - 1e-9, True), (1 + 1e-9, False)):
            assert (more_repeats(1.0, 0.05 / t * away, 0.0, events, 0.05, freedom=freedom) == 0) is there


def test_no_quantile_is_computed_for_a_mean_that_is_well_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of labels each has degrees of freedom of its own."""
    asked: set[float] = set()

    def noted(share: float, freedom: float) -> float:
        asked.add(freedom)
        return t_quantile(share, freedom)

    monkeypatch.setattr(module, "t_quantile", noted)
    for freedom in np.linspace(20, 31, 50).tolist():
        assert more_repeats(1.0, 0.001, 0.0, 40, 0.05, freedom=freedom) == 0
    assert asked == {16.0}
