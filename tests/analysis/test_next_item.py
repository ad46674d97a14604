"""What the next item will use: repeats that remember each other, that lean to one side, and those that are only two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from events_of_powers import SECONDS, recorded

from powermeter.analysis.next_item import _BY_TURNS, _slow

RUNS = 60


def remembering(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return powers of mean 6 W and 5 % scatter, each resembling the one before (AR(1), 0.6)."""
    x = rng.standard_normal(count)
    for i in range(1, count):
        x[i] = 0.6 * x[i - 1] + 0.8 * x[i]
    return 6 * (1 + 0.05 * x)


def leaning(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return lognormal powers of mean 6 W and a standard deviation of 0.5 in the logarithm."""
    return 6 * np.exp(0.5 * rng.standard_normal(count) - 0.125)


@pytest.mark.thorough
@pytest.mark.parametrize("load", [remembering, leaning])
def test_the_next_item_is_held_by_a_dozen_repeats_that_are_not_independent_and_normal(
    load: Callable[[np.random.Generator, int], np.ndarray],
) -> None:
    held = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        found = recorded(load(rng, 12), rng).row("infer").expected_per_item
        assert found is not None
        held += found.low <= 7 * SECONDS <= found.high
    # Binomial with 0.9: 46 of 60 or fewer has a probability below 0.002.
    assert held >= 47, f"{held} of {RUNS} hold"


def test_five_repeats_pay_for_the_memory_and_the_skewness_that_they_cannot_show() -> None:
    """By hand: t of 4 degrees 2.776, the root of (1 + 0.3)/(1 - 0.3), and a count of five for skewness 1/√5 (Garwood)."""
    watts = np.array([5.7, 6.2, 6.0, 5.9, 6.2])
    found = recorded(watts, np.random.default_rng(3)).row("infer").expected_per_item
    assert found is not None
    spread = float(np.std(watts, ddof=1)) * SECONDS / 5**0.5 * (1.3 / 0.7) ** 0.5
    # Exact limits of a count of five are 1.62 and 11.67: 1.515 and 2.982 of its root from it, in place of 1.96.
    few = 2.776**2 - 1.96**2
    assert found.high - found.value == pytest.approx(spread * (few + 2.982**2) ** 0.5, rel=0.03)
    assert found.value - found.low == pytest.approx(spread * (few + 1.515**2) ** 0.5, rel=0.03)


def test_the_next_item_of_two_unlike_ones_does_not_exceed_the_whole_run() -> None:
    found = recorded(np.array([2.0, 20.0]), np.random.default_rng(1))
    row = found.row("infer")
    assert row.expected_per_item is not None
    assert row.expected_per_item.low >= 0
    assert row.expected_per_item.high == pytest.approx(found.energy.high)


def test_the_next_item_stays_within_what_the_trace_shows_over_an_items_length() -> None:
    """Half of a wave's period high, half of it low: repeats that remember each other, of which none was above 10 W."""
    watts = np.where(np.arange(12) % 10 < 6, 9.0, 1.0)
    row = recorded(watts, np.random.default_rng(3)).row("infer")
    found, each = row.expected_per_item, (1 + watts) * SECONDS
    assert found is not None
    # Events of 0.5 s at 2 to 10 W; the trace's lowest power beside them is 1 W; n = 12 widens the span by 13/11.
    beyond = (10 - 1) * SECONDS / 11
    assert 0 <= found.low < each.mean() < found.high <= (10 * SECONDS + beyond) * 1.02
    assert row.energy_per_item is not None
    assert found.high > row.energy_per_item.high


@pytest.mark.thorough
def test_items_by_turns_are_known_better_than_their_spread_suggests() -> None:
    held, half = 0, []
    for seed in range(12):
        rng = np.random.default_rng([seed, 7])
        watts = np.where(np.arange(20) % 2, 7.0, 3.0) * (1 + 0.01 * rng.standard_normal(20))
        found = recorded(watts, rng).row("infer").expected_per_item
        assert found is not None and found.relative is not None
        held += found.low <= 6 * SECONDS <= found.high
        half.append(found.relative)
    assert held >= 9 and np.median(half) < 0.03, "without order it would be ±16 %"


def test_items_without_order_are_not_taken_to_come_by_turns() -> None:
    rng = np.random.default_rng(8)
    turns = [_slow(rng.standard_normal(n)) < _BY_TURNS for n in (16, 20, 40) for _ in range(400)]
    assert np.mean(turns) < 0.02
    assert _slow(np.tile([1.0, -1.0], 10)) < 1e-12 and _slow(np.tile([1.0, -1.0], 6)) == 1.0


def test_an_interval_that_supposes_the_mix_of_items_by_turns_states_it() -> None:
    rng = np.random.default_rng(7)
    watts = np.where(np.arange(20) % 2, 7.0, 3.0) * (1 + 0.01 * rng.standard_normal(20))
    found = recorded(watts, rng)
    assert found.row("infer").of_this_mix
    note = next(note for note in found.notes if note.code == "same-mix")
    # 4 W apart, 0.5 s: ±1 J about the mean; t of 19 degrees 2.093, over the root of 20: 0.48 J.
    assert "± 480 mJ" in note.text
    shuffled = recorded(rng.permutation(watts), rng)
    assert not shuffled.row("infer").of_this_mix and "same-mix" not in [n.code for n in shuffled.notes]
