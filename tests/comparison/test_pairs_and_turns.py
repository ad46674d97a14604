"""What repeats say by the design of the experiment: stretches, pairs, one run before several, memory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.comparison.contrast import contrast
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
from powermeter.comparison.verdict import Verdict
from powermeter.errors import DataError
from powermeter.result import Result


def test_the_lag_one_correlation_has_its_bias_taken_off() -> None:
    """ρ = (n r + 1)/(n − 4) (Marriott and Pope 1954), plus half a standard error; (1 + ρ)/(1 − ρ)."""
    rest = np.array([3.0, 2.0, 2.5, 1.0, 0.5, -0.5, 0.0, -1.5, -2.0, -1.0, -2.5, -1.5])
    rest = rest - rest.mean()
    n, r = 12, float(rest[1:] @ rest[:-1] / (rest @ rest))
    rho = min((n * r + 1) / (n - 4), 0.95)
    rho = min(rho + 0.5 * math.sqrt(max(1 - rho**2, 0) / n), 0.95)
    assert memory(rest) == pytest.approx(min((1 + rho) / (1 - rho), n / 2))
    mild = np.tile([1.0, 0.8, -1.1, 0.2, -0.9], 12)
    r = float(mild[1:] @ mild[:-1] / (mild @ mild))
    assert r < 0 and memory(mild) == 1.0
    slow = 1.5 * np.sin(np.arange(200) / 3) + np.tile([1.0, -1.0, 0.5, -0.5], 50)
    r = float(slow[1:] @ slow[:-1] / (slow @ slow))
    rho = (200 * r + 1) / 196
    rho += 0.5 * math.sqrt((1 - rho**2) / 200)
    assert 0.05 < r < 0.6 and memory(slow) == pytest.approx((1 + rho) / (1 - rho))


def test_memory_leaves_at_least_two_independent_values() -> None:
    assert memory(np.linspace(-1, 1, 40)) == 20
    assert memory(np.array([1.0, -1.0, 1.0, -1.0])) == 1.0  # fewer than five say nothing


def test_neighbouring_events_of_one_side_are_one_stretch() -> None:
    """A A B B B A: three stretches of 2, 3 and 1 events, whose means are 1.5, 20 and 5."""
    a = Side("A", np.array([1.0, 2.0, 5.0]), times_s=np.array([0.0, 1.0, 5.0]))
    b = Side("B", np.array([10.0, 20.0, 30.0]), times_s=np.array([2.0, 3.0, 4.0]))
    assert stretches(a, b) == 3
    found = in_time(a, b)
    assert found.design is Design.TURNS and found.counts == (3, 3)
    assert found.freedom == 1  # three values less the level and the difference
    two = in_time(replace(a, times_s=np.array([-2.0, -1.0, 0.0])), b)
    assert two.variance == math.inf and (two.left, two.right) == (pytest.approx(8 / 3), 20)


def test_recordings_are_never_joined_into_stretches() -> None:
    times = np.arange(8.0)
    a = Side("A", np.arange(4.0), times_s=times[:4], separate=True)
    b = Side("B", np.arange(4.0), times_s=times[4:], separate=True)
    assert in_time(a, b).design is Design.ORDER
    assert in_time(a, b).freedom == 8 - 1 - 2  # the level, the difference, the slope
    lone = Side("A", np.array([1.0]), times_s=np.array([-1.0]), separate=True)
    assert in_time(lone, b).design is Design.ONE_RUN and not Design.ONE_RUN.about_programs
    between = Side("A", np.array([1.0]), times_s=np.array([5.5]), separate=True)
    assert in_time(between, b).design is Design.TURNS


def test_without_a_clock_the_left_side_came_first() -> None:
    a, b = Side("A", np.arange(4.0), separate=True), Side("B", np.arange(4.0), separate=True)
    assert in_time(a, b).design is Design.ORDER and stretches(a, b) == 0


def test_pairs_by_key_use_the_mean_of_each_key_and_only_common_ones() -> None:
    a = Side("A", np.array([1.0, 3.0, 5.0, 9.0]), keys=("x", "x", "y", "z"))
    b = Side("B", np.array([7.0, 3.0, np.nan]), keys=("y", "x", "w"))
    found = in_pairs(a, b, Design.PAIRED)
    assert found.counts == (2, 2) and (found.left, found.right) == (3.5, 5.0)
    assert found.variance == pytest.approx(np.var([1.0, 2.0], ddof=1) / 2)
    with pytest.raises(DataError, match="fewer than two pairs"):
        in_pairs(a, Side("B", np.array([1.0]), keys=("x",)), Design.PAIRED)


def test_two_runs_of_many_events_have_welchs_degrees_of_freedom() -> None:
    a, b = np.tile([1.0, -1.0], 4) + 10, np.tile([3.0, -3.0], 3) + 20
    found = these_runs(Side("A", a), Side("B", b))
    va, vb = a.var(ddof=1) / 8, b.var(ddof=1) / 6
    assert (found.variance_left, found.variance_right) == (pytest.approx(va), pytest.approx(vb))
    assert found.freedom == pytest.approx((va + vb) ** 2 / (va**2 / 7 + vb**2 / 5))
    assert found.one == pytest.approx(math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))


def test_what_is_left_out_is_left_out_of_everything() -> None:
    side = without(Side("A", np.arange(5.0), keys=tuple("abcde"), times_s=np.arange(5.0)), 2)
    assert (side.values.tolist(), side.keys, side.times_s.tolist(), side.warmup) == (
        [2, 3, 4],
        ("c", "d", "e"),
        [2, 3, 4],
        2,
    )


def test_one_value_a_side_keeps_the_noise_of_each() -> None:
    noisy = Result.of(2.0, "J", {"noise:power @ one": 0.03, "gain:power @ meter": 0.02})
    quiet = Result.of(2.1, "J", {"noise:power @ two": 0.04, "gain:power @ meter": 0.02})
    sides = [
        Side(str(i), np.array([mean.value]), mean=mean, instrument="meter")
        for i, mean in enumerate((noisy, quiet))
    ]
    found = these_runs(*sides)
    assert found.design is Design.SINGLE and found.variance == pytest.approx(0.03**2 + 0.04**2)
    weighed = contrast(*sides)
    assert (weighed.difference.high - weighed.difference.low) / 2 > 1.9 * 0.05
    assert weighed.these_runs is Verdict.CANNOT_TELL  # 0.1 J apart, ± 0.1 J
