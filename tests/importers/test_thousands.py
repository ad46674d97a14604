"""Marks between thousands: read where they are plain, asked about where 1,200 may be 1.2."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log
from powermeter.importers.thousands import ThousandMarks, ungrouped, without_marks

WATTS = [900 + 10 * i for i in range(40)]


def mean_w(path, **choices):
    log = open_log(path, choices=Choices(**choices))
    (rows,) = log.sources
    return float((rows.codes[0] * rows.channels[0].scale).mean())


def table(folder, cell, delimiter=";", unit="W"):
    path = folder / "t.csv"
    rows = [f"2025-03-04 10:00:{i:02d}{delimiter}{cell(w)}" for i, w in enumerate(WATTS)]
    path.write_text(f"time{delimiter}power ({unit})\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("mark", ["'", "’", "\u00a0", "\u202f", "\u2009", " "])
def test_thousands_are_parted_before_decimals_too(tmp_path, mark):
    cell = lambda w: f"{w + 0.5:,.1f}".replace(",", mark).replace(".", ",")
    assert mean_w(table(tmp_path, cell)) == pytest.approx(1095.5)


def test_two_readings_in_one_cell_are_no_thousands():
    assert without_marks("120 130") == "120 130" and without_marks("1 234,5") == "1234,5"


@pytest.mark.parametrize("mark", ["'", "’", "\u00a0", "\u202f", "\u2009"])
def test_apostrophes_and_narrow_blanks_between_thousands_are_read(tmp_path, mark):
    assert mean_w(table(tmp_path, lambda w: f"{w:,}".replace(",", mark))) == pytest.approx(1095)


CASES = {
    "commas in quotes": (lambda w: f'"{w:,}"', ",", "point", 1095, "comma"),
    "points beside whole numbers": (lambda w: f"{w:,}".replace(",", "."), ";", "comma", 1095, "point"),
    "commas beside whole numbers": (lambda w: f"{w:,}", ";", "point", 1095, "comma"),
    "all of thousands, in quotes": (lambda w: f'"{20 * w:,}"', ",", "point", 21900, "comma"),
    "three groups": (lambda w: f'"{w * w:,}"', ",", "point", sum(w * w for w in WATTS) / 40, None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mark_of_two_meanings_is_asked_about_and_the_option_decides(tmp_path, name):
    cell, delimiter, decimal, mean, other = CASES[name]
    path = table(tmp_path, cell, delimiter)
    with pytest.raises(ConfigurationError, match=f"state --decimal {decimal} for"):
        open_log(path)
    assert mean_w(path, decimal=decimal) == pytest.approx(mean)
    if other is not None:
        assert mean_w(path, decimal=other) < mean / 2


@pytest.mark.parametrize(
    ("cell", "delimiter", "mean"),
    [
        (lambda w: f"{w / 100:.3f}", ",", 10.95),
        (lambda w: f"{w / 100:.3f}".replace(".", ","), ";", 10.95),
        (lambda w: f"{w / 1000:g}", ",", 1.095),
        (lambda w: f"{w / 1000:.3f}" if w % 1000 else "0", ",", (sum(WATTS) - 1000) / 40_000),
        (lambda w: f"{w / 3}", ",", 365),
        (lambda w: f'"{w + 0.5:,}"', ",", 1095.5),
    ],
)
def test_decimals_that_show_themselves_are_not_asked_about(tmp_path, cell, delimiter, mean):
    assert mean_w(table(tmp_path, cell, delimiter)) == pytest.approx(mean)


def test_numbers_of_json_have_points_only(tmp_path):
    path = tmp_path / "t.json"
    rows = ",".join(f'{{"time_s": {i}, "power_W": {w}}}' for i, w in enumerate((5, 5.123, 6, 6.125, 7)))
    path.write_text(f"[{rows}]")
    assert mean_w(path) == pytest.approx((5 + 5.123 + 6 + 6.125 + 7) / 5)


def test_marks_are_taken_out_of_numbers_only():
    assert without_marks("1'200'300.5 W") == "1200300.5 W"
    assert without_marks("10:00:01'200") == "10:00:01200"
    assert without_marks("it's 12'34") == "it's 12'34"
    assert ungrouped("-1,200,300.25", "point") == "-1200300.25"
    assert ungrouped("0,200", "point") == "0,200"
    assert ungrouped("1.200,5", "comma") == "1200,5"
    assert ungrouped("1.2005", "comma") == "1.2005"


def test_what_settles_a_column_is_seen_in_any_block():
    marks = ThousandMarks()
    marks.add(["5", "7"])
    marks.add(["1.200", ""])
    assert marks.doubtful(",", set()) == (".", "1.200")
    marks.add(["1.25"])
    assert marks.doubtful(",", set()) is None


@pytest.mark.parametrize("date", ["01.03.2024", "01.03.24", "1. März 2024"])
def test_three_digits_behind_each_point_under_dotted_dates_are_asked_about(tmp_path, date):
    rows = "".join(f"{date} 10:00:{i:02d};1.{i:03d}\n" for i in range(20))
    path = tmp_path / "t.csv"
    path.write_text("Zeit;Leistung in W\n" + rows)
    with pytest.raises(ConfigurationError, match="--decimal comma for 1000"):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(decimal="comma"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(19 * 1009.5)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["12", "1234,567"], ","),  # no group has four digits
        (["1.234,567"], ","),
        (["1,234.567"], "."),  # of two marks, the last one
        (["0,125"], ","),
    ],
)
def test_what_shows_which_mark_is_the_decimal_one(cells, decimal):
    marks = ThousandMarks()
    marks.add(cells)
    assert marks.decimal == decimal and marks.doubtful(";", set()) is None
