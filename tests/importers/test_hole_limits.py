"""What is said of holes in a log, by their lengths."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.channel import Gap
from powermeter.importers import open_log
from powermeter.importers.hole_limits import hole_notes

NS = 10**9


def said(*seconds: float, reason: str = "missed") -> str:
    at, gaps = 0, []
    for length in seconds:
        gaps.append(Gap(at, at + round(length * NS), reason))
        at += round(length * NS) + NS
    notes = hole_notes(gaps)
    assert [note.code for note in notes] == ["holes"] * bool(notes)
    return notes[0].text if notes else ""


def test_holes_are_counted_with_their_sum_and_the_longest() -> None:
    assert said(3, 10.5, 4).startswith(
        "3 holes without readings, together 17.5 s (longest 10.5 s): gaps, not measured"
    )
    assert said(3).startswith("1 hole without readings, together 3 s (longest 3 s)")
    assert said(3, reason="lost setup").startswith("1 hole without readings, together 3 s")
    assert said() == "" and said(3, reason="no answer") == ""


@pytest.mark.parametrize(
    ("seconds", "half_hours"),
    [
        (3600, True),
        (1800, True),
        (1799, False),  # less than half an hour
        (1799.1, True),
        (1802.5, True),  # within two and a half seconds
        (1802.6, False),
        (3597.5, True),
        (3597.4, False),
        (900, False),
        (2700, False),
        (7200, True),
    ],
)
def test_a_hole_of_whole_half_hours_is_perhaps_a_clock_that_was_set(seconds: float, half_hours: bool) -> None:
    text = said(seconds, 5)
    assert ("1 of them lasts whole half hours" in text) is half_hours
    assert ("of any length" in text) is not half_hours


def test_several_of_them() -> None:
    assert "2 of them last whole half hours" in said(3600, 5, 1800)


def test_a_last_row_hours_ahead_of_few_is_behind_a_hole(tmp_path: Path) -> None:
    """20.5 to 22 W for 2 s, and a stamp that was damaged 18 h later: 64 J is read, 1.4 MJ a bridge over 99.99 % of the time."""
    log = tmp_path / "few.csv"
    log.write_text("Time (s);Power (W)\n0;20,5\n1;22,0\n2;21,5\n65535;20,5\n")
    read = open_log(log)
    gaps = [(gap.start_ns, gap.end_ns) for source in read.sources for gap in source.gaps]
    assert gaps == [(2 * NS, 65535 * NS)]
    assert "holes" in {note.code for note in read.warnings}


@pytest.mark.parametrize(
    ("first", "last", "what"), [(5, 0, "first 5 rows (5 s)"), (0, 3, "last 3 rows (3 s)"), (1, 0, "")]
)
def test_rows_without_a_reading_at_the_ends_are_counted(
    tmp_path: Path, first: int, last: int, what: str
) -> None:
    path = tmp_path / "e.csv"
    cells = ["nan"] * first + ["5.1", "5.2"] * 10 + ["nan"] * last
    path.write_text("time_s,power_W\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells)))
    notes = [note.text for note in open_log(path).warnings if note.code == "ends-without-readings"]
    assert [what in note for note in notes] == [True] * bool(what)
