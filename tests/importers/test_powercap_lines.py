"""Counters of RAPL as `grep .` prints them behind their paths, under times of `date`."""

from __future__ import annotations

from pathlib import Path

import pytest

import powermeter
from powermeter.errors import ConfigurationError
from powermeter.importers import convert
from powermeter.importers.log import Choices, Log

ROWS = 20


def log(tmp_path: Path, zones: dict[str, int], end: str = "") -> Path:
    """A log of 19 s in which each zone counts so many joules a second."""
    lines = []
    for i in range(ROWS):
        lines.append(f"Tue Mar 12 14:05:{10 + i} UTC 2024")
        lines += [
            f"/sys/class/powercap/{zone}/energy_uj:{10**9 + i * joules * 10**6}"
            for zone, joules in zones.items()
        ]
    path = tmp_path / "grep.txt"
    path.write_text("\n".join(lines) + "\n" + end)
    return path


def joules(path: Path, **said: object) -> tuple[float, Log]:
    out = path.with_suffix(".power")
    found = convert(path, out, choices=Choices(**said), force=True)  # type: ignore[arg-type]
    return powermeter.analyse(out).plain_energy, found


def test_the_zone_of_the_top_is_the_whole_and_the_one_below_is_named(tmp_path: Path) -> None:
    path = log(tmp_path, {"intel-rapl:0": 60, "intel-rapl:0:0": 40})
    energy, found = joules(path)
    assert energy == pytest.approx(60 * (ROWS - 1))
    assert any("--rail intel-rapl:0:0" in note for note in found.warnings)
    assert joules(path, rail="intel-rapl:0:0")[0] == pytest.approx(40 * (ROWS - 1))


def test_two_zones_of_the_top_are_asked_about_and_those_below_never_added(tmp_path: Path) -> None:
    path = log(tmp_path, {"intel-rapl:0": 60, "intel-rapl:0:0": 40, "intel-rapl:1": 70})
    with pytest.raises(ConfigurationError, match=r"2 zones .*--rail intel-rapl:0 .*--sum"):
        joules(path)
    assert joules(path, add_up=True)[0] == pytest.approx(130 * (ROWS - 1))
    assert joules(path, rail="intel-rapl:1")[0] == pytest.approx(70 * (ROWS - 1))


def test_a_last_counter_that_may_be_cut_is_counted_and_not_taken(tmp_path: Path) -> None:
    end = "Tue Mar 12 14:05:30 UTC 2024\n/sys/class/powercap/intel-rapl:0/energy_uj:22"
    energy, found = joules(log(tmp_path, {"intel-rapl:0": 60}, end))
    assert energy == pytest.approx(60 * (ROWS - 1))
    assert any(f"line {2 * ROWS + 2}" in note for note in found.warnings)


def test_a_counter_that_could_not_be_read_once_is_bridged(tmp_path: Path) -> None:
    path = log(tmp_path, {"intel-rapl:0": 60})
    lines = path.read_text().splitlines()
    lines[9] = "grep: /sys/class/powercap/intel-rapl:0/energy_uj: Permission denied"
    path.write_text("\n".join(lines) + "\n")
    energy, found = joules(path)
    assert energy == pytest.approx(60 * (ROWS - 1))
    assert any("line 10" in note for note in found.warnings)
