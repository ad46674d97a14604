"""Where a table states a simulation: in a column `grade`, or in the scheme of its headers."""

from __future__ import annotations

import pytest

from powermeter.importers.files import Peek
from powermeter.importers.layout import layout
from powermeter.importers.stated_grade import is_simulated


@pytest.mark.parametrize(
    ("text", "simulated"),
    [
        ("time_s,virtual:///virtual.power_w\n0,1\n1,2\n", True),
        ("time_s,a/p_w,grade\n0,1,simulated\n1,2,simulated\n", True),
        ("time_s,a/p_w,b/p_w,grade\n0,1,,\n1,,2,simulated\n", True),
        ("time_s,a/p_w,grade\n0,1,measured\n1,2,measured\n", False),
        ("time_s,simulated_w\n0,1\n1,2\n", False),
    ],
)
def test_a_table_states_that_it_is_simulated(tmp_path, text, simulated):
    (tmp_path / "log.csv").write_text(text)
    assert is_simulated(layout(Peek.at(tmp_path / "log.csv"))) is simulated
