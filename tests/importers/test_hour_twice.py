"""Rows of one an hour over the night in which summer time ends: two of them have one stamp, and both hours count."""

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from powermeter import analyse
from powermeter.importers import Choices, convert
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording

WATTS = [500 + 37 * i for i in range(30)]
TRUE_J = sum((a + b) / 2 * 3600 for a, b in pairwise(WATTS))


def log(tmp_path, zone, start):
    path = tmp_path / "meter.csv"
    stamps = [(start + timedelta(hours=i)).astimezone(ZoneInfo(zone)) for i in range(len(WATTS))]
    rows = [f"{stamp:%Y-%m-%d %H:%M},{watts}" for stamp, watts in zip(stamps, WATTS, strict=True)]
    path.write_text("time,power_W\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Berlin", datetime(2024, 10, 26, 12, tzinfo=timezone.utc)),
        ("America/New_York", datetime(2024, 11, 2, 16, tzinfo=timezone.utc)),
        ("Australia/Sydney", datetime(2025, 4, 5, 3, tzinfo=timezone.utc)),
    ],
)
@pytest.mark.parametrize("stated", [True, False])
def test_both_hours_count(tmp_path, zone, start, stated):
    path = log(tmp_path, zone, start)
    choices = Choices(zone=LogZone.parse(zone)) if stated else Choices()
    read = convert(path, tmp_path / "o.power", choices=choices, force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        energy = analyse(recording).energy
    assert energy.value == pytest.approx(TRUE_J, rel=1e-9)
    codes = {note.code for note in read.warnings}
    assert ("hour-twice" in codes) is not stated
    assert not codes & {"holes", "repeated-times", "log-clock-set"}


def test_a_stamp_that_stands_twice_on_another_day_is_no_second_hour(tmp_path):
    path = log(tmp_path, "UTC", datetime(2024, 6, 4, 12, tzinfo=timezone.utc))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:15], lines[14], *lines[15:]]) + "\n")
    read = convert(path, tmp_path / "o.power", choices=Choices(), force=True)
    assert "hour-twice" not in {note.code for note in read.warnings}
