"""What rrdtool fetch prints: means of equal steps behind times with a colon."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError


def printed(*values, name="watts"):
    rows = "".join(f"{1757844000 + 300 * i}: {value}\n" for i, value in enumerate(values))
    return f"                          {name}\n\n{rows}"


def test_each_value_is_the_mean_of_the_step_before_its_time(tmp_path):
    log, energies, headline = load(tmp_path, printed("1.0000000000e+02", "2.0e+02", "3,0e+02"))
    assert log.format == "rrdtool" and energies[headline] == pytest.approx(600 * 300)


def test_an_unknown_value_is_missing_and_counted(tmp_path):
    log, *_ = load(tmp_path, printed("1.0e+02", "-nan", *["1.0e+02"] * 20))
    assert any("1 of 22 rows" in str(note) for note in log.warnings)


def test_a_source_without_a_unit_in_its_name_is_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="power=W"):
        load(tmp_path, printed("1.0e+02", "2.0e+02", "3.0e+02", name="power"))
    _, energies, headline = load(tmp_path, printed("1.0e+02", "2.0e+02", "3.0e+02", name="power"), unit="W")
    assert energies[headline] == pytest.approx(600 * 300)
