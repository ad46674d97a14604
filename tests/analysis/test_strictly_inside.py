"""The samples strictly inside windows, against a loop over them."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.strictly_inside import StrictlyInside
from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace


@pytest.mark.parametrize("seed", range(4))
def test_edges_do_not_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.arange(50, dtype=np.int64) * 10
    trace = Trace(times, rng.normal(2, 1, 50), Quantity.POWER, interval_ns=10)
    start = rng.integers(0, 400, 30)
    end = start + rng.integers(0, 90, 30)
    found = StrictlyInside.of(Integral.of(trace), start, end)
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        inside = trace.values[(times > a) & (times < b)]
        assert found.count[k] == inside.size
        assert (
            found.mean[k] == pytest.approx(inside.mean(), rel=1e-12)
            if inside.size
            else np.isnan(found.mean[k])
        )


def test_a_counter_has_no_mean_of_samples() -> None:
    times = np.arange(5, dtype=np.int64) * 10
    trace = Trace(times, np.arange(5.0), Quantity.ENERGY, Kind.COUNTER, interval_ns=10)
    found = StrictlyInside.of(Integral.of(trace), np.array([5]), np.array([35]))
    assert found.count.tolist() == [3] and np.isnan(found.mean).all()
