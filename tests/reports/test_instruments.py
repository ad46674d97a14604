"""How the line of a source states what was not read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Gap, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports.instruments import health_text, instruments


@pytest.mark.parametrize(
    ("noted", "bridged", "gap_s"), [(None, 1, 4.0), ("missed", 1, 4.0), ("no answer", 0, 4.0)]
)
def test_a_hole_that_is_bridged_is_never_called_none(
    tmp_path: Path, noted: str | None, bridged: int, gap_s: float
) -> None:
    """40 readings a second apart, three of them absent: noted as nothing, as missed deadlines, or as a gap."""
    times = np.arange(40, dtype=np.int64)
    times = times[(times <= 20) | (times >= 24)] * 10**9
    with Writer.create(tmp_path / "a.power", {}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
        source = writer.add_source("x://", "", "x", (channel,))
        writer.append(source, times, np.full((times.size, 1), 5))
        if noted is not None:
            writer.add_gap(source, Gap(20 * 10**9, 24 * 10**9, noted, "", 3))
    with Recording.open(tmp_path / "a.power") as recording:
        found = analyse(recording)
        (instrument,) = instruments(recording, found)
    (health,) = found.health
    assert found.gap_s == health.gap_s == gap_s
    assert (health.bridged, health.bridged_s) == (bridged, 4.0 * bridged)
    assert health_text(instrument).endswith(" · 1 gap of 4.00 s")
    uncounted = replace(instrument, health=replace(health, bridged=None, bridged_s=0.0))
    assert "no gaps" not in health_text(uncounted)
