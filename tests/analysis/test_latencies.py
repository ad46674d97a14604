"""How long events take: the mean, and quantiles of as many events as have one beyond."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.latencies import Latencies, latencies


def test_quantiles_need_events_beyond_them() -> None:
    assert latencies(np.array([0.1, 0.2, 0.6])) == pytest.approx((0.3, 0.2, None, None))
    assert latencies(np.arange(1.0, 20.0)).p95 is None
    assert latencies(np.arange(1.0, 21.0))[2:] == pytest.approx((19.05, None))
    assert latencies(np.arange(1.0, 101.0)) == pytest.approx((50.5, 50.5, 95.05, 99.01))


def test_events_that_take_no_time_have_none() -> None:
    assert latencies(np.zeros(5)) == latencies(np.empty(0)) == Latencies(None, None, None, None)
