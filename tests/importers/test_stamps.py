"""Stamps are exact; axes never turn back; coarse stamps are spread over the time that really passed."""

from datetime import datetime, timezone

import numpy as np
import pytest

from powermeter.errors import DataError
from powermeter.importers.elapsed_times import elapsed_ns
from powermeter.importers.stamps import (
    NS,
    Wall,
    axis,
    datetime_ns,
    number_ns,
    regular,
    since_midnight,
    time_of_day_ns,
    wall,
)
from powermeter.source import INTERPOLATED_TIME


def utc_ns(*parts):
    return round(datetime(*parts, tzinfo=timezone.utc).timestamp()) * NS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-28 01:56:05.498433", Wall(utc_ns(2025, 3, 28, 1, 56, 5) + 498_433_000)),
        ("2026/07/15 01:58:54.041", Wall(utc_ns(2026, 7, 15, 1, 58, 54) + 41_000_000)),
        ("2025-10-07_09:38:40.623626", Wall(utc_ns(2025, 10, 7, 9, 38, 40) + 623_626_000)),
        ("07-26-2022 07:05:20.790", Wall(utc_ns(2022, 7, 26, 7, 5, 20) + 790_000_000)),
        ("2024-05-31T10:39:13", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("202403141405", Wall(utc_ns(2024, 3, 14, 14, 5))),
        ("20240314140510123", Wall(utc_ns(2024, 3, 14, 14, 5, 10) + 123_000_000)),
        ("20240314140510.123456Z", Wall(utc_ns(2024, 3, 14, 14, 5, 10) + 123_456_000, 0)),
        ("2024-02-29T00:00:00Z", Wall(utc_ns(2024, 2, 29), 0)),
        ("2024-05-31 10:39:13.5 +02:00", Wall(utc_ns(2024, 5, 31, 10, 39, 13) + NS // 2, 7200 * NS)),
        ("2024-05-31 10:39:13+02", Wall(utc_ns(2024, 5, 31, 10, 39, 13), 7200 * NS)),
        ("2024-05-31 10:39:13 CEST", Wall(utc_ns(2024, 5, 31, 10, 39, 13), 2 * 3600 * NS)),
        ("2024-05-31 10:39:13 EDT", Wall(utc_ns(2024, 5, 31, 10, 39, 13), -4 * 3600 * NS)),
        ("Fri May 31 10:39:13 PDT 2024", Wall(utc_ns(2024, 5, 31, 10, 39, 13), -7 * 3600 * NS)),
        ("31 May 2024 10:39:13 CET", Wall(utc_ns(2024, 5, 31, 10, 39, 13), 3600 * NS)),
        ("2024-05-31 10:39:13 IST", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024-05-31 10:39:13 CST", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024-05-31 10:39:13 -0700 PDT", Wall(utc_ns(2024, 5, 31, 10, 39, 13), -7 * 3600 * NS)),
        ("20240531103913", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024-05-31_10-39-13", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024-05-31 10.39.13", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024年05月31日 10:39:13", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("2024年5月31日10时39分13秒", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("[2024-05-31 10:39:13]", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("Friday, May 31, 2024 10:39:13 AM", Wall(utc_ns(2024, 5, 31, 10, 39, 13))),
        ("31/May/2024:10:39:13 +0000", Wall(utc_ns(2024, 5, 31, 10, 39, 13), 0)),
        ("2024-05-31 10:39:13 -0830", Wall(utc_ns(2024, 5, 31, 10, 39, 13), -(8 * 3600 + 1800) * NS)),
    ],
)
def test_wall_clock_stamps(text, expected):
    assert wall(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-02-29 00:00:00",
        "2025-13-01 00:00:00",
        "2025-01-01 24:00:01",
        "20240531243913",
        "20241331103913",
        "2024-05-31_24-39-13",
        "01:02:03",
        "1743126965.5",
        "9999-01-01 00:00:00",
    ],
)
def test_what_is_no_wall_clock_stamp(text):
    assert wall(text) is None


def test_times_of_day_with_a_colon_before_the_milliseconds_and_past_midnight():
    texts = ["23:59:59:500", "00:00:00.250", None]
    unrolled = since_midnight([None if t is None else time_of_day_ns(t) for t in texts])
    assert unrolled == [86399 * NS + NS // 2, 86400 * NS + NS // 4, None]


@pytest.mark.parametrize(
    ("text", "tick", "expected"),
    [
        ("1750866197.2428074", NS, 1_750_866_197_242_807_400),
        ("0.1", 1_000_000, 100_000),
        ("1e-5", NS, 10_000),
        ("-2", NS, -2 * NS),
        ("1750866197242807400", 1, 1_750_866_197_242_807_400),
        ("0.0000000005", NS, 1),
        ("1e60", NS, None),
        ("12:00", NS, None),
        ("9" * 19, NS, None),
    ],
)
def test_numbers_become_nanoseconds_without_a_float_in_between(text, tick, expected):
    assert number_ns(text, tick) == expected


def test_one_second_stamps_are_spread_between_first_and_last():
    stamps = [s * NS for s in range(5) for _ in range(10)]
    found = axis(stamps, "log")
    steps = np.diff(found.times_ns)
    assert found.times_ns[0] == 0 and found.times_ns[-1] == 4 * NS
    assert steps.max() - steps.min() <= 1
    assert set(found.flags.tolist()) == {INTERPOLATED_TIME}
    assert found.span_error == pytest.approx(0.25)
    assert "± 25" in found.warnings[0]


def test_a_pause_between_coarse_stamps_is_not_smeared_over_the_log():
    stamps = [s * NS for s in [*range(10), *range(70, 80)] for _ in range(10)]
    found = axis(stamps, "log")
    for spread, stamp in zip(found.times_ns.tolist(), stamps, strict=True):
        assert abs(spread - stamp) <= 4 * NS or 9 * NS <= spread <= 70 * NS
    assert found.times_ns[0] == 0 and found.times_ns[-1] == 79 * NS
    assert (np.diff(found.times_ns) >= 0).all()


def test_fine_stamps_are_left_alone_and_equal_ones_are_counted():
    found = axis([0, 10, 20, 20, 30, 40, 50], "log")
    assert found.times_ns.tolist() == [0, 10, 20, 20, 30, 40, 50]
    assert found.flags is None
    assert "1 steps of 0 s" in found.warnings[0]


def test_rows_that_run_backwards_are_left_out_and_counted():
    stamps = [*range(0, 100, 10), 55, *range(100, 200, 10), None]
    found = axis(stamps, "log")
    assert 55 not in found.times_ns.tolist()
    assert 10 not in found.kept.tolist()
    assert any("1 row whose time lies before" in warning for warning in found.warnings)
    assert any("1 of 22 rows have no usable time" in warning for warning in found.warnings)


def test_a_column_that_keeps_running_backwards_is_no_time_axis():
    with pytest.raises(DataError, match="run backwards"):
        axis([5, 1, 4, 2, 3], "log.csv")
    with pytest.raises(DataError, match="no row has a time"):
        axis([None, None], "log.csv")


def test_a_long_pause_becomes_a_gap():
    found = axis([*(i * NS // 10 for i in range(50)), 60 * NS, 60 * NS + NS // 10], "log")
    assert [(gap.start_ns, gap.end_ns, gap.reason) for gap in found.gaps] == [
        (49 * NS // 10, 60 * NS, "missed")
    ]


def test_a_regular_axis_does_not_accumulate_rounding():
    found = regular(300_001, 1 / 3)
    assert found.times_ns[-1] == 100_000 * NS


def test_holes_are_counted_with_their_sum_and_the_longest():
    """From 4.9 s to 60 s and from 60.1 s to 90 s: 85 s together, the first the longest; 3.3 s of steps 0.1 s."""
    stamps = [*(i * NS // 10 for i in range(50)), 60 * NS, 60 * NS + NS // 10, 90 * NS, 90 * NS + NS // 10]
    found = axis(stamps, "log")
    spans = [gap.end_ns - gap.start_ns for gap in found.gaps]
    assert spans == [551 * NS // 10, 299 * NS // 10]
    (note,) = (note for note in found.warnings if note.code == "holes")
    assert "2 holes without rows, together 85" in note.text and "(longest 55" in note.text


def test_times_that_stand_still_are_counted():
    found = axis([0, NS, NS, 2 * NS, 3 * NS, 4 * NS], "log", spread=False)
    (note,) = (note for note in found.warnings if note.code == "repeated-times")
    assert note.text.startswith("1 step")


@pytest.mark.parametrize(
    ("text", "ms"), [("2024- 11- 2  19: 17: 6. 623", 623), ("2024- 11- 2  19: 17: 6. 45", 45)]
)
def test_a_stamp_whose_numbers_stand_behind_blanks(text, ms):
    found = wall(text)
    assert found is not None and found.ns == datetime_ns(datetime(2024, 11, 2, 19, 17, 6)) + ms * 1_000_000


def test_days_in_words_before_a_clock():
    assert elapsed_ns("1 days 00:00:55.474000") == (86_400 + 55) * 10**9 + 474_000_000


def test_a_date_with_underscores():
    """As a logger of a solar plant writes it: `2025_03_20_09:46`."""
    assert wall("2025_03_20_09:46").ns == wall("2025-03-20 09:46").ns


def test_a_stamp_with_a_digit_lost_is_none():
    """`T10:00:00` whose 1 became a comma was midnight, ten hours before the row below it."""
    assert wall("2024-03-01T,0:00:00") is None
    assert wall("2024-03-01, 0:00:00") is not None
