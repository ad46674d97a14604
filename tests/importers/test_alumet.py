"""Alumet's rows: energies that add up."""

import pytest
from tool_log import load


def test_alumet_adds_up_the_energies_of_rows(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    rows = "".join(
        f"rapl_consumed_energy_J;2026-06-10T10:00:0{i}Z;{value};local_machine;;local_machine;;domain={domain}_total\n"
        for i in range(4)
        for domain, value in (("package", 10 + i), ("dram", 1))
    )
    _, energies, headline = load(tmp_path, head + rows, "a.csv")
    assert energies["package"] == pytest.approx(46.0) and energies["dram"] == pytest.approx(4.0)
    assert energies[headline] == pytest.approx(50.0)
