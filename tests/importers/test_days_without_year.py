"""Times that leave out the year of their dates, or the colons of their clock: one reading a minute, 60 W, 19 minutes."""

import pytest
from tool_log import load

from powermeter.importers.days_without_year import are_clocks_of_digits, days_between

MINUTES = [*range(23 * 60 + 50, 24 * 60), *range(10)]
CLOCKS = [divmod(minute, 60) for minute in MINUTES]


def log(stamp, head):
    return f"{head},Power (W)\n" + "".join(f"{stamp(i, *CLOCKS[i])},60\n" for i in range(20))


@pytest.mark.parametrize(
    ("stamp", "head"),
    [
        (lambda i, h, m: f"{'12-31' if i < 10 else '01-01'} {h:02d}:{m:02d}:00", "Date"),
        (lambda i, h, m: f"{'11/03' if i < 10 else '12/03'} {h}:{m:02d}", "Date"),
        (lambda i, h, m: f"{'28.2.' if i < 10 else '1.3.'} {h}:{m:02d}:00", "Zeit"),
        (lambda i, h, m: f"{20240311 + i // 10},{h:02d}{m:02d}00", "Date,Time"),
        (lambda i, h, m: f"{(h * 100 + m + 1400) % 2400:04d}00", "time"),  # 13:50 to 14:09
    ],
)
def test_the_night_between_lasts_a_minute(tmp_path, stamp, head):
    _, energies, headline = load(tmp_path, log(stamp, head), "a.csv")
    assert energies[headline] == pytest.approx(60 * 19 * 60)


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ((12, 31), (1, 1), 1),
        ((11, 3), (12, 3), 1),  # day first: with the month first it would be 30
        ((2, 28), (3, 1), 1),
        ((2, 28), (2, 29), 1),
        ((5, 14), (5, 12), -2),
        ((40, 40), (41, 40), 0),
    ],
)
def test_days_between_dates_without_a_year(before, after, days):
    assert days_between(before, after) == days


def test_a_number_of_six_digits_is_a_clock_where_it_skips_what_no_clock_shows():
    seconds = range(13 * 3600 + 59 * 60 + 30, 14 * 3600 + 30)
    clocks = [f"{s // 3600:02d}{s // 60 % 60:02d}{s % 60:02d}" for s in seconds]
    assert are_clocks_of_digits(clocks)
    assert not are_clocks_of_digits([str(number) for number in range(135930, 135960)])  # may be seconds
    assert not are_clocks_of_digits([str(number) for number in range(135930, 136030)])
    assert not are_clocks_of_digits(["135930"] * 5) and not are_clocks_of_digits([])
