"""Year, month, day, hour, minute and second in columns of their own are one time."""

from datetime import datetime, timedelta

import pytest

from powermeter import analyse
from powermeter.importers import convert

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
