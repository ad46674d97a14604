"""Clocks of two numbers: hours and minutes, or minutes and seconds."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

ROWS = 40


def run(tmp_path, header, clock, rows=ROWS, **stated):
    path = tmp_path / "t.csv"
    path.write_text(f"{header},Power (W)\n" + "".join(f"{clock(i)},60.0\n" for i in range(rows)))
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power")


def every_5(i):
    return f"{5 * i // 60:02d}:{5 * i % 60:02d}"


def is_60_watts_for(found, seconds):
    assert found.duration.value == pytest.approx(seconds)
    assert found.energy.value == pytest.approx(60 * seconds)


@pytest.mark.parametrize("header", ["Elapsed (mm:ss)", "time [m:s]", "mm:ss", "Time (min:sec)"])
def test_a_header_states_minutes_and_seconds(tmp_path, header):
    is_60_watts_for(run(tmp_path, header, every_5), 195)


@pytest.mark.parametrize("header", ["Elapsed (hh:mm)", "Time (HH:MM)", "hh:mm", "Uhrzeit"])
def test_a_header_states_hours_and_minutes(tmp_path, header):
    is_60_watts_for(run(tmp_path, header, every_5), 195 * 60)


@pytest.mark.parametrize("header", ["Elapsed", "Runtime", "Laufzeit", "Run time", "Test_Time", "Rel. time"])
def test_a_lapse_of_two_numbers_is_asked_for(tmp_path, header):
    with pytest.raises(ConfigurationError, match=f"--column '?{header}=mm:ss.* --column '?{header}=hh:mm"):
        run(tmp_path, header, every_5)
    is_60_watts_for(run(tmp_path, header, every_5, columns={header: "mm:ss"}), 195)
    is_60_watts_for(run(tmp_path, header, every_5, columns={header: "hh:mm"}), 195 * 60)


@pytest.mark.parametrize("header", ["mm:ss.0", "Elapsed", "Time"])
def test_a_fraction_behind_the_second_number_is_of_seconds(tmp_path, header):
    found = run(tmp_path, header, lambda i: f"{5 * i // 120:02d}:{5 * i / 2 % 60:04.1f}")
    is_60_watts_for(found, 39 * 2.5)


def test_minutes_that_begin_again_after_59(tmp_path):
    """Half a minute a row from 50 minutes on: 59:30 is followed by 00:00."""
    found = run(tmp_path, "Time", lambda i: f"{(100 + i) // 2 % 60:02d}:{i % 2 * 30:02d}")
    is_60_watts_for(found, 39 * 30)


def test_more_than_24_of_a_clock_are_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="--column Time=mm:ss"):
        run(tmp_path, "Time", lambda i: f"{i:02d}:00")


def test_a_clock_from_zero_that_is_no_day_is_asked_about(tmp_path):
    """00:00, 00:05 … 03:15 is 195 s or 195 min; a day in quarters of an hour is a day."""
    with pytest.raises(ConfigurationError, match="--column Time=mm:ss"):
        run(tmp_path, "Time", every_5)
    is_60_watts_for(run(tmp_path, "Time", every_5, columns={"Time": "hh:mm"}), 195 * 60)
    day = "Time,W\n" + "".join(f"{i // 4:02d}:{i % 4 * 15:02d},60\n" for i in range(96))
    (tmp_path / "day.csv").write_text(day)
    convert(tmp_path / "day.csv", tmp_path / "day.power")
    is_60_watts_for(analyse(tmp_path / "day.power"), 95 * 900)
