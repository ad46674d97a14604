"""The analytic interval against Monte-Carlo runs, and what is told apart in it."""

from __future__ import annotations

import math
import random

import pytest

from powermeter.footprint import footprint
from powermeter.footprint.account_lines import (
    AccountLine,
    Measured,
    draw,
    largest,
    quantile,
    split_variance,
    sum_of,
    total,
)
from powermeter.footprint.allocation import battery_wear, by_time
from powermeter.footprint.embodied import battery, chip, device, memory
from powermeter.footprint.factors import Factor, default, factor, given
from powermeter.result import Result

ENERGY = Result.of(36_000.0, "J", {"gain:rail.power": 360.0, "noise:rail.power": 500.0})


def full_footprint():  # type: ignore[no-untyped-def]
    life = default("life.board")
    used = 8 * 3600.0
    making = [device("board"), chip(120, 14), memory("lpddr4", 4), battery(37)]
    lines = [("carbon", by_time(line, used, life)) for line in making]
    lines.append(("carbon", battery_wear(ENERGY, 0.9)))
    return footprint(ENERGY, "POL", chain="wired", making=lines)


def independent_draw(generator: random.Random) -> float:
    """Recompute the carbon of `full_footprint` from its published equations, each factor drawn once."""

    def lognormal(item: Factor) -> float:
        return item.central * math.exp(math.log(item.high / item.low) / 3.289707 * generator.gauss(0, 1))

    def get(table: str, name: str, place: str = "WLD") -> float:
        return lognormal(factor(table, name, place))

    energy = 36_000 + generator.gauss(0, math.hypot(360, 500))
    use = energy / 3.6e6 / get("defaults", "chain.wired") / (1 - get("grid_losses", "grid.losses", "POL"))
    use *= get("grid_carbon", "grid.carbon", "POL")
    good, package = get("chips", "chip.yield"), get("chips", "chip.package")
    low, high = factor("chips", "chip.gpa95.14nm"), factor("chips", "chip.gpa99.14nm")
    gas = given(
        "gpa",
        (low.central + high.central) / 2,
        "g/cm2",
        low=(low.low + high.low) / 2,
        high=(low.high + high.high) / 2,
    )
    per_area = get("chips", "fab.carbon.taiwan_2022") * get("chips", "chip.epa.14nm") + lognormal(gas)
    soc = 1.2 * (per_area + get("chips", "chip.mpa.14nm")) / good + package
    dram = 4 * get("chips", "memory.lpddr4") / good + package
    parts = (soc + dram + 37 * get("chips", "battery.making.nmc")) * get("defaults", "embodied.method")
    made = 1000 * get("devices", "device.board") + parts
    share = 8 * 3600 / (get("defaults", "life.board") * 365.25 * 86400)
    return use + made * share + energy / 3.6e6 / 0.9 * get("defaults", "battery.wear")


@pytest.mark.thorough
def test_monte_carlo_agrees_with_the_analytic_interval_of_a_full_footprint() -> None:
    """Criterion: within 10 %, at both ends; the draw knows nothing of `spread`."""
    analytic = full_footprint().carbon
    generator = random.Random(20240301)
    drawn = sorted(independent_draw(generator) for _ in range(20_000))
    assert analytic.low == pytest.approx(quantile(drawn, 0.025), rel=0.10)
    assert analytic.high == pytest.approx(quantile(drawn, 0.975), rel=0.10)
    assert analytic.value == pytest.approx(quantile(drawn, 0.5), rel=0.10)


def test_own_monte_carlo_agrees_for_every_account() -> None:
    for name, account in full_footprint().accounts.items():
        drawn = draw(account.lines, 20_000)
        result = account.result
        assert result.low == pytest.approx(quantile(drawn, 0.025), rel=0.10), name
        assert result.high == pytest.approx(quantile(drawn, 0.975), rel=0.10), name


def test_measurement_and_factors_are_told_apart() -> None:
    found = full_footprint().carbon
    measured, factors = split_variance(found)
    assert measured < 0.02 < factors
    assert {"gain:rail.power", "noise:rail.power", "factor:grid.carbon@POL"} <= set(found.parts)
    names = ("grid.carbon@POL", "chain.wired", "device.board", "life.board")
    assert largest(found) in {f"the factor {name}" for name in names}


def test_a_shared_factor_counts_once_and_an_own_one_averages_out() -> None:
    shared = given("x", 1.0, "g", low=0.5, high=2.0)
    apart = [Factor(f"y{i}", "WLD", 0.5, 1.0, 2.0, "g", 2020, "b", shared.source, "U") for i in range(4)]

    def line(item: Factor) -> AccountLine:
        return AccountLine("l", "g", {"x": item}, lambda x: x["x"], "x")

    same, different = total([line(shared)] * 4), total([line(item) for item in apart])
    assert math.log(same.high / same.low) == pytest.approx(2 * 1.96 * math.log(4) / 3.2897, rel=0.02)
    assert different.relative is not None and same.relative is not None
    assert different.relative < 0.6 * same.relative


