"""Less, more or cannot tell: how often that is wrong, and whether the promised repeats tell."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.comparison.contrast import contrast
from powermeter.comparison.designs import Side
from powermeter.comparison.sample_size import repeats_to_tell
from powermeter.errors import DataError
from powermeter.result import Result


def side(
    name: str, values: np.ndarray, gain_u: float = 0.0, offset_u: float = 0.0, meter: str = "ina|1"
) -> Side:
    parts = {"gain:ina/i": gain_u * float(values.mean()), "offset:ina/i": offset_u}
    return Side(name, values, "J", Result.of(float(values.mean()), "J", parts), meter)


def draw(rng: np.random.Generator, n: int, mean: float = 1.0, spread: float = 0.1) -> np.ndarray:
    return mean * (1 + spread * rng.standard_normal(n))


def false_verdicts(runs: int, n: int, seed: int) -> float:
    wrong = 0
    for i in range(runs):
        rng = np.random.default_rng([seed, i])
        gain = 1 + 0.01 * rng.standard_normal()
        wrong += (
            contrast(side("A", gain * draw(rng, n), 0.01), side("B", gain * draw(rng, n), 0.01)).verdict
            != "cannot tell"
        )
    return wrong / runs


def test_equal_runs_are_seldom_told_apart() -> None:
    assert false_verdicts(400, 12, 1) <= 0.05 + 2 * 0.011


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 12, 40, 200])
def test_false_verdicts_on_equal_runs_are_at_most_five_percent(n: int) -> None:
    share = false_verdicts(4000, n, n)
    print(f"\nfalse verdicts, {n} repeats a side: {share:.4f}")
    assert share <= 0.05 + 2 * 0.0035


def power_at_the_promise(runs: int, difference: float, spread: float) -> tuple[float, int]:
    n = repeats_to_tell(difference, spread)
    told = 0
    for i in range(runs):
        rng = np.random.default_rng([i, round(difference * 1e4)])
        verdict = contrast(
            side("A", draw(rng, n, 1.0, spread)), side("B", draw(rng, n, 1 - difference, spread))
        ).verdict
        told += verdict == "less"
    return told / runs, n


def test_the_promised_repeats_tell_a_difference() -> None:
    share, n = power_at_the_promise(300, 0.05, 0.1)
    alone = repeats_to_tell(0.05, 0.1, separate=True)
    assert alone == pytest.approx(2 * ((2.054 + 0.842) * 2) ** 2, abs=3)  # normal quantiles of 98 % and 80 %
    assert alone <= n <= 1.25 * alone
    assert share >= 0.80 - 2 * 0.023


@pytest.mark.slow
@pytest.mark.parametrize(("difference", "spread"), [(0.10, 0.05), (0.05, 0.1), (0.02, 0.02), (0.02, 0.1)])
def test_power_at_the_promised_repeats_is_at_least_80_percent(difference: float, spread: float) -> None:
    share, n = power_at_the_promise(2000, difference, spread)
    print(f"\npower at {difference:.0%} with a spread of {spread:.0%}, {n} repeats a side: {share:.3f}")
    assert share >= 0.80 - 2 * 0.009


def test_a_shared_gain_cancels_in_the_ratio_and_does_not_blur_the_verdict() -> None:
    rng = np.random.default_rng(1)
    a, b = draw(rng, 50, 1.0, 0.01), draw(rng, 50, 0.98, 0.01)
    same = contrast(side("A", a, 0.02), side("B", b, 0.02))
    other = contrast(side("A", a, 0.02, meter="ina|1"), side("B", b, 0.02, meter="ina|2"))
    assert same.shared and same.verdict == "less"
    assert same.ratio is not None and same.ratio.standard_uncertainty < 0.005
    assert not other.shared and other.verdict == "cannot tell"
    assert other.ratio is not None and other.ratio.standard_uncertainty == pytest.approx(
        0.02 * 2**0.5, rel=0.1
    )
    assert other.repeats_needed is None  # no number of repeats beats the two sensors' gains


def test_a_shared_offset_cancels_in_the_difference() -> None:
    rng = np.random.default_rng(2)
    a, b = draw(rng, 30, 1.0, 0.01), draw(rng, 30, 0.97, 0.01)
    found = contrast(side("A", a, offset_u=0.05), side("B", b, offset_u=0.05))
    assert found.verdict == "less"
    assert found.difference.standard_uncertainty < 0.005


def test_pairs_and_blocks_take_out_what_both_sides_share() -> None:
    rng = np.random.default_rng(3)
    warmth = 1 + 0.2 * np.sin(np.arange(24) / 3)  # the room's temperature, far larger than the difference
    a = warmth * draw(rng, 24, 1.0, 0.005)
    b = warmth * draw(rng, 24, 0.98, 0.005)
    assert contrast(side("A", a), side("B", b)).verdict == "cannot tell"
    paired = contrast(side("A", a), side("B", b), paired=True)
    assert paired.design == "paired" and paired.verdict == "less"
    blocks = tuple(range(24))
    left = Side("A", np.repeat(a, 2), "J", None, "m", blocks=tuple(np.repeat(blocks, 2).tolist()))
    right = Side("B", np.repeat(b, 2), "J", None, "m", blocks=tuple(np.repeat(blocks, 2).tolist()))
    blocked = contrast(left, right)
    assert blocked.design == "blocks" and blocked.verdict == "less" and blocked.repeats_left == 24


def test_the_answer_turns_with_the_sides() -> None:
    rng = np.random.default_rng(4)
    a, b = draw(rng, 30), draw(rng, 30, 1.3)
    there, back = contrast(side("A", a), side("B", b)), contrast(side("B", b), side("A", a))
    assert (there.verdict, back.verdict) == ("more", "less")
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert there.effect is not None and there.effect == pytest.approx(3, rel=0.4)
    assert "30" in there.text or "+3" in there.text or "+2" in there.text


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="nothing is known"):
        contrast(side("A", np.ones(3)), Side("B", np.array([np.nan])))
    with pytest.raises(DataError, match="do not pair"):
        contrast(side("A", np.ones(3)), side("B", np.ones(4)), paired=True)
    with pytest.raises(DataError, match="cannot be compared"):
        contrast(side("A", np.ones(3)), Side("B", np.ones(3), "C"))
    with pytest.raises(DataError):
        repeats_to_tell(0, 0.1)
