"""Otii's export."""

from itertools import pairwise

import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse


def test_otii_export(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text(
        '"Wall-clock time (UTC)","Arc Main Current (A)","Arc Main Voltage (V)","Arc Main Energy (J)"\n'
        + "".join(f'"2024-01-01T00:00:00.{i:03d}Z","0.0{i}5","3.3","{i}"\n' for i in range(10))
    )
    log, recording = convert(path, tmp_path)
    assert log.format == "otii"
    with recording:
        found = analyse(recording)
        assert found.line.rail.name == "Arc Main"
        amps = [0.005 + 0.01 * i for i in range(10)]
        expected = sum((a + b) / 2 for a, b in pairwise(amps)) * 3.3e-3
        assert found.plain_energy == pytest.approx(expected)
        assert recording.metadata["clock_aligned"] is False
