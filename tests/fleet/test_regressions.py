"""A version that uses more than the one before it is found, and is not where too few devices ran both or the margin allows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest

from powermeter.comparison.verdict import Verdict

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def engine(dataset: Path) -> Iterator[Any]:
    outside.need("ibis", "duckdb")
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as opened:
        yield opened


def test_a_version_that_uses_more_is_found_on_the_devices_that_ran_both(engine: Any) -> None:
    from powermeter.fleet.questions import AskedOfFleet
    from powermeter.fleet.regressions import regressions

    (found,) = regressions(engine)
    assert (found.before, found.after, found.paired, found.devices) == ("v1", "v2", True, (8, 8))
    assert found.verdict is Verdict.MORE and found.change is not None and 0.1 < found.change < 0.2
    (few,) = regressions(engine, AskedOfFleet({"device": "pi-00"}))
    assert few.verdict is Verdict.CANNOT_TELL and "3 devices" in few.why
    (within,) = regressions(engine, margin=0.3)
    assert within.verdict is Verdict.SAME
