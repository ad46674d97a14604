"""Less, more, the same or cannot tell: how often that is wrong, and what the numbers are by mathematics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_rel

from powermeter.comparison.contrast import (
    contrast,
    mean_of_side,
    parts_of_difference,
    without_common_factors,
)
from powermeter.comparison.obstacles import Obstacle, obstacle_of
from powermeter.comparison.pairs_and_turns import Design, Side, Spread, memory
from powermeter.comparison.percent_change import change_in_percent
from powermeter.comparison.verdict import Verdict
from powermeter.errors import DataError
from powermeter.result import Grade, Result

SURE = (Verdict.LESS, Verdict.MORE)


def side(
    name: str, values: np.ndarray, gain_u: float = 0.0, offset_u: float = 0.0, meter: str = "ina|1", **how
) -> Side:
    parts = {"gain:ina/i": gain_u * float(values.mean()), "offset:ina/i": offset_u}
    return Side(name, values, "J", Result.of(float(values.mean()), "J", parts), meter, **how)


def turns(a: np.ndarray, b: np.ndarray, **how) -> tuple[Side, Side]:
    """Return two sides of recordings that took turns (A B B A)."""
    order = np.tile([False, True, True, False], a.size)[: 2 * a.size]
    times = np.arange(2.0 * a.size)
    return (
        side("A", a, times_s=times[~order], separate=True, **how),
        side("B", b, times_s=times[order], separate=True, **how),
    )


def draw(rng: np.random.Generator, n: int, mean: float = 1.0, spread: float = 0.1) -> np.ndarray:
    return mean * (1 + spread * rng.standard_normal(n))


def false_verdicts(runs: int, n: int, seed: int) -> float:
    wrong = 0
    for i in range(runs):
        rng = np.random.default_rng([seed, i])
        gain = 1 + 0.01 * rng.standard_normal()
        wrong += contrast(*turns(gain * draw(rng, n), gain * draw(rng, n), gain_u=0.01)).verdict in SURE
    return wrong / runs


@pytest.mark.thorough
def test_equal_programs_seldom_differ() -> None:
    assert false_verdicts(200, 12, 1) <= 0.05 + 2 * 0.0154


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 12, 40, 200])
def test_false_verdicts_on_equal_programs_are_at_most_five_percent(n: int) -> None:
    share = false_verdicts(2000, n, n)
    print(f"\nfalse verdicts, {n} repeats a side: {share:.4f}")
    assert share <= 0.05


def test_one_recording_a_side_says_nothing_about_the_programs() -> None:
    rng = np.random.default_rng(1)
    found = contrast(side("A", draw(rng, 50)), side("B", draw(rng, 50, 0.5)))
    assert found.design is Design.THESE_RUNS
    assert found.verdict is Verdict.CANNOT_TELL and found.these_runs is Verdict.LESS and found.significant
    assert "this run of B used less than this run of A" in found.text and "turns" in found.text
    assert found.repeats_needed == 3  # in turns


def test_two_runs_have_welchs_interval() -> None:
    """The 95 % interval of the difference of two means of unequal spread, by Welch (1947)."""
    rng = np.random.default_rng(2)
    a, b = 5 + rng.standard_normal(12), 6 + 3 * rng.standard_normal(7)
    b = np.sort(b)[[3, 0, 6, 1, 5, 2, 4]]  # no memory
    found = contrast(Side("A", a), Side("B", b))
    va, vb = a.var(ddof=1) / 12 * memory(a - a.mean()), b.var(ddof=1) / 7 * memory(b - b.mean())
    na, nb = 12 / memory(a - a.mean()), 7 / memory(b - b.mean())
    freedom = (va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1))
    half = student.ppf(0.975, freedom) * math.sqrt(va + vb)
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(half, rel=0.01)


def test_pairs_are_students_pairs() -> None:
    rng = np.random.default_rng(3)
    cost = rng.uniform(2, 10, 24)
    a, b = cost, 0.97 * cost + 0.02 * rng.standard_normal(24)
    left, right = side("A", a, separate=True), side("B", b, separate=True)
    found = contrast(left, right, paired=True)
    expected = ttest_rel(b, a)
    low, high = expected.confidence_interval(0.95)
    assert found.design is Design.PAIRED and found.verdict is Verdict.LESS
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), rel=0.005)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.05)
    keyed = [
        Side("A", a, keys=tuple(range(24)), separate=True),
        Side("B", b[::-1], keys=tuple(range(23, -1, -1)), separate=True),
    ]
    assert contrast(*keyed).difference.value == pytest.approx(found.difference.value)


def test_the_sensors_error_joins_with_infinite_degrees_of_freedom() -> None:
    """Pairs with u_A = s/√6 and 5 degrees of freedom, two sensors of 0.2 each: Welch and Satterthwaite, GUM G.4.1."""
    a = np.full(6, 10.0)
    step = np.array([0.0, 1.0, 2.0, 2.0, 1.0, 0.0]) + 0.2
    left = Side("A", a, "J", Result.of(10.0, "J", {"offset:x": 0.2}), "one", separate=True)
    right = Side(
        "B", a + step, "J", Result.of(float((a + step).mean()), "J", {"offset:x": 0.2}), "two", separate=True
    )
    found = contrast(left, right, paired=True)
    own, sensors = step.var(ddof=1) / 6, 2 * 0.2**2
    freedom = 5 * ((own + sensors) / own) ** 2
    half = student.ppf(0.975, freedom) * math.sqrt(own + sensors)
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(half, rel=0.01)
    assert found.p_value == pytest.approx(
        2 * student.sf(step.mean() / math.sqrt(own + sensors), freedom), rel=0.05
    )


def test_pairs_of_one_recording_that_remember_each_other_count_for_less() -> None:
    step = 1.5 * np.sin(np.arange(60) / 3) + np.tile([1.0, -1.0, 0.5, -0.5], 15) + 0.5
    a = np.full(60, 10.0)
    found = contrast(Side("A", a), Side("B", a + step), paired=True)
    widen = memory(step - step.mean())
    assert widen > 1.2 and found.design is Design.THESE_RUNS
    half = student.ppf(0.975, 60 / widen - 1) * step.std(ddof=1) * math.sqrt(widen / 60)
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(half, rel=0.01)


def test_events_of_one_run_that_remember_each_other_count_for_less() -> None:
    a = 10 + 1.5 * np.sin(np.arange(60) / 3) + np.tile([1.0, -1.0, 0.5, -0.5], 15)
    found = contrast(Side("A", a), Side("B", a + 1))
    widen = memory(a - a.mean())
    assert widen > 1.2
    half = student.ppf(0.975, 2 * (60 / widen - 1)) * a.std(ddof=1) * math.sqrt(2 * widen / 60)
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(half, rel=0.01)


def test_the_mean_of_several_recordings_has_students_interval() -> None:
    """Three recordings: t of two degrees of freedom, 4.303, times s/√3."""
    a, b = np.array([1.0, 1.1, 1.3]), np.array([2.0, 2.2, 2.1])
    found = contrast(*turns(a, b))
    half = student.ppf(0.975, 2) * a.std(ddof=1) / math.sqrt(3)
    assert (found.mean_left.high - found.mean_left.low) / 2 == pytest.approx(half, rel=0.01)


def test_the_noisier_side_has_the_larger_share_of_the_ratios_variance() -> None:
    rng = np.random.default_rng(9)
    a, b = draw(rng, 40, 1.0, 0.01), draw(rng, 40, 2.0, 0.1)
    found, back = contrast(*turns(a, b)), contrast(*turns(b, a))
    own = f"repeats:{found.left} and {found.right}"
    whole = found.difference.parts[own]
    # u(b/a) ≈ u(b)/a where nearly all of the variance is b's; the other way round it is R² u(b)/b.
    assert found.ratio.parts[own] == pytest.approx(whole / found.mean_left.value, rel=0.15)
    assert back.ratio.parts[own] == pytest.approx(0.5 * whole / found.mean_right.value, rel=0.3)


def test_a_single_event_borrows_the_scatter_of_the_many() -> None:
    """√(1 + 1/40) times their standard deviation, with 39 degrees of freedom: no ±0.009 %."""
    rng = np.random.default_rng(4)
    many = draw(rng, 40)
    one = Side("A", np.array([1.1]), "J", Result.of(1.1, "J", {"noise:x": 1e-4}), "m")
    mean = Result.of(float(many.mean()), "J", {"repeats:B": float(many.std(ddof=1)) / math.sqrt(40)})
    found = contrast(one, Side("B", many, "J", mean, "m"))
    half = (found.difference.high - found.difference.low) / 2
    assert half == pytest.approx(student.ppf(0.975, 39) * many.std(ddof=1) * math.sqrt(1 + 1 / 40), rel=0.02)


def test_two_single_values_have_the_meters_interval_only() -> None:
    a = Side("A", np.array([6.3]), "W", Result.of(6.3, "W", {"quantisation:x": 0.03}), "m")
    b = Side("B", np.array([6.1]), "W", Result.of(6.1, "W", {"quantisation:x": 0.03}), "m")
    found = contrast(a, b)
    assert found.design is Design.SINGLE and found.verdict is Verdict.CANNOT_TELL
    assert found.difference.standard_uncertainty == pytest.approx(0.03 * math.sqrt(2))
    assert found.p_value is None and found.plan is None


def test_a_bound_stays_as_wide_as_it_was_stated() -> None:
    """A mean known only to lie between 0.2 and 2 may not become narrow because no part says why."""
    bound = Result(0.5, "J", 0.2, 2.0)
    found = contrast(
        Side("A", np.full(9, 0.5), "J", bound, "m", resolved=False),
        Side("B", np.full(9, 0.5), "J", bound, "m", resolved=False),
    )
    assert found.these_runs is Verdict.CANNOT_TELL
    assert found.difference.high >= 1.5


def test_a_shared_gain_cancels_in_the_ratio_and_does_not_blur_the_verdict() -> None:
    rng = np.random.default_rng(1)
    a, b = draw(rng, 50, 1.0, 0.01), draw(rng, 50, 0.98, 0.01)
    same = contrast(*turns(a, b, gain_u=0.02))
    left, right = turns(a, b, gain_u=0.02)
    other = contrast(left, side("B", b, 0.02, meter="ina|2", times_s=right.times_s, separate=True))
    assert same.shared and same.verdict is Verdict.LESS
    assert same.ratio is not None and same.ratio.standard_uncertainty < 0.005
    assert not other.shared and other.verdict is Verdict.CANNOT_TELL
    assert other.ratio is not None and other.ratio.standard_uncertainty == pytest.approx(
        0.02 * 2**0.5, rel=0.1
    )
    assert other.repeats_needed is None  # no number of repeats beats the two sensors' gains
    assert obstacle_of(other) is Obstacle.SENSORS and obstacle_of(same) is None


def test_a_factor_as_unsure_as_half_is_no_doubt_about_which_is_more() -> None:
    """A model of ±50 % stands on both sides: the ratio and the verdict do not know it, the difference in J does."""
    rng = np.random.default_rng(7)
    found = contrast(*turns(draw(rng, 20, 1.0, 0.02), draw(rng, 20, 1.8, 0.02), gain_u=0.5))
    assert found.verdict is Verdict.MORE
    assert 1.7 < found.ratio.low < found.ratio.high < 1.9
    assert found.difference.high - found.difference.low > 1.2


@pytest.mark.parametrize("shift", [-0.3, -0.02, -0.005, 0.0, 0.005, 0.02, 0.3])
def test_the_verdict_and_the_printed_ratio_agree(shift) -> None:
    rng = np.random.default_rng(10)
    found = contrast(
        *turns(draw(rng, 12, 1.0, 0.02), draw(rng, 12, 1 + shift, 0.02), gain_u=0.3, offset_u=0.01)
    )
    if found.significant:
        assert found.ratio.low > 1 or found.ratio.high < 1


def test_a_shared_offset_cancels_in_the_difference() -> None:
    rng = np.random.default_rng(2)
    found = contrast(*turns(draw(rng, 30, 1.0, 0.01), draw(rng, 30, 0.97, 0.01), offset_u=0.05))
    assert found.verdict is Verdict.LESS
    assert found.difference.standard_uncertainty < 0.005


def test_turns_take_out_what_both_sides_share() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(48)
    warmth = 1 + 0.2 * np.sin(t / 6)  # the room's temperature, far larger than the difference
    order = np.tile([False, True, True, False], 12)
    y = warmth * draw(rng, 48, 1.0, 0.005) * np.where(order, 0.98, 1.0)
    found = contrast(*turns(y[~order], y[order]))
    assert found.design is Design.TURNS and found.verdict is Verdict.LESS
    smooth = warmth * draw(rng, 48, 1.0, 0.005)
    in_order = (
        side("A", smooth[:24], separate=True, times_s=np.arange(24.0)),
        side("B", smooth[24:], separate=True, times_s=np.arange(24.0, 48)),
    )
    assert abs(smooth[24:].mean() / smooth[:24].mean() - 1) > 0.1
    later = contrast(*in_order)
    assert later.design is Design.ORDER and later.verdict is Verdict.CANNOT_TELL


def test_the_same_within_a_margin_is_not_the_same_as_no_idea() -> None:
    rng = np.random.default_rng(8)
    a, b = draw(rng, 100, 1.0, 0.01), draw(rng, 100, 1.0, 0.01)
    close = contrast(*turns(a, b))
    assert close.verdict is Verdict.SAME and close.within is not None and 0.001 < close.within < 0.006
    assert contrast(*turns(a, b), margin=0.02).verdict is Verdict.SAME
    assert contrast(*turns(a, b), margin=0.0005).verdict is Verdict.CANNOT_TELL
    loose = contrast(*turns(draw(rng, 4, 1.0, 0.2), draw(rng, 4, 1.0, 0.2)))
    assert loose.verdict is Verdict.CANNOT_TELL


def test_the_answer_turns_with_the_sides() -> None:
    rng = np.random.default_rng(4)
    a, b = draw(rng, 30), draw(rng, 30, 1.3)
    there, back = contrast(*turns(a, b)), contrast(*turns(b, a))
    assert (there.verdict, back.verdict) == (Verdict.MORE, Verdict.LESS)
    assert there.difference.value == pytest.approx(-back.difference.value, rel=0.1)
    assert there.effect is not None and there.effect == pytest.approx(3, rel=0.4)
    assert "+3" in there.text or "+2" in there.text


def test_fiellers_ratio_is_where_the_difference_may_be_zero() -> None:
    """Every R inside has |b − R a| ≤ t u(b − R a); at the ends they are equal."""
    a = 1 + 0.3 * np.array([1, -1, 0.5, -0.5, 1.2, -1.2, 0.1, -0.1])  # neighbours differ: no memory
    b = 2 + 0.3 * np.array([1, -1, 0.5, -0.5, 1.2, -1.2, 0.1, -0.1])
    found = contrast(Side("A", a), Side("B", b))
    variance = a.var(ddof=1) / 8
    for end in (found.ratio.low, found.ratio.high):
        z = abs(b.mean() - end * a.mean()) / math.sqrt(variance * (1 + end**2))
        assert z == pytest.approx(student.ppf(0.975, 14), rel=0.01)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="nothing is known"):
        contrast(side("A", np.ones(3)), Side("B", np.array([np.nan])))
    with pytest.raises(DataError, match="do not pair"):
        contrast(side("A", np.ones(3)), side("B", np.ones(4)), paired=True)
    with pytest.raises(DataError, match="cannot be compared"):
        contrast(side("A", np.ones(3)), Side("B", np.ones(3), "C"))


def test_an_interval_wider_than_its_parts_explain_goes_into_the_difference() -> None:
    """±2 J at 95 % are 2/1.96 = 1.0204 J; the gain's 0.6 J leave √(1.0204² − 0.6²) = 0.8254 J that no part names."""
    wide = Result(10.0, "J", 8.0, 12.0, parts={"gain:x": 0.6})
    values = np.array([9.9, 10.1, 10.0, 10.0])
    left = Side("A", values, "J", wide, "one", separate=True)
    right = Side(
        "B",
        values + 1,
        "J",
        Result(11.0, "J", 10.0, 12.0, parts={"gain:y": 1.0 / 1.96}),
        "two",
        separate=True,
    )
    found = contrast(left, right, paired=True)
    parts = {name: abs(part) for name, part in found.difference.parts.items()}
    assert parts["bound of A"] == pytest.approx(math.sqrt((2 / 1.959964) ** 2 - 0.36), rel=1e-4)
    assert "bound of B" not in parts, "1/1.96 is all that its interval states"


