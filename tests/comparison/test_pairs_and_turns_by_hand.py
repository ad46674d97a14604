"""How repeats were made, as their order shows; and what each design makes of a handful of numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.comparison.pairs_and_turns import (
    Design,
    Side,
    in_pairs,
    in_time,
    memory,
    stretches,
    these_runs,
    without,
)
from powermeter.errors import DataError
from powermeter.result import Result


def side(name: str, *values: float, times: tuple[float, ...] | None = None, **more: object) -> Side:
    at = None if times is None else np.array(times)
    return Side(name, np.array(values, float), times_s=at, **more)  # type: ignore[arg-type]


def in_order(text: str) -> tuple[Side, Side]:
    """Sides whose repeats, of about 1 J and 2 J, came in this order."""
    wiggle = [0.01 * math.cos(3 * k) for k in range(len(text))]
    sides = []
    for letter, level in (("A", 1.0), ("B", 2.0)):
        at = [k for k, one in enumerate(text) if one == letter]
        sides.append(side(letter, *(level + wiggle[k] for k in at), times=tuple(float(k) for k in at)))
    return sides[0], sides[1]


@pytest.mark.parametrize(
    ("text", "count"), [("AB", 2), ("ABBA", 3), ("AABB", 2), ("ABABAB", 6), ("A", 1), ("", 0)]
)
def test_how_often_sides_took_over_from_each_other(text: str, count: int) -> None:
    assert stretches(*in_order(text)) == count
    a, _ = in_order(text)
    assert stretches(a, side("B", 1.0)) == 0  # without a common clock


@pytest.mark.parametrize(
    ("text", "design"),
    [
        ("ABABABAB", Design.TURNS),
        ("ABBAABBA", Design.TURNS),
        ("ABA", Design.TURNS),
        ("AAABBB", Design.ORDER),
        ("ABBB", Design.ONE_RUN),
        ("AAB", Design.ONE_RUN),
    ],
)
def test_the_order_of_recordings_is_their_design(text: str, design: Design) -> None:
    a, b = in_order(text)
    found = in_time(*(Side(s.name, s.values, times_s=s.times_s, separate=True) for s in (a, b)))
    assert found.design is design and found.counts == (text.count("A"), text.count("B"))
    if text == "ABABABAB":
        assert found.right - found.left == pytest.approx(1.0, abs=0.03)
    assert design.about_programs is (design in (Design.TURNS, Design.ORDER))


def test_which_designs_are_about_programs() -> None:
    assert [d for d in Design if d.about_programs] == [Design.TURNS, Design.ORDER, Design.PAIRED]
    assert str(Design.ONE_RUN) == "one run"


def test_nothing_known_of_a_side_is_refused() -> None:
    with pytest.raises(DataError, match="nothing is known"):
        in_time(side("A", 1.0, 2.0), side("B", math.nan))


def test_pairs_have_the_spread_of_their_differences() -> None:
    """1, 2, 4 against 2, 4, 5: differences 1, 2, 1 with a deviation of √(1/3)."""
    found = in_pairs(side("A", 1, 2, 4), side("B", 2, 4, 5), Design.PAIRED)
    assert (found.left, found.right) == (pytest.approx(7 / 3), pytest.approx(11 / 3))
    assert found.one == pytest.approx(math.sqrt(1 / 3)) and found.variance == pytest.approx(1 / 9)
    assert found.variance_left == found.variance_right == pytest.approx(1 / 18)
    assert (found.freedom, found.counts, found.design) == (2.0, (3, 3), Design.PAIRED)
    holes = in_pairs(side("A", 1, math.nan, 2, 4), side("B", 2, 9, 4, 5), Design.PAIRED)
    assert holes.counts == (3, 3) and holes.variance == pytest.approx(1 / 9)


def test_sides_that_do_not_pair_are_refused() -> None:
    with pytest.raises(DataError, match="do not pair"):
        in_pairs(side("A", 1, 2), side("B", 1, 2, 3), Design.PAIRED)
    with pytest.raises(DataError, match="fewer than two pairs"):
        in_pairs(side("A", 1, math.nan), side("B", 1, 2), Design.PAIRED)


def mean(value: float, **parts: float) -> Result:
    return Result.of(value, "J", {f"{name}:x": size for name, size in parts.items()})


def test_two_runs_have_welchs_spread() -> None:
    """1, 3 with 2 J² and 4, 8, 6 with 4 J²: 1 + 4/3 J², and (7/3)² ⁄ (1/1 + (16/9)/2) degrees of freedom."""
    found = these_runs(side("A", 1, 3), side("B", 4, 8, 6))
    assert (found.left, found.right, found.design) == (2.0, 6.0, Design.THESE_RUNS)
    assert (found.variance_left, found.variance_right) == pytest.approx((1.0, 4 / 3))
    assert found.freedom == pytest.approx((7 / 3) ** 2 / (1 + (16 / 9) / 2))
    assert found.one == pytest.approx(math.sqrt((2 + 4) / 2)) and found.counts == (2, 3)


def test_a_printed_mean_brings_its_own_spread() -> None:
    """Of noise and repeats 0.5 J in all; a gain is none of it.  Of one repeat √n times as much."""
    stated = side("A", 1, 3, 5, 7, mean=mean(4.2, noise=0.3, repeats=0.4, gain=9.0), resolved=False)
    found = these_runs(stated, side("B", 4, 8, 6))
    assert found.left == 4.2 and found.variance_left == pytest.approx(0.25)
    assert found.one == pytest.approx(math.sqrt((0.25 * 4 + 4) / 2))
    unsaid = these_runs(side("A", 1, 3, mean=mean(2.1, noise=0.3)), side("B", 4, 8, 6))
    assert unsaid.left == 2.1 and unsaid.variance_left == pytest.approx(1.0)  # no repeats in it: its values'


def test_one_event_borrows_the_scatter_of_the_many() -> None:
    """4 J² of one repeat, or its own noise where that is more."""
    found = these_runs(side("A", 1, mean=mean(1.0, noise=0.1)), side("B", 4, 8, 6))
    assert found.variance_left == pytest.approx(4.0) and found.variance_right == pytest.approx(4 / 3)
    assert found.freedom == pytest.approx((4 + 4 / 3) ** 2 / (16 / 2 + (16 / 9) / 2))
    loud = these_runs(side("A", 1, mean=mean(1.0, noise=3.0)), side("B", 4, 8, 6))
    assert loud.variance_left == pytest.approx(9.0)
    other = these_runs(side("A", 4, 8, 6), side("B", 1))
    assert other.variance_right == pytest.approx(4.0) and other.right == 1.0


def test_one_value_a_side_knows_the_meters_noise_only() -> None:
    found = these_runs(side("A", 1, mean=mean(1.0, noise=0.3)), side("B", 2, mean=mean(2.0, noise=0.4)))
    assert found.design is Design.SINGLE and found.freedom == math.inf and found.one == 0.0
    assert (found.variance_left, found.variance_right) == pytest.approx((0.09, 0.16))


@pytest.mark.parametrize("n", [4, 5])
def test_memory_is_known_from_five_values_on(n: int) -> None:
    assert (memory(np.arange(n) - (n - 1) / 2) > 1) is (n == 5)
    assert memory(np.tile([1.0, -1.0], 10)) == 1.0 and memory(np.zeros(9)) == 1.0


def test_memory_by_its_formula() -> None:
    """Blocks of four: ρ with its bias taken off, and half a standard error more."""
    rest = np.repeat([1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0], 4)
    n = rest.size
    shown = float(rest[1:] @ rest[:-1]) / n
    rho = (n * shown + 1) / (n - 4)
    error = math.sqrt((1 - rho**2) / n)
    assert rho > error
    assert memory(rest) == pytest.approx((1 + rho + error / 2) / (1 - rho - error / 2))


def test_a_warm_up_is_left_out_of_everything() -> None:
    whole = side("A", 1, 2, 3, times=(10, 20, 30), keys=("x", "y", "z"))
    rest = without(whole, 1)
    assert without(whole, 0) is whole and rest.warmup == 1
    assert (rest.values.tolist(), rest.keys, rest.times_s.tolist()) == ([2, 3], ("y", "z"), [20, 30])
