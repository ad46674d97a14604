"""Columns that hold dates with times are found whatever they are called; those that move come first."""

from powermeter.importers.calendar_columns import calendar_columns
from powermeter.importers.files import Peek
from powermeter.importers.layout import layout


def test_dates_are_found_under_any_name_and_the_moving_ones_first(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "begun,day,UTC,power_W\n"
        + "".join(f"2025-01-01 09:00,2025-01-01,2025-01-01T10:00:{i:02d}Z,10\n" for i in range(5))
    )
    found = layout(Peek.at(path))
    assert calendar_columns(found, found.headings) == [2, 0]