def test_a_margin_is_a_share_of_the_size_of_a_mean_below_zero() -> None:
    """What flows back is −10 J a side: 0.5 J of difference lie within a tenth of that, so nothing speaks against equality."""
    values = -10 + 0.01 * np.array([1.0, -1, 2, -2, 0, 1, -1, 0, 2, -2])
    found = contrast(*turns(values, values[::-1] + 0.5), margin=0.1)
    assert found.difference.value == pytest.approx(0.5, abs=0.02)
    assert found.p_value == 1.0


def test_what_both_sides_share_of_a_gain_is_taken_off_in_proportion() -> None:
    """Gains of 2 % on 10 and 3 % on 20 share 2.5 %: −0.05 and +0.1 are left; other parts stay."""
    spread = Spread(10.0, 20.0, 0.0, 0.0, 5.0, 1.0, Design.TURNS, (3, 3))
    left, right = without_common_factors(
        {"gain:x": 0.2, "offset:x": 0.5, "gain:only left": 0.3}, {"gain:x": 0.6, "offset:x": 0.7}, spread
    )
    assert left == pytest.approx({"gain:x": 0.2 - 0.25, "offset:x": 0.5, "gain:only left": 0.3})
    assert right == pytest.approx({"gain:x": 0.6 - 0.5, "offset:x": 0.7})
    nothing = replace(spread, left=0.0)
    assert without_common_factors({"gain:x": 0.2}, {"gain:x": 0.6}, nothing) == (
        {"gain:x": 0.2},
        {"gain:x": 0.6},
    )


