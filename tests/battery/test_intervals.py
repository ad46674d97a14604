"""A falling function turns an interval round; the range of packs widens it, log-normal on each side."""

from __future__ import annotations

import math

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.intervals import falling, widened
from powermeter.result import Grade, Result


def test_the_ends_of_a_falling_function_change_places() -> None:
    found = falling(lambda watts: 8 / watts, Result.of(2.0, "W", {"gain": 0.02}), "h")
    assert found.value == 4.0 and found.low < 4.0 < found.high
    assert found.parts["gain"] == pytest.approx(-0.04, rel=1e-6)  # d(8 / P) = -8 / P² dP


def test_a_sure_number_takes_the_whole_range_of_packs() -> None:
    """The range is 5 to 95 %; an interval is 95 %: wider by 1.96 over 1.645 in logarithms."""
    found = widened(Result.of(10.0, "h"), (0.5, 1.0))
    assert math.log(10.0 / found.low) == pytest.approx(1.95996 / 1.64485 * math.log(2), rel=1e-4)
    assert found.high == pytest.approx(10.0) and found.grade is Grade.ASSUMED
    # Half of 5 to 95 % is 1.645 standard deviations.
    assert found.parts["factor:battery.capacity"] == pytest.approx(10 * math.log(2) / 2 / 1.64485, rel=1e-4)
    assert widened(Result.of(10.0, "h"), (1.0, 1.0)) == Result.of(10.0, "h")


@pytest.mark.parametrize(("low", "high"), [(1.0, 30.0), (0.0, 20.0), (-2.0, 22.0)])
def test_what_follows_from_a_bound_has_one_side(low: float, high: float) -> None:
    """10 C of which only the upper end is printed, of 3600 C; the first interval does not reach 0."""
    used = Result(10.0, "C", low, high)
    rate = Result(0.01, "A", low / 1000, high / 1000)
    assert used.show().text.startswith("at most")
    budget = Battery("1000mAh").budget(used=used, rate=rate, per_item=used)
    assert [line.partition(": ")[2].split(" ")[:2] for line in budget.lines()[1:]] == [
        ["at", "most"],
        ["at", "least"],
        ["at", "least"],
        ["at", "least"],
    ]
    assert budget.remaining is not None and budget.remaining.low == pytest.approx(1 - high / 3600)


def test_what_a_run_fed_back_leaves_has_two_sides() -> None:
    left = Battery("1000mAh").remaining(Result(-36.0, "C", -72.0, -18.0))
    assert (left.low, left.high) == (pytest.approx(1.005), pytest.approx(1.02))


def test_what_follows_from_at_least_has_its_other_side() -> None:
    """36 C or more of 3600 C, at 0.01 A or more: 1 % or more is used, and the charge lasts 100 h or less."""
    used, rate = Result.at_least(36.0, "C"), Result.at_least(0.01, "A")
    assert Battery("1000mAh").budget(used=used, rate=rate, per_item=used).lines()[1:] == [
        "used: at least 1.0 %",
        "remaining: at most 99 %",
        "hours at this power: at most 100 h",
        "inferences per charge: at most 100",
    ]
    repeated = Result(
        36.0, "C", 36.0, math.inf, parts={"repeats:infer": 1.0}
    )  # saturated: unlike repeats do not make it known
    assert Battery("1000mAh").count(repeated).show().text == "at most 100"
    widest = Battery("1000mAh", spread=(0.5, 1.5)).share_used(used)
    assert 0 < widest.low < 0.01 and math.isinf(widest.high)


def test_a_load_too_small_for_a_slope_is_no_error() -> None:
    """The least number above 0: a ten-thousandth of a percent of it is 0."""
    load = Result(5e-324, "W", 0.0, 1e-323, parts={"gain": 5e-324})
    found = falling(lambda watts: 1 / watts if watts else math.inf, load, "h")
    assert found.value == math.inf and found.parts == {"gain": 0.0}
