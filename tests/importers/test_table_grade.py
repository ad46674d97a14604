"""Where a table states a simulation: in a column `grade`, or in the scheme of its headers."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.importers import open_log
from powermeter.importers.blocks import TextBlock
from powermeter.importers.files import Peek
from powermeter.importers.layout import layout
from powermeter.importers.log import Choices
from powermeter.importers.measured_before_printed import PERHAPS_LATE
from powermeter.importers.table_grade import TableGrade
from powermeter.result import Grade
from powermeter.result.notes import Note


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
    found = layout(Peek.at(tmp_path / "log.csv"))
    of_table = TableGrade(found)
    of_table.add(TextBlock(np.arange(len(found.rows)), [list(row) for row in found.rows]))
    assert of_table.simulated is simulated


def test_a_simulated_source_that_begins_late_is_found_and_its_column_used(tmp_path):
    """A thousand rows of one meter, then one of a simulated one beside it."""
    rows = [f"{i / 10},5,\n" for i in range(1000)] + ["100,5,simulated\n"]
    (tmp_path / "log.csv").write_text("time_s,a/p_w,grade\n" + "".join(rows))
    log = open_log(tmp_path / "log.csv")
    assert {channel.grade for channel in log.sources[0].channels} == {Grade.SIMULATED}
    assert not any("grade" in str(note) for note in log.warnings)


def test_a_column_grade_of_something_else_is_listed_as_left_out(tmp_path):
    (tmp_path / "log.csv").write_text("time_s,a/p_w,grade\n0,1,B\n1,2,A\n2,2,A\n")
    assert any(
        "their names state no reading in a unit that is recorded: grade" in str(note)
        for note in open_log(tmp_path / "log.csv").warnings
    )


@pytest.mark.parametrize(
    ("typed", "late", "expected"),
    [
        (None, False, Grade.MEASURED),
        (None, True, Grade.ESTIMATED),
        (Grade.DERIVED, False, Grade.DERIVED),
        (Grade.DERIVED, True, Grade.ESTIMATED),
        (Grade.SIMULATED, True, Grade.SIMULATED),
    ],
)
def test_what_is_typed_goes_first_and_rows_that_are_perhaps_late_are_not_measured(
    tmp_path, typed, late, expected
):
    (tmp_path / "log.csv").write_text("time_s,a/p_w\n0,1\n1,2\n")
    found = TableGrade(layout(Peek.at(tmp_path / "log.csv")))
    notes = [Note.warning(PERHAPS_LATE, "late")] if late else []
    assert found.grade(Choices(grade=typed), Grade.MEASURED, notes) is expected
