"""CodeCarbon's emissions.csv."""

import pytest
from tool_log import load


def test_codecarbon_without_parts(tmp_path):
    text = "timestamp,project_name,duration,emissions,energy_consumed\n2026-01-02T03:04:05,demo,31.5,0.001,0.0035\n"
    _, energies, _ = load(tmp_path, text, "emissions.csv")
    assert energies == {"machine": pytest.approx(12600.0)}
