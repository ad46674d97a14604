"""What stands out in a fleet: devices unlike their kind, readings that drift: what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest


@pytest.fixture(scope="module")
def engine(dataset: Path) -> Iterator[Any]:
    outside.need("ibis", "duckdb")
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as opened:
        yield opened


@pytest.mark.thorough
def test_the_odd_device_and_the_one_that_changed_stand_out(engine: Any) -> None:
    from powermeter.fleet.anomalies import drifts, outliers

    found, small = outliers(engine)
    assert {one.device for one in found} == {"pi-02", "pi-07"} and small == 0
    assert all(0.2 < one.ratio < 0.4 for one in found if one.device == "pi-07")
    assert drifts(engine)[1] == 16, "two recordings of each version are too few"
