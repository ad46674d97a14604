"""Year, month, day, hour, minute and second in columns of their own are one time."""

from datetime import datetime, timedelta

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

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


def test_days_and_months_beside_an_hour_and_a_minute_are_asked_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Date,Hour,Minute,Power_W\n" + "".join(f"03/04/2024,14,{i},5\n" for i in range(9)))
    with pytest.raises(ConfigurationError, match="--dates"):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(dates="dmy"))
