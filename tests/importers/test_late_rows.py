"""Rows that stand out of order: they decide neither what a column is nor where the log ends."""

import numpy as np
import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert
from powermeter.importers.late_rows import without_note_of
from powermeter.result.notes import Note

KWH = 3.6e6
READ = [
    "3/14/2024,8:00 AM,10.21",
    "3/14/2024,12:30 PM,11.02",
    "3/14/2024,6:00 PM,12.90",
    "3/15/2024,8:00 AM,14.01",
]


def run(tmp_path, text, **stated):
    path = tmp_path / "t.csv"
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power")


@pytest.mark.parametrize(
    ("rows", "kwh", "hours"),
    [
        ([*READ, "3/15/2024,12:15 AM,13.11", "3/15/2024,6:00 PM,15.00"], 4.79, 34),
        ([*READ, "3/15/2024,12:15 AM,13.11"], 3.80, 24),
        ([*READ, "3/15/2024,12:15 AM,"], 3.80, 24),
        ([*READ[:2], "3/14/2024,9:00 AM,", *READ[2:]], 3.80, 24),
    ],
)
def test_a_meter_noted_out_of_order_is_a_running_total_all_the_same(tmp_path, rows, kwh, hours):
    found = run(tmp_path, "Date,Time,kWh\n" + "\n".join(rows) + "\n", dates="mdy")
    assert found.energy.value == pytest.approx(kwh * KWH)
    assert found.duration.value == pytest.approx(hours * 3600)


def test_a_list_that_falls_once_in_five_steps_is_asked_about(tmp_path):
    values = [10.21, 11.02, 12.90, 14.01, 13.11, 15.00]
    rows = "".join(f"2024-03-14 {8 + i}:00,{v}\n" for i, v in enumerate(values))
    with pytest.raises(ConfigurationError, match="--as kWh=counter"):
        run(tmp_path, "time,kWh\n" + rows)


def test_turbostat_with_short_rows_of_cores_counts_the_rows_of_the_machine(tmp_path):
    head = "Core\tCPU\tAvg_MHz\tBusy%\tPkgWatt\tRAMWatt\n"
    cores = "0\t0\t30\t1.1\t40.00\t5.00\n" + "".join(f"{i}\t{i + 4}\t30\t1.1\n" for i in range(6))
    text = "".join(f"{head}-\t-\t30\t1.1\t{40 + i % 2 * 4}.00\t5.00\n{cores}" for i in range(20))
    found = run(tmp_path, text, period_s=1.0)
    assert found.energy.value == pytest.approx(20 * 42 + 20 * 5)
    assert found.duration.value == pytest.approx(20)


@pytest.mark.parametrize(("blank", "stays"), [((), True), ((3,), False), ((3, 4), True), ((3, 3), False)])
def test_rows_without_a_time_are_not_reported_where_they_were_taken_out(blank, stays):
    """One of four rows has no time: where it is the one that was taken out, there is nothing to report."""
    stamps = np.array([0, 10**9, np.iinfo(np.int64).min, 3 * 10**9])
    note = Note.warning("rows-without-time", "left out: 1 row without a time")
    other = Note.warning("other", "x")
    kept = without_note_of(np.array(blank, np.intp), stamps, [note, other])
    assert kept == ([note, other] if stays else [other])
    assert without_note_of(np.array([], np.intp), stamps[:2], [note]) == [note]
