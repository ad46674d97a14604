"""Voltage and current in rows of their own: no row holds a power, so the import asks how they meet."""

import pytest

from powermeter import analyse
from powermeter.cli import run
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log
from powermeter.recording import Recording

ROWS = "time_s,voltage_V,current_A\n" + "".join(f"{i},5.0,\n" if i % 2 else f"{i},,0.5\n" for i in range(20))


def test_a_voltage_that_never_stands_beside_its_current_is_asked_about(tmp_path):
    path = tmp_path / "turns.csv"
    path.write_text(ROWS)
    with pytest.raises(ConfigurationError, match=r"never stand in one row.* --as voltage_V=held"):
        open_log(path)


def test_the_option_it_names_leads_to_the_energy(tmp_path):
    path, out = tmp_path / "turns.csv", tmp_path / "o.power"
    path.write_text(ROWS)
    assert run(["import", str(path), "-o", str(out), "--as", "voltage_V=held"]) == 0
    with Recording.open(out) as recording:
        found = analyse(recording).energy
    # From the first row with both (t = 1 s, the current of t = 0 is not known there) to the last current.
    assert found.low <= 2.5 * 17 <= found.high
    assert 2.5 * 16 <= found.value <= 2.5 * 19


@pytest.mark.parametrize("row", ["5,5.0,0.5\n", "5,5.0,\n6,,0.5\n"])
def test_one_row_with_both_is_enough(tmp_path, row):
    path = tmp_path / "turns.csv"
    path.write_text("time_s,voltage_V,current_A\n1,5.0,\n2,,0.5\n3,5.0,0.5\n4,5.0,0.5\n" + row)
    assert open_log(path, choices=Choices()).sources
