"""What one coming event will use: its interval holds single events of loads that it was not derived on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from events_of_powers import SECONDS, recorded

from powermeter.analysis.next_event import reach_of

Rng = np.random.Generator


def test_of_five_events_student_s_interval_by_hand() -> None:
    """t of 4 degrees 2.776 times the standard deviation, 0.1581."""
    rests = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    assert reach_of(rests) == pytest.approx((2.776 * 0.15811, 2.776 * 0.15811), rel=1e-3)


def test_of_few_events_it_is_never_narrower_than_they_span() -> None:
    """Thirty equal ones and one that is 31 off: t of 30 degrees times √(31² + 31)/√30 W is 11.7."""
    below, above = reach_of(np.array([-1.0] * 31 + [31.0]))
    assert below == pytest.approx(2.04 * (31**2 + 31) ** 0.5 / 31**0.5, rel=0.01)
    assert above == 31.0


def test_of_many_events_as_many_lie_beyond_as_shall() -> None:
    """Of 79 events two lie at or beyond either end: 0.025 × 80; the next one is between them with 76/80."""
    assert reach_of(np.arange(79.0) - 39.0) == (38.0, 38.0)
    assert reach_of(np.arange(80.0) * 2 - 79.0) == (77.0, 77.0)
    assert reach_of(np.arange(39.0) - 19.0) == (19.0, 19.0)


def test_it_lies_around_the_mean_with_its_interval_and_common_errors() -> None:
    rng = np.random.default_rng(4)
    row = recorded(6 + 0.3 * rng.standard_normal(20), rng).row("infer")
    mean, one = row.expected_per_item, row.next_event_per_item
    assert mean is not None and one is not None and row.spread_j is not None
    assert one.value == mean.value and one.grade is mean.grade
    alone = 2.093 * row.spread_j  # Student's t of 19 degrees
    assert one.high - one.value == pytest.approx(np.hypot(alone, mean.high - mean.value), rel=0.01)
    assert one.half_width == pytest.approx(alone * (1 + 1 / 20) ** 0.5, rel=0.02)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_than_four_events_have_no_next_one(count: int) -> None:
    """Two and three of two kinds, all of one kind by chance, held 78 and 86 % of further ones."""
    powers = np.full(count, 6.0) + 0.1 * np.arange(count)
    assert recorded(powers, np.random.default_rng(1)).row("infer").next_event_per_item is None


def test_no_event_uses_less_than_nothing() -> None:
    row = recorded(np.array([0.5, 0.5, 0.5, 30.0]), np.random.default_rng(2)).row("infer")
    assert row.next_event_per_item is not None and row.next_event_per_item.low == 0.0


def wave(rng: Rng, n: int) -> np.ndarray:
    """Return powers as a sine of free phase shows them (an arcsine law)."""
    return 6 + 2 * np.sin(rng.uniform(0, 2 * np.pi, n))


def by_input(rng: Rng, n: int) -> np.ndarray:
    """Return four kinds of input, each with a spread of its own."""
    return np.array([3.0, 4.0, 6.0, 7.0])[rng.integers(4, size=n)] * (1 + 0.03 * rng.standard_normal(n))


def triangular(rng: Rng, n: int) -> np.ndarray:
    """Return powers that lean upward (a triangle with its top at its left end)."""
    return np.asarray(rng.triangular(2.0, 2.0, 10.0, n))


LOADS = {"wave": wave, "by input": by_input, "triangular": triangular}


def held(load: Callable[[Rng, int], np.ndarray], count: int, runs: int, each: int = 40) -> float:
    """Return how often the interval from `count` events holds a further one, over runs and `each` further events of each."""
    found = []
    for seed in range(runs):
        rng = np.random.default_rng([seed, count])
        one = recorded(load(rng, count), rng).row("infer").next_event_per_item
        assert one is not None
        further = (1.0 + load(rng, each)) * SECONDS
        found.append(np.mean((further >= one.low) & (further <= one.high)))
    return float(np.mean(found))


@pytest.mark.thorough
@pytest.mark.parametrize("name", LOADS)
@pytest.mark.parametrize("count", [4, 12, 45])
def test_nineteen_in_twenty_further_events_lie_in_it(name: str, count: int) -> None:
    # Coverages of runs scatter by 0.1 at four events and 0.03 at 45: three of their standard errors over 16 runs.
    assert held(LOADS[name], count, 16) >= 0.95 - {4: 0.075, 12: 0.05, 45: 0.025}[count]


@pytest.mark.thorough
def test_it_is_at_most_half_as_wide_again_as_normal_events_need() -> None:
    """They need 1.96 times 5 % of 6 W in half a second."""
    widths = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        one = recorded(6 * (1 + 0.05 * rng.standard_normal(20)), rng).row("infer").next_event_per_item
        assert one is not None
        widths.append(one.half_width / (1.96 * 0.3 * SECONDS))
    assert 0.9 < np.median(widths) < 1.5
