"""A log that a crash cut inside its last cell: 1 is what is left of 13.72."""

import pytest

from powermeter.channel import MISSING
from powermeter.importers import Choices, convert


def notes(tmp_path, last, rows=20, end=""):
    path = tmp_path / "t.csv"
    path.write_text(
        "time_s,power_W\n" + "".join(f"{i},{13 + i % 5}.7{i % 3}\n" for i in range(rows)) + last + end
    )
    log = convert(path, tmp_path / "o.power", choices=Choices(), force=True)
    return [str(note) for note in log.warnings if note.code == "last-row-cut"], log


@pytest.mark.parametrize("last", ["20,1", "20,13.", "20,13.7"])
def test_a_cell_that_is_shorter_than_all_others_is_taken_as_cut(tmp_path, last):
    (note,), log = notes(tmp_path, last)
    assert "line 22" in note and repr(last[3:]) in note
    assert log.sources[0].codes[0][-1] == MISSING


@pytest.mark.parametrize(("last", "end"), [("20,13.70", ""), ("20,1.70", "\n"), ("20,1", "\n")])
def test_a_whole_cell_or_an_ended_row_is_not(tmp_path, last, end):
    assert notes(tmp_path, last, end=end)[0] == []


def test_whole_numbers_of_any_length_are_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,power_W\n" + "\n".join(f"{i},{5 + 10 * (i % 5)}" for i in range(20)))
    log = convert(path, tmp_path / "o.power", choices=Choices(), force=True)
    assert "last-row-cut" not in {note.code for note in log.warnings}
