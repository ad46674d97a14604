"""The scatter of many events' readings as rows: of each as of its readings alone, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.rows_of_readings import ScatterOfRows, slow_of_rows
from powermeter.analysis.sampling_error import bounded, end_jumps, scatter_of_stretches, slow_of


@pytest.mark.parametrize("readings", [1, 2, 5, 6, 8, 15, 16, 21, 39, 40, 150])
def test_each_row_is_as_alone(readings: int) -> None:
    print("seed", readings)
    rng = np.random.default_rng(readings)
    x = rng.normal(0, 1, (9, readings)) + rng.normal(0, 2, (9, 1)).cumsum(axis=1)
    x[1], x[2, ::3] = 0.0, 9.0
    found = ScatterOfRows.of(x)
    slow = slow_of_rows(x)
    for k, row in enumerate(x):
        count = np.array([readings])
        whole = scatter_of_stretches(row, count)
        assert (None if slow is None else slow[k]) == slow_of([row])
        alone = bounded(whole, slow_of([row]), readings)
        alone = replace(alone, jumps=max(alone.jumps, min(whole.jumps, end_jumps(row, count))))
        for name in ("white", "jumps", "cubes", "fourths", "variance", "freedom", "lean"):
            assert getattr(found, name)[k] == getattr(alone, name), name
        for name in ("freedom", "lean"):
            assert getattr(found.scaled(1.5), name)[k] == getattr(alone.scaled(1.5), name), name
