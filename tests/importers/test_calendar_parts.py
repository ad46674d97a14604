"""Year, month, day, hour, minute and second in columns of their own are one time."""

from datetime import datetime, timedelta

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError, PowermeterError
from powermeter.importers import Choices, convert
from powermeter.importers.stamp_reader import in_one

START = datetime(2024, 3, 14, 23, 50, 3)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Year,Month,Day,Hour,Minute,Second,Power_W",
            "{0.year},{0.month},{0.day},{0.hour},{0.minute},{0.second},{1}",
        ),
        (
            "power_W;day;month;year;hour;min;sec",
            "{1};{0.day};{0.month};{0.year};{0.hour};{0.minute};{0.second}.0",
        ),
        ("Date,Hour,Minute,Sec,Power_W", "{0:%Y-%m-%d},{0.hour},{0.minute},{0.second},{1}"),
        ("Date;Hour;Min;Sec;Power_W", "{0:%d.%m.%Y};{0.hour}.0;{0.minute}.0;{0.second};{1}"),
        ("Year,DOY,Hour,Minute,Second,Power_W", "{0.year},{0:%j},{0.hour},{0.minute},{0.second},{1}"),
    ],
)
def test_times_over_midnight_keep_their_seconds(tmp_path, header, row):
    """Uneven rows: with the minutes alone the energy would be another."""
    at = [20 * i + (7 if i % 2 else 0) for i in range(60)]
    watts = [60 + i % 5 for i in range(60)]
    rows = [row.format(START + timedelta(seconds=s), p) for s, p in zip(at, watts, strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    convert(path, tmp_path / "o.power")
    right = sum((watts[i] + watts[i + 1]) / 2 * (at[i + 1] - at[i]) for i in range(59))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(right)


@pytest.mark.parametrize(
    ("header", "row", "seconds"),
    [
        ("Date,Hour,Minute,Power_W", "{0:%Y-%m-%d},{0.hour},{0.minute},{1}", 660),
        ("Year,DOY,Hour,Power_W", "{0.year},{0:%j},{0.hour},{1}", 7 * 3600),
        ("Year,Day of Year,Power_W", "{0.year},{0:%j},{1}", 86400),
    ],
)
def test_the_day_counts_where_the_clock_has_fewer_columns(tmp_path, header, row, seconds):
    start = datetime(2024, 2, 27)
    rows = [row.format(start + timedelta(seconds=seconds * i), 10) for i in range(30)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * seconds * 29)


def test_a_part_of_a_day_is_its_time(tmp_path):
    """Half hours as towers log them, five digits of a day: two days are 172,800 s less the last half hour."""
    path = tmp_path / "t.csv"
    path.write_text("year,doy,power_W\n" + "".join(f"2024,{74 + k / 48:.5f},10\n" for k in range(96)))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * 1800 * 95, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "clock_cells", "of_year", "stamp"),
    [
        ("2024-03-14 14 5", 2, False, "2024-03-14 14:05:00"),
        ("2024 74 14 5 3.25", 3, True, "2024-03-14 14:05:03.25"),
        ("2024 74.75", 0, True, "2024-03-14 18:00:00"),
        ("2024 366 0", 1, True, "2024-12-31 00:00:00"),
        ("2023 366 0", 1, True, None),  # no such day
        ("2023 0 0", 1, True, None),
        ("2024 74.5 14", 1, True, None),  # noon, or two o'clock
        ("2024-03-14 14.5 30", 2, False, None),
        ("2024-03-14 14 60", 2, False, None),
        ("2024-03-14 nan 5", 2, False, None),
    ],
)
def test_cells_that_are_no_time_are_not_made_one(text, clock_cells, of_year, stamp):
    assert in_one(text, clock_cells, of_year=of_year) == (stamp or text)


def test_days_and_months_beside_an_hour_and_a_minute_are_asked_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Date,Hour,Minute,Power_W\n" + "".join(f"03/04/2024,14,{i},5\n" for i in range(9)))
    with pytest.raises(ConfigurationError, match="--dates"):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(dates="dmy"))


@pytest.mark.parametrize(
    ("header", "row", "seconds"),
    [
        ("Year,Month,Day,Power_W", "2024,3,{d},10", 86_400),
        ("Year,Month,Day,Time,Power_W", "2024,3,14,14:{d:02d}:30,10", 60),
        ("Year,Month,Day,Hour,Minute,Power_W", "2024,3,14,14,{d},10", 60),
        ("yy,mm,dd,hh,mi,ss,power_W", "2024,3,14,14,{d},10,10", 60),
    ],
)
def test_days_without_an_hour_are_days_and_a_clock_beside_them_counts(tmp_path, header, row, seconds):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *(row.format(d=d) for d in range(1, 21))]) + "\n")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * seconds * 19)


def test_a_cell_that_is_a_point_alone_is_no_part_of_a_date(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Year,Month,Day,Power_W\n2024,3,14,10\n2024,3,.5,10\n2024,.3,16,10\n")
    with pytest.raises(PowermeterError):
        convert(path, tmp_path / "o.power")