def test_a_sum_of_results_stays_above_zero_and_counts_shared_parts_once() -> None:
    wide = AccountLine(
        "w", "L", {"x": given("w", 1.0, "L", low=0.25, high=4.0)}, lambda x: x["x"], "x"
    ).result()
    nothing = Result(0.0, "L", 0.0, 0.0)
    assert sum_of([wide, nothing]) is wide
    twice = sum_of([wide, wide])
    assert (twice.low, twice.high) == (pytest.approx(2 * wide.low), pytest.approx(2 * wide.high))
    with pytest.raises(ValueError, match="cannot add"):
        sum_of([wide, Result(1.0, "g", 1.0, 1.0)])


def test_a_product_is_exact_and_a_sum_of_unequal_parts_is_drawn() -> None:
    wide, firm = given("w", 1.0, "g", low=0.3, high=1 / 0.3), given("f", 1.0, "g")
    inputs = {"w": wide, "f": firm}
    product = AccountLine("p", "g", inputs, lambda x: x["w"] * x["f"], "w × f")
    quotient = AccountLine("q", "g", inputs, lambda x: x["f"] / x["w"], "f / w")
    together = AccountLine("s", "g", inputs, lambda x: x["w"] + x["f"], "w + f")
    assert not product.bends and not quotient.bends
    assert together.bends
    low, high = together.result().low, together.result().high
    z = 1.959964 * wide.sigma  # the sum of a constant and a log-normal has its quantiles
    assert low == pytest.approx(1 + math.exp(-z), rel=0.02)
    assert high == pytest.approx(1 + math.exp(z), rel=0.03)


def test_one_very_wide_line_leaves_the_lower_end_to_the_others() -> None:
    wide = AccountLine("w", "g", {"x": given("w", 1.0, "g", low=0.01, high=100)}, lambda x: x["x"], "x")
    firm = AccountLine("f", "g", {"x": given("f", 10.0, "g", low=9, high=11)}, lambda x: x["x"], "x")
    found = total([wide, firm])
    assert found.low > 8.5
    assert found.high > 100


def test_an_interval_without_parts_is_kept() -> None:
    line = AccountLine("l", "g", {"m": Measured("m", Result(10.0, "J", 9.0, 11.0))}, lambda x: x["m"], "m")
    assert line.result().high == pytest.approx(11, rel=0.01)


def test_sum_of_different_units_is_refused() -> None:
    a = AccountLine("a", "g", {}, lambda x: 1.0, "1")
    b = AccountLine("b", "L", {}, lambda x: 1.0, "1")
    with pytest.raises(ValueError, match="cannot add"):
        total([a, b])


def test_a_line_of_nothing_does_not_bend() -> None:
    """0 kWh times a wide factor is 0 whatever the factor: no logarithm, and no draw."""
    wide = given("wide", 10.0, "g/kWh", low=1.0, high=100.0)
    line = AccountLine(
        "x", "g", {"e": Measured("e", Result.of(0.0, "kWh", {})), "f": wide}, lambda x: x["e"] * x["f"], "e f"
    )
    assert not line.bends
    straight = AccountLine("x", "g", {"f": wide}, lambda x: 3 * x["f"], "3 f")
    assert not straight.bends
    sum_of_two = AccountLine("x", "g", {"f": wide}, lambda x: x["f"] + 10.0, "f + 10")
    assert sum_of_two.bends
    below = AccountLine("x", "g", {"f": wide}, lambda x: x["f"] - 5.0, "f - 5")
    assert below.bends, "one sigma down it would be negative"


def test_a_sum_with_what_may_be_nothing_does_not_end_below_the_rest() -> None:
    rough = Result(1.0, "L", 0.0, 3.0, parts={"repeats:x": 0.6})
    firm = Result(10.0, "L", 9.0, 11.0, parts={"factor:y": 0.5})
    found = sum_of([rough, firm])
    assert (found.value, found.low, found.high) == pytest.approx((11.0, 9.0, 14.0))
    below = sum_of([Result.of(1.0, "L", {"repeats:x": 2.0}), Result.of(0.5, "L", {"repeats:z": 1.0})])
    assert below.low == 0


def test_what_was_measured_is_named_in_words() -> None:
    """Not by the key of its part, which names a driver and a rail."""
    modelled = Result.of(1.0, "gCO2e", {"model:estimate:///machine.power": 0.3, "factor:grid.carbon": 0.1})
    assert largest(modelled) == "a model in place of an instrument"


@pytest.mark.parametrize("parts", [{"model": 0.462}, {"model": 0.462, "unseen": 0.248}])
def test_an_account_holds_both_ends_of_an_energy_that_a_limit_keeps_from_zero(
    parts: dict[str, float],
) -> None:
    """1 J (0.24 to 1.79): its parts, 0.46 and 0.52 J, would reach to 0.09 and below 0; a log-normal of 0.79 / 1.96 is 0.45 to 2.20."""
    inputs = {"E": Measured("energy", Result(1.0, "J", 0.24, 1.79, parts=parts)), "k": given("k", 1.0, "g/J")}
    found = AccountLine("use", "g", inputs, lambda x: x["E"] * x["k"], "E × k").result()
    assert (found.low, found.high) == pytest.approx((0.24, math.exp(0.79)), rel=1e-3)
    assert split_variance(found)[0] == pytest.approx(0.79 / 1.96, rel=1e-3)
