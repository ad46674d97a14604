"""Time axes: rows out of order, clocks that were set, holes, zones with summer time."""

import subprocess

import numpy as np
import pytest

from powermeter.channel import Accuracy, Quantity
from powermeter.errors import DataError
from powermeter.importers import open_log
from powermeter.importers.column_channels import channel
from powermeter.importers.columns import LogColumn
from powermeter.importers.hole_limits import hole_limit, pauses
from powermeter.importers.stamps import time_of_day_ns, wall
from powermeter.importers.time_axis import axis
from powermeter.importers.time_zones import LogZone

S = 10**9


def seconds(*values):
    return np.array(values, np.int64) * S


def test_one_row_out_of_order_is_left_out_and_its_line_named():
    found = axis(seconds(0, 1, 2, 9, 3, 4, 5, 6, 7, 8, 10), "x", lines=np.arange(2, 13))
    assert found.times_ns.tolist() == seconds(0, 1, 2, 3, 4, 5, 6, 7, 8, 10).tolist()
    assert any("(line 5)" in note for note in found.warnings)


def test_a_clock_set_back_keeps_every_row():
    found = axis(seconds(*range(100, 150), *range(110, 160)), "x")
    assert len(found.times_ns) == 100
    assert found.times_ns[-1] - found.times_ns[0] == 99 * S
    assert any("set back by 39" in note for note in found.warnings)


def test_a_clock_set_a_year_ahead_is_no_time():
    year = 365 * 86_400
    found = axis(seconds(*range(50), *range(year, year + 50)), "x")
    assert found.times_ns[-1] == (year + 49) * S  # the later part has the time that somebody set
    assert found.times_ns[-1] - found.times_ns[0] == 99 * S


def test_a_lone_row_far_away_is_left_out():
    found = axis(seconds(*range(20), 5000), "x")
    assert len(found.times_ns) == 20
    assert any("its clock was wrong there" in note for note in found.warnings)


def test_a_column_that_runs_back_everywhere_is_no_axis():
    with pytest.raises(DataError, match=r"run backwards.*--column NAME=s"):
        axis(seconds(9, 1, 7, 2, 6, 3, 8), "x")


@pytest.mark.parametrize(
    ("steps", "holes"), [([1] * 20, 0), ([1] * 10 + [2] + [1] * 10, 1), ([1] * 10 + [8] + [1] * 10, 1)]
)
def test_one_missing_row_of_an_even_log_is_a_hole(steps, holes):
    assert len(pauses(np.cumsum([0, *steps]).astype(np.int64) * S)) == holes


def test_where_the_rate_changes_each_stretch_has_holes_of_its_own():
    """Forty rows a second apart and two hundred of a tenth: neither is a hole, and a row that is missing is one in both."""
    times = np.cumsum([0, *[10] * 40, *[1] * 200]).astype(np.int64) * (S // 10)
    assert pauses(times) == [] and pauses(times[::-1].max() - times[::-1]) == []
    found = pauses(np.delete(times, [20, 90]))
    assert [(g.start_ns / S, g.end_ns / S) for g in found] == [(19, 21), (44.9, 45.1)]


def test_uneven_steps_are_no_holes():
    rng = np.random.default_rng(4)
    times = np.cumsum(rng.uniform(0.3, 1.7, 200) * S).astype(np.int64)
    assert not pauses(times)
    assert hole_limit(times) > 2 * S


def test_coarse_stamps_are_spread_and_their_resolution_joins_the_uncertainty():
    found = axis(seconds(*(i // 4 for i in range(40))), "x")
    assert (np.diff(found.times_ns) > 0).all() and found.span_error == pytest.approx(1 / 9)


BERLIN = LogZone.parse("Europe/Berlin")


def local(text):
    return wall(text).ns


def test_summer_time_begins_without_a_hole():
    stamps = np.array(
        [local(f"2026-03-29 01:{m}:00") for m in (58, 59)] + [local(f"2026-03-29 03:0{m}:00") for m in (0, 1)]
    )
    assert np.diff(BERLIN.to_utc(stamps)).tolist() == [60 * S] * 3


def test_the_hour_that_comes_twice_is_told_by_the_order_of_the_rows():
    texts = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    stamps = np.array([local(f"2026-10-25 {text}:00") for text in texts])
    assert np.diff(BERLIN.to_utc(stamps)).tolist() == [1800 * S] * 5


@pytest.mark.parametrize(
    ("text", "seconds_"),
    [
        ("12:00:00 AM", 0),
        ("12:00:00 PM", 43200),
        ("1:05:09 PM", 47109),
        ("9:5:0", 32700),
        ("14:55:35:726", 53735.726),
        ("00:00:01:7", 1.007),
    ],
)
def test_times_of_day(text, seconds_):
    assert time_of_day_ns(text) == round(seconds_ * S)


@pytest.mark.parametrize(
    "text", ["13:00 PM", "25:00:00", "9:60:00", "2026-02-30 00:00:00", "0/0/2026 1:00", "noon"]
)
def test_what_is_no_time(text):
    assert time_of_day_ns(text) is None and wall(text) is None


def test_stamps_in_seconds_are_spread_by_arithmetic():
    """Forty rows, four a second, stamped 0 to 9: 39 steps over 9 s, off by a second in 9 at most."""
    found = axis(np.repeat(np.arange(10), 4) * S, "x")
    assert found.times_ns.tolist() == np.rint(np.arange(40) * 9e9 / 39).astype(np.int64).tolist()
    assert (found.resolution_ns, found.span_error) == (S, pytest.approx(1 / 9))
    (note,) = (text for text in found.warnings if "resolution" in text)
    assert "resolution of 1 s; 40 rows" in note and "mean step 230.8 ms" in note
    assert "the span of 9 s" in note and "± 11 %" in note


def test_coarse_stamps_of_rows_that_change_their_pace_are_spread_between_the_changes():
    """Two rows a second for 10 s, then eight: evenly spread, the fast ones would begin seconds too early."""
    stamps = np.concatenate([np.repeat(np.arange(10), 2), np.repeat(np.arange(10, 20), 8)]) * S
    found = axis(stamps, "x")
    assert "between the moments at which the stamp changes" in found.warnings[-1]
    assert np.abs(found.times_ns - stamps).max() <= S
    at = np.searchsorted(stamps, 15 * S)  # between the row before and this one the clock reached 15 s
    assert (found.times_ns[at - 1] + found.times_ns[at]) / 2 == pytest.approx(15 * S, abs=0.07 * S)


def test_a_channels_own_clock_and_the_stamps_coarseness_do_not_hide_one_another():
    """A counter's clock may be off by 2 %, or the span by a quarter: the larger one counts."""
    slow = LogColumn(0, "e", Quantity.ENERGY, accuracy=Accuracy(clock=0.02))
    assert channel(slow, 1.0, 0.25).accuracy.clock == 0.25
    assert channel(slow, 1.0, 0.001).accuracy.clock == 0.02


def test_rows_that_are_written_newest_first_are_named_with_what_turns_them(tmp_path):
    path = tmp_path / "down.csv"
    path.write_text("time_s,power_W\n" + "".join(f"{100 - i},{5 + i}\n" for i in range(20)))
    with pytest.raises(DataError, match="written newest first") as refused:
        open_log(path)
    command = str(refused.value).partition("for example: ")[2]
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    (rows,) = open_log(tmp_path / "turned.csv").sources
    assert rows.count == 20
    assert (rows.times_ns[1:] > rows.times_ns[:-1]).all()