def test_parts_of_the_difference_are_the_right_less_the_left() -> None:
    assert parts_of_difference({"a": 1.0, "b": 2.0}, {"b": 5.0, "c": 7.0}, 2.0) == {
        "a": -2.0,
        "b": 1.0,
        "c": 7.0,
    }


def test_a_sides_mean_of_several_recordings_has_the_scatter_between_them() -> None:
    values = np.array([1.0, 2.0, 4.0])
    one = Side("A", values, "J", Result.of(2.0, "J", {"gain:x": 0.1}), "m", separate=True)
    found = mean_of_side(one, {"gain:x": 0.1}, set())
    assert found.value == pytest.approx(7 / 3)
    assert found.parts["repeats:A"] == pytest.approx(values.std(ddof=1) / math.sqrt(3))
    alone = replace(one, values=np.array([2.0]))
    assert mean_of_side(alone, {}, set()) is alone.mean
    within = replace(one, separate=False)
    assert mean_of_side(within, {}, set()) is within.mean


def test_a_difference_is_no_surer_than_the_mean_of_one_recording_as_it_is_printed() -> None:
    """What repeats lead to, and how few of them count, is in the interval of a mean: repeats of one recording against another's."""
    rng = np.random.default_rng(2)
    calm, drifting = draw(rng, 40, spread=0.01), draw(rng, 40, spread=0.01)
    error = 0.01 / math.sqrt(40)
    page = replace(
        Result.of(float(drifting.mean()), "J", {"repeats:b": error}),
        low=float(drifting.mean()) - 0.05,
        high=float(drifting.mean()) + 0.1,
    )
    left = Side("A", calm, "J", Result.of(float(calm.mean()), "J", {"repeats:a": error}))
    found = contrast(left, Side("B", drifting, "J", page))
    assert found.design is Design.THESE_RUNS
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(0.1, rel=0.05)
    assert found.ratio is not None and found.ratio.high - found.ratio.low > 0.19
    plain = contrast(left, Side("B", drifting, "J", Result.of(page.value, "J", {"repeats:b": error})))
    assert (plain.difference.high - plain.difference.low) / 2 == pytest.approx(
        student.ppf(0.975, 78) * error * math.sqrt(2), rel=0.02
    )


