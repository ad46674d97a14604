"""The unit of numeric times by their size."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log
from powermeter.importers.time_units import are_day_numbers, stated_period_s, unit_by_size

S, MS, US, NANO = 10**9, 10**6, 10**3, 1


@pytest.mark.parametrize(
    ("first", "tick", "unit"),
    [
        (1_742_000_000, MS, "s"),
        (1_742_000_000_000, S, "ms"),
        (1_742_000_000_000, US, "ms"),
        (1_742_000_000, S, None),
        (1_742_000_000_000, MS, None),
        (1_742_000_000, US, None),  # 29 minutes of a microcontroller
        (1_742_000_000, NANO, None),
        (1_742_000_000_000, NANO, None),
        (5_000_000, MS, None),
    ],
)
def test_a_unit_that_the_size_contradicts(first, tick, unit):
    assert unit_by_size(first, tick) == unit


def test_unix_seconds_under_milliseconds_are_asked_about_and_what_is_said_counts(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_ms,power_W\n" + "".join(f"{1_742_000_000 + i},5\n" for i in range(11)))
    with pytest.raises(ConfigurationError, match="--column time_ms=s, or else --column time_ms=ms"):
        open_log(path)
    for unit, seconds in (("s", 10), ("ms", 0.01)):
        rows = open_log(path, choices=Choices(columns={"time_ms": unit})).sources[0]
        assert (rows.ends_ns[1] - rows.ends_ns[0]) / 1e9 == pytest.approx(seconds)


def test_days_of_spreadsheets_and_of_matlab():
    assert are_day_numbers([f"{45_000 + i / 1440:.6f}" for i in range(5)])
    assert are_day_numbers([f"{738_000 + i / 1440:.6f}" for i in range(5)])
    assert not are_day_numbers(["45000", "45001", "45002"])
    assert not are_day_numbers(["1.5", "2.5", "3.5"])


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        ({"Sample interval": "2.048E-05"}, 2.048e-05),
        ({"Sampling period [ms]": "20"}, 0.02),
        ({"Sample Interval": "5 ms"}, 0.005),
        ({"Sample interval": "5"}, None),
        ({"Sample interval": "0.0"}, None),
        ({"Samples": "7.0"}, None),
    ],
)
def test_an_interval_that_is_stated_above_a_table(facts, seconds):
    assert stated_period_s(facts) == (None if seconds is None else pytest.approx(seconds))
