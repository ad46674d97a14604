"""The first and the last of what a stamp may say, and what the calendar makes of it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from powermeter.importers.elapsed_times import elapsed_ns
from powermeter.importers.stamps import (
    DAY_NS,
    LARGEST_NS,
    TICKS,
    datetime_ns,
    number_ns,
    since_midnight,
    time_of_day_ns,
    wall,
    zone_ns,
)

NS = 10**9
HOUR, MINUTE = 3600 * NS, 60 * NS


def calendar(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """What the standard library counts."""
    return int(datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp()) * NS


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0.00:00:00", 0),
        ("1.00:00:00", 86_400 * NS),
        ("0.23:59:59", 86_399 * NS),
        ("0 23:59:59.5", 86_399 * NS + NS // 2),
        ("2.01:02:03.004", (2 * 86_400 + 3723) * NS + 4_000_000),
        ("0.24:00:00", None),
        ("0.00:60:00", None),
        ("0.00:00:60", None),
        ("00:00:00", None),
    ],
)
def test_days_and_a_clock(text: str, ns: int | None) -> None:
    assert elapsed_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("00:00", 0),
        ("23:59", 23 * HOUR + 59 * MINUTE),
        ("9:5:0", 9 * HOUR + 5 * MINUTE),
        ("23:59:60", 24 * HOUR),  # a leap second
        ("24:00:00", 86_400 * NS),
        ("24:00:01", None),
        ("12:60:00", None),
        ("12:00:61", None),
        ("12:00 AM", 0),
        ("12:00 PM", 12 * HOUR),
        ("1:00 am", HOUR),
        ("11:59 p.m.", 23 * HOUR + 59 * MINUTE),
        ("0:30 AM", None),
        ("13:00 PM", None),
        ("1:2:3.5", HOUR + 2 * MINUTE + 3 * NS + NS // 2),
        ("1:2:3,05", HOUR + 2 * MINUTE + 3 * NS + 50_000_000),
        ("1:2:3:5", HOUR + 2 * MINUTE + 3 * NS + 5_000_000),  # milliseconds as a number
        ("1:2:3:50", HOUR + 2 * MINUTE + 3 * NS + 50_000_000),
        ("1:2:3:500", HOUR + 2 * MINUTE + 3 * NS + 500_000_000),
        ("1:2:3:5000", HOUR + 2 * MINUTE + 3 * NS + 500_000_000),  # four digits are a fraction
        ("1:2:3.123456789", HOUR + 2 * MINUTE + 3 * NS + 123_456_789),
        ("1:2:3.1234567899", HOUR + 2 * MINUTE + 3 * NS + 123_456_789),
    ],
)
def test_times_of_day(text: str, ns: int | None) -> None:
    assert time_of_day_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "tick", "ns"),
    [
        ("1.5", NS, 1_500_000_000),
        ("1,5", NS, 1_500_000_000),
        (".5", NS, 500_000_000),
        ("-,5", NS, -500_000_000),
        ("+2", 1, 2),
        ("1e3", 1, 1000),
        ("1.25e1", 1000, 12_500),
        ("15e-1", NS, 1_500_000_000),
        ("0.4", 1, 0),  # to the nearest nanosecond
        ("0.5", 1, 1),
        ("-0.6", 1, -1),
        (str(LARGEST_NS), 1, LARGEST_NS),
        (str(LARGEST_NS + 1), 1, None),
        ("-" + str(LARGEST_NS), 1, -LARGEST_NS),
        ("1.", NS, NS),
        ("", NS, None),
        ("nan", NS, None),
        ("1 2", NS, None),
    ],
)
def test_numbers(text: str, tick: int, ns: int | None) -> None:
    assert number_ns(text, tick) == ns


def test_units_of_time() -> None:
    assert {unit: ns / NS for unit, ns in TICKS.items()} == {
        "s": 1,
        "ms": 1e-3,
        "us": 1e-6,
        "µs": 1e-6,
        "ns": 1e-9,
        "min": 60,
        "h": 3600,
    }
    assert DAY_NS == 24 * HOUR


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Z", 0),
        ("utc", 0),
        ("GMT", 0),
        ("+01:00", 1),
        ("+0130", 1.5),
        ("-05:00", -5),
        ("-0930", -9.5),
        ("+05", 5),
        ("", None),
        (None, None),
    ],
)
def test_zones(text: str | None, hours: float | None) -> None:
    assert zone_ns(text) == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize(
    ("text", "order", "ns"),
    [
        ("2024-02-29", None, calendar(2024, 2, 29)),
        ("2023-02-29", None, None),
        ("01.02.2024 3:04", None, calendar(2024, 2, 1, 3, 4)),  # day first behind dots
        ("1/2/2024 3:04", None, calendar(2024, 1, 2, 3, 4)),  # month first else
        ("1/2/2024 3:04", "dmy", calendar(2024, 2, 1, 3, 4)),
        ("1.2.2024 3:04", "mdy", calendar(2024, 1, 2, 3, 4)),
        (
            "24/2/1 3:04",
            "ymd",
            None,
        ),  # the last has two digits or four
        ("24/02/01 3:04", "ymd", calendar(2024, 2, 1, 3, 4)),
        ("01/02/69 3:04", "dmy", calendar(2069, 2, 1, 3, 4)),
        ("01/02/70 3:04", "dmy", calendar(1970, 2, 1, 3, 4)),
        ("01/02/69", "dmy", None),  # two digits and no time: a version, say
        ("01/02/2069", "dmy", calendar(2069, 2, 1)),
        ("2024-1-2_03-04-05", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("2024-1-2 24-00-00", None, None),
        ("2024-1-2 23-60-00", None, None),
        ("2024-1-2 23-59-60", None, calendar(2024, 1, 3)),
        ("20240102 030405", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("20240102030405Z", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("2 Jan 2024 03:04:05", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("Tue Jan  2 03:04:05 2024", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("Tue Dec 31 03:04:05 2024", None, calendar(2024, 12, 31, 3, 4, 5)),
        ("Jan 2 03:04:05", None, None),  # no year
        ("[2024-01-02 03:04:05]", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("2024年1月2日 3时4分5秒", None, calendar(2024, 1, 2, 3, 4, 5)),
        ("1970-01-01 00:00", None, 0),
        ("1969-12-31 23:59", None, None),
        ("2116-02-19 00:00", None, calendar(2116, 2, 19)),
        ("2116-02-21 00:00", None, None),  # 2⁶² ns
    ],
)
def test_walls(text: str, order: str | None, ns: int | None) -> None:
    found = wall(text, order)
    assert (None if found is None else found.ns) == ns


def test_a_wall_with_its_zone() -> None:
    found = wall("2024-01-02T03:04:05.25-05:30")
    assert found is not None and found.zone_ns == -(5 * HOUR + 30 * MINUTE)
    assert found.ns == calendar(2024, 1, 2, 3, 4, 5) + NS // 4
    plain = wall("2024-01-02 03:04:05 CST")
    assert plain is not None and plain.zone_ns is None


@pytest.mark.parametrize(("back", "days"), [(DAY_NS // 2, 0), (DAY_NS // 2 + 1, 1)])
def test_a_step_back_of_more_than_half_a_day_is_midnight(back: int, days: int) -> None:
    late = 20 * HOUR
    assert since_midnight([late, None, late - back, late - back + 5]) == [
        late,
        None,
        late - back + days * DAY_NS,
        late - back + 5 + days * DAY_NS,
    ]


def test_two_midnights_are_two_days() -> None:
    assert since_midnight([20 * HOUR, HOUR, 20 * HOUR, HOUR]) == [20 * HOUR, 25 * HOUR, 44 * HOUR, 49 * HOUR]


def test_a_datetime_is_counted_in_microseconds() -> None:
    assert datetime_ns(datetime(2024, 1, 2, 3, 4, 5, 678_901)) == calendar(2024, 1, 2, 3, 4, 5) + 678_901_000
    assert datetime_ns(datetime(1969, 12, 31, 23, 59, 59)) == -NS


@pytest.mark.parametrize("text", ["14时05分10秒", "14時05分10秒"])
def test_a_clock_in_chinese_without_its_date(text: str) -> None:
    assert time_of_day_ns(text) == 14 * HOUR + 5 * MINUTE + 10 * NS
