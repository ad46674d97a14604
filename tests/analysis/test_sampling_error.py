"""How far the sum of readings may be from the integral: what the readings themselves show of it: what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.sampling_error import scatter_of_line, scatter_of_stretches, split


@pytest.mark.parametrize("jumps", [0, 1])
def test_white_readings_and_jumps_are_told_apart(jumps: int) -> None:
    rng = np.random.default_rng(1)
    n = 4000
    values = rng.standard_normal(n) if not jumps else np.repeat(rng.standard_normal(n // 50) * 3, 50)
    found = scatter_of_stretches(values - values.mean(), np.array([n]))
    want = n * 1.0 if not jumps else float(np.sum(np.diff(values) ** 2)) / 12
    assert found.variance == pytest.approx(want, rel=0.1)


def test_the_split_is_exact_for_one_jump_and_for_one_spike() -> None:
    jump = scatter_of_line(np.repeat([0.0, 2.0], 100))
    assert (jump.white, jump.jumps) == pytest.approx((0, 4), abs=1e-9)
    spike = scatter_of_stretches(np.array([3.0]), np.array([1]))
    assert (spike.white, spike.jumps) == pytest.approx((9, 0), abs=1e-9)
    assert spike.lean == pytest.approx(1)  # one spike counts as one
    assert split(1.0, 1.0) == (1.0, 0.0)
