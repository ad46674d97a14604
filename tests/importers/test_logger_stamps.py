"""Times that a logger wrote before a program's line."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log
from powermeter.importers.logger_stamps import stamp_before
from powermeter.importers.time_zones import LogZone

LINE = "RAM 1/2MB (lfb 1x4MB) CPU [1%@102,off] EMC_FREQ 0% GR3D_FREQ 0% CPU@37.5C VDD_IN {mw}mW/1mW\n"
NOON = int(datetime(2024, 3, 12, 14, 5, 10, tzinfo=timezone.utc).timestamp() * 1e9)


@pytest.mark.parametrize(
    ("head", "after_ns", "offset_h"),
    [
        ("1710252310.250 ", 250_000_000, 0),
        ("[1710252310] ", 0, 0),
        ("1710252310,250 ", 250_000_000, 0),
        ("[2024-03-12 14:05:10,123] INFO tegra: ", 123_000_000, None),
        ("2024-03-12T14:05:10.123456789Z ", 123_456_789, 0),
        ("2024-03-12 14:05:10+01:00 jetson ", 0, 1),
        ("Tue Mar 12 14:05:10 UTC 2024 ", 0, 0),
        ("Tue Mar 12 02:05:10 PM UTC 2024: ", 0, 0),
    ],
)
def test_a_time_at_the_beginning_is_read_to_the_digit(head: str, after_ns: int, offset_h: int | None) -> None:
    found = stamp_before(head)
    assert found is not None
    assert found.ns == NOON + after_ns
    assert found.zone_ns == (None if offset_h is None else offset_h * 3600 * 10**9)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "INFO tegra: ",
        "Mar 12 14:05:10 jetson tegrastats[812]: ",  # no year
        "03/12/2024 14:05:10 ",  # of March or of December
        "2024-13-12 14:05:10 ",
        "17102523101 ",
        "1710252310.250:: ",
        "12345 ",
    ],
)
def test_what_is_no_certain_time_is_none(head: str) -> None:
    assert stamp_before(head) is None


def log(tmp_path: Path, heads: list[str]) -> Path:
    path = tmp_path / "t.log"
    path.write_text("".join(head + LINE.format(mw=1000 + i) for i, head in enumerate(heads)))
    return path


def test_lines_of_tegrastats_are_put_where_their_logger_put_them(tmp_path: Path) -> None:
    path = log(tmp_path, [f"{1_710_252_310 + 2 * i}.250 " for i in range(9)])
    found = open_log(path)
    assert found.sources[0].times_ns.tolist() == [NOON + 250_000_000 + i * 2 * 10**9 for i in range(9)]
    assert not any("--zone" in note for note in found.warnings)


def test_a_zone_moves_the_times_of_a_logger_that_name_none(tmp_path: Path) -> None:
    path = log(tmp_path, [f"[2024-03-12 14:05:1{i},123] INFO tegra: " for i in range(9)])
    plain, moved = open_log(path), open_log(path, choices=Choices(zone=LogZone("said", 3600)))
    assert plain.sources[0].times_ns[0] == NOON + 123_000_000
    assert moved.sources[0].times_ns[0] == NOON + 123_000_000 - 3600 * 10**9
    assert any("--zone" in note for note in plain.warnings)


def test_a_line_without_its_time_is_left_out_and_counted(tmp_path: Path) -> None:
    heads = [f"{1_710_252_310 + i}.5 " for i in range(9)]
    found = open_log(log(tmp_path, [*heads[:4], "", *heads[4:]]))
    assert len(found.sources[0].times_ns) == 9
    assert any("1 of 10 rows" in note for note in found.warnings)


def test_one_time_before_all_lines_is_no_axis(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--rate"):
        open_log(log(tmp_path, ["1710252310 "] * 9))