def test_few_repeats_widen_an_interval_and_are_no_part_of_their_own() -> None:
    """What √(0.3² + 0.6²) J do not explain of ±2 J is Student's t of the repeats, which the difference has anyway."""
    wide = Result(10.0, "J", 8.0, 12.0, parts={"gain:x": 0.6, "repeats:A": 0.3})
    values = np.array([9.9, 10.1, 10.0, 10.0])
    left = Side("A", values, "J", wide, "one", separate=True)
    right = Side("B", values + 1, "J", Result.of(11.0, "J", {"gain:y": 0.5}), "two", separate=True)
    found = contrast(left, right, paired=True)
    assert not [name for name in found.difference.parts if name.startswith("bound")]


@pytest.mark.parametrize(
    ("ends", "printed"),
    [
        ((1.0, 0.9447, 1.0585), "0.0 ± 5.7 %"),
        ((0.625, 0.6209, 0.6291), "-37.50 ± 0.41 %"),
        ((1.5, 1.2, 2.0), "+50 % (20 to 100)"),
    ],
)
def test_a_sentence_states_the_change_in_the_digits_of_the_table(
    ends: tuple[float, float, float], printed: str
) -> None:
    """`-5.53 to +5.85 %` stood in the sentence above a table with ± 5.7 %."""
    value, low, high = ends
    assert change_in_percent(Result(value, "1", low, high, Grade.MEASURED)).text == printed


def test_a_sentence_has_no_brackets_within_brackets() -> None:
    """`cannot tell (+0 % (-90 to 1,540))` stood in the headline of a page."""
    rng = np.random.default_rng(1)
    found = contrast(side("A", draw(rng, 50)), side("B", draw(rng, 50)))
    wide = replace(found, ratio=Result(1.5, "1", 1.2, 2.0, Grade.MEASURED))
    assert ", +50 % (20 to 100);" in wide.text
    narrow = replace(found, ratio=Result(0.625, "1", 0.6209, 0.6291, Grade.MEASURED))
    assert "(-37.50 ± 0.41 %);" in narrow.text
