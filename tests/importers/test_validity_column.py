"""Rows that their own log marks as no reading."""

import pytest

from powermeter import analyse
from powermeter.importers import convert


@pytest.mark.parametrize(("name", "yes", "no"), [("valid", "1", "0"), ("is_valid", "True", "False")])
def test_rows_that_are_marked_are_missing(tmp_path, name, yes, no):
    """8 W for 9.8 s, each tenth row 0 W and not valid: 71 J were printed for 78.4."""
    rows = "".join(
        f"{i / 10},{0.0 if i % 10 == 0 else 8.0},{no if i % 10 == 0 else yes}\n" for i in range(1, 100)
    )
    path = tmp_path / "t.csv"
    path.write_text(f"time_s,power_W,{name}\n" + rows)
    log = convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(78.4)
    notes = [note.text for note in log.warnings]
    assert any(
        f"9 rows are marked in '{name}' as no reading: missing values (lines 11, 21, 31, 41, 51 …)" in n
        for n in notes
    )
    assert not any(name in n for n in notes if n.startswith("columns left out"))


def test_a_column_of_other_words_marks_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,power_W,valid\n" + "".join(f"{i},8,{i % 3}\n" for i in range(30)))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 29)
