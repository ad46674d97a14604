"""Columns that hold dates with times are found whatever they are called; those that move come first."""

from datetime import datetime, timedelta

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError
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


@pytest.mark.parametrize(("typed", "meant"), [("dmy", "mdy"), ("mdy", "dmy")])
def test_an_order_of_the_date_under_which_weeks_pass_at_midnight_is_refused(tmp_path, typed, meant):
    form = "%m/%d/%Y %H:%M:%S" if meant == "mdy" else "%d/%m/%Y %H:%M:%S"
    start = datetime(2025, 11, 10, 23, 0)
    text = "when,power_W\n" + "".join(f"{start + timedelta(minutes=i):{form}},60\n" for i in range(301))
    with pytest.raises(ConfigurationError, match=f"weeks lie between .* it is --dates {meant}"):
        load(tmp_path, text, "a.csv", dates=typed)
    for dates in (meant, None):
        _, energies, headline = load(tmp_path, text, "a.csv", dates=dates)
        assert energies[headline] == pytest.approx(60 * 300 * 60)
