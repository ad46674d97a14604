"""Loops of a shell that write a time and a reading in lines of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import powermeter
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import convert, open_log
from powermeter.importers.log import Choices


@pytest.mark.parametrize(
    "form", ["{0}", "Thu Mar 21 05:{1:02d}:{2:02d} UTC 2024", "2024-03-21T05:{1:02d}:{2:02d}"]
)
def test_each_time_goes_with_the_line_below_it(tmp_path: Path, form: str) -> None:
    lines = [
        (form.format(1_711_000_000 + i, 46 + (40 + i) // 60, (40 + i) % 60), 500_000_000 + 15_000_000 * i)
        for i in range(30)
    ]
    path = tmp_path / "log.txt"
    path.write_text("".join(f"{stamp}\n{value}\n" for stamp, value in lines))
    with pytest.raises(ConfigurationError, match=r"state it, --column value=uJ"):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(columns={"value": "uJ"}))
    found = powermeter.analyse(tmp_path / "o.power")
    assert [found.plain_energy, found.duration.value] == pytest.approx([15 * 29, 29])


def test_a_unit_behind_the_reading_is_enough_and_a_lone_time_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    rows = "".join(f"{1_711_000_000 + i}\n{12 + i % 2} W\n" for i in range(21))
    path.write_text(rows + "1711000021\n")
    log = convert(path, tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(250)
    assert any("line 43" in note for note in log.warnings)


def rounds(count):
    """What a loop of `date` and nvidia-smi's query without a header printed for three cards."""
    return "".join(
        f"Wed Feb 26 01:50:{10 + 2 * k:02d} PM EST 2025\n"
        + "".join(f"0 %, {7042 - c} MiB, 46068 MiB, {32 - c}, {80 - 20 * c + k % 2}.50 W\n" for c in range(3))
        for k in range(count)
    )


def test_the_rows_below_each_date_are_cards(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(rounds(11))
    log = open_log(path)
    (source,) = log.sources
    assert log.facts["whole"]["sum"] and len(source.channels) == 3
    start = datetime(2025, 2, 26, 18, 50, 10, tzinfo=UTC)  # EST is five hours behind
    assert (
        source.times_ns[0] == int(start.timestamp()) * 10**9
        and source.times_ns[-1] - source.times_ns[0] == 20 * 10**9
    )


def test_one_round_of_cards_is_one_moment(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(rounds(1))
    with pytest.raises(DataError, match="3 rows of one moment"):
        open_log(path)


def listed(*rows):
    return "".join(
        f"Tue Mar 12 14:05:{k:02d} CET 2024\n" + "".join(f"{row}\n" for row in rows) for k in range(11)
    )


def test_rows_of_an_index_and_a_draw_are_no_other_table(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(listed("0, 45.10 W", "1, 100.00 W"))
    log = convert(path, tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(1451)
    assert not [note for note in log.warnings if note.code == "rows-left-out"]


def test_one_card_below_each_date_is_one(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(listed("0, 45.10 W"))
    convert(path, tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(451)


def test_a_card_that_may_not_be_read_is_named_and_hides_no_other(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(listed("0, 45.10 W", "1, [N/A]"))
    log = convert(path, tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(451)
    assert [note for note in log.warnings if note.code == "device-without-readings"]
