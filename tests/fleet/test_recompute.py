"""The heavy step: event energies from raw readings, on the engine: what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest

from powermeter import analyse

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def engine(dataset: Path) -> Iterator[Any]:
    outside.need("ibis", "duckdb")
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as opened:
        yield opened


def test_energies_computed_on_the_engine_are_those_of_analyse(engine: Any, lab: Path) -> None:
    import pyarrow as pa

    from powermeter.fleet.recompute import event_energies

    found = pa.concat_tables(list(event_energies(engine)))
    assert found.num_rows == 32 * 12
    held = {
        (row["recording"], row["number"]): row
        for row in engine.rows(
            engine.table("events").select("recording", "number", "energy_j", "half_width_j")
        )
    }
    for row in found.to_pylist():
        one = held[row["recording"], row["number"]]
        assert row["energy_j"] == pytest.approx(one["energy_j"], rel=1e-12)
        assert row["half_width_j"] == pytest.approx(one["half_width_j"], rel=1e-12)
    files = engine.rows(engine.table("recordings").select("recording", "file", "device"))
    for one in files[:10]:
        a = analyse(lab / one["device"] / one["file"])
        mine = [held[one["recording"], i]["energy_j"] for i in range(12)]
        assert mine == pytest.approx(a.energies.value.tolist(), rel=1e-12)
