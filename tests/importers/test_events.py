"""A file of events beside a log: its stamps are on the log's clock, in the zone that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import importers
from powermeter.errors import DataError
from powermeter.importers import Choices
from powermeter.importers.time_zones import LogZone

LOG = "time,power (W)\n" + "".join(f"2026-03-05 14:00:{s:02d},5\n" for s in range(30))


def read(folder: Path, text: str, log: str = LOG, **said):
    (folder / "log.csv").write_text(log)
    (folder / "events.csv").write_text(text)
    found = importers.open_log(folder / "log.csv", choices=Choices(events=folder / "events.csv", **said))
    start = found.sources[0].ends_ns[0]
    return [(e.name, (e.start_ns - start) / 1e9, e.duration_s, e.count) for e in found.events], found


@pytest.mark.parametrize("zone", [None, "+02:00", "-05:00"])
def test_wall_clock_stamps_are_in_the_zone_of_the_log(tmp_path: Path, zone: str | None) -> None:
    text = "label,start,end,count\ninfer,2026-03-05 14:00:02,2026-03-05 14:00:04.5,8\n"
    said = {} if zone is None else {"zone": LogZone.parse(zone)}
    events, _ = read(tmp_path, text, **said)
    assert events == [("infer", 2.0, 2.5, 8)]


def test_a_stamp_with_its_own_zone_keeps_it(tmp_path: Path) -> None:
    text = "label,start,end\ninfer,2026-03-05T12:00:02Z,2026-03-05T13:00:04+01:00\n"
    events, _ = read(tmp_path, text, zone=LogZone.parse("+02:00"))
    assert events == [("infer", 2.0, 2.0, 1)]


def test_a_length_takes_the_place_of_an_end_and_what_lies_outside_is_left_out_and_counted(
    tmp_path: Path,
) -> None:
    text = (
        "label,start,duration\na,2026-03-05 14:00:02,0.5\nb,2026-03-05 15:00:00,1\nc,2026-03-05 13:00:00,1\n"
    )
    events, log = read(tmp_path, text)
    assert events == [("a", 2.0, 0.5, 1)]
    assert any("2 events of events.csv left out: outside" in note for note in log.warnings)
    with pytest.raises(DataError, match="none of its events lies within the log"):
        read(tmp_path, "label,start,duration\nb,2026-03-05 15:00:00,1\n")


@pytest.mark.parametrize(
    ("head", "swapped"),
    [("", False), ("time,name\n", False), ("name,time\n", True), ("Timestamp,Event\n", False)],
)
def test_begins_and_ends_are_paired_under_a_header_of_time_and_name_as_without_one(
    tmp_path: Path, head: str, swapped: bool
) -> None:
    lines = [("05", "fit_init"), ("07", "tick"), ("08", "fit_end"), ("09", "fit_start")]
    pairs = [(f"2026-03-05 14:00:{second}", name) for second, name in lines]
    text = head + "".join(",".join(pair[::-1] if swapped else pair) + "\n" for pair in pairs)
    events, _ = read(tmp_path, text)
    assert [(name, start, seconds) for name, start, seconds, _ in events] == [
        ("fit", 5.0, 3.0),
        ("tick", 7.0, 0.0),
        ("fit_start", 9.0, 0.0),
    ]
