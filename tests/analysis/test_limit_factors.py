"""The coverage factors of a budget with one rectangular part: 95 % of its distribution lie within them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.limit_factors import FACTORS, factor, factors

NODES = 2_000


def inside(k, share):
    """P(|share R + rest Z| <= k), R uniform on +- sqrt 3, by the midpoint rule."""
    rest = math.sqrt(1 - share * share)
    r = math.sqrt(3) * ((np.arange(NODES) + 0.5) / NODES * 2 - 1) * share
    below = [0.5 * math.erfc((x - k) / rest / math.sqrt(2)) for x in r.tolist()]
    above = [0.5 * math.erfc((k - x) / rest / math.sqrt(2)) for x in r.tolist()]
    return sum(below) / NODES - sum(above) / NODES


@pytest.mark.parametrize("at", range(40))
def test_so_much_lies_within_each(at):
    assert inside(FACTORS[at], at / 40) == pytest.approx(0.95, abs=2e-6)


def test_without_the_part_it_is_the_normals_and_with_nothing_else_the_rectangles():
    assert factor(0.0) == pytest.approx(1.959964, abs=1e-6)
    assert factor(1.0) == 0.95 * math.sqrt(3)


def test_one_and_many_are_the_same_to_the_last_bit():
    shares = np.concatenate([np.linspace(0, 1, 41), np.random.default_rng(1).uniform(0, 1, 5000)])
    assert factors(shares).tolist() == [factor(share) for share in shares.tolist()]
    assert np.all(np.diff(factors(np.sort(shares))) <= 0)
