"""Which events a recording covers, by counting: readings at 0, 1, … 10 s, each of which stands for a second more."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.covered_events import is_covered
from powermeter.analysis.integral import Integral
from powermeter.signals.decoding import from_samples

NS = 10**9
READINGS = from_samples(np.arange(11, dtype=np.int64) * NS, np.full(11, 2.0))


@pytest.mark.parametrize(
    ("start_s", "end_s", "covered"),
    [(0, 10, True), (-1, 11, True), (-1.1, 5, False), (5, 11.1, False), (12, 13, False), (3, 3, True)],
)
def test_an_event_may_reach_an_interval_beyond_the_readings(
    start_s: float, end_s: float, covered: bool
) -> None:
    start, end = (np.array([round(at * NS)], np.int64) for at in (start_s, end_s))
    assert is_covered(Integral.of(READINGS), start, end).tolist() == [covered]
