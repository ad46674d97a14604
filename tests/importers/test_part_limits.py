"""What states more than a part of a computer draws is reported, and counts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tool_log import load

from powermeter.importers.part_limits import most_w

PERF = "  Performance counter stats for 'system wide':\n\n   {} Joules power/energy-pkg/\n   23.45 Joules power/energy-ram/\n\n   10.0 seconds time elapsed\n"
ZEUS = "start_time,window_name,elapsed_time,gpu0_energy\n1780000100.5,a,28.0,{}\n1780000128.5,b,28.0,8400.0\n"
PYJOULES = "timestamp;tag;duration;package_0\n1780000100.5;a;2.0;41500000\n1780000102.5;b;2.0;{}\n"


def noted(folder: Path, text: str, code: str, name: str = "t.csv", **said: object) -> list[str]:
    return [note.text for note in load(folder, text, name, **said)[0].warnings if note.code == code]


@pytest.mark.parametrize(
    ("text", "sound", "damaged"),
    [
        (PERF, "123.45", "65535"),  # 6.6 kW of all packages
        (ZEUS, "8400.0", "1780000100.5"),  # a Unix time among joules
        (PYJOULES, "41500000", "4150000000000"),  # 100 000 times its neighbour
    ],
)
def test_more_than_a_part_draws_is_reported(tmp_path: Path, text: str, sound: str, damaged: str) -> None:
    assert noted(tmp_path, text.format(sound), "implausible-values") == []
    found = noted(tmp_path, text.format(damaged), "implausible-values")
    assert any("more than such a part draws" in one for one in found)


def test_a_house_with_a_car_at_its_charger_is_plausible(tmp_path: Path) -> None:
    """25 kW: 0.417 kWh a minute."""
    text = "time_s,energy_kWh\n" + "".join(f"{60 * i},{1234.5 + 25 * i / 60:.3f}\n" for i in range(60))
    assert noted(tmp_path, text, "implausible-unit", as_={"": "counter"}) == []


def test_a_counter_of_hundreds_of_kilowatts_is_no_house_s(tmp_path: Path) -> None:
    """Columns in another order than their header: 60 Wh in half a second are 432 kW."""
    rows = [(0, 1020.4), (60, 1020.9), (120, 1021.7), (180, 1022.1), (240, 1022.6)]
    text = "time_s,energy_Wh\n" + "".join(f"{t},{wh}\n" for t, wh in rows)
    turned = "time_s,energy_Wh\n" + "".join(f"{wh},{t}\n" for t, wh in rows)
    assert noted(tmp_path, text, "implausible-unit", as_={"": "counter"}) == []
    (found,) = noted(tmp_path, turned, "implausible-unit", as_={"": "counter"})
    assert "392.7 kW" in found  # 240 Wh in 2.2 s


@pytest.mark.parametrize(
    ("rail", "most"),
    [
        ("gpu0", 3e3),
        ("gpu", 3e4),
        ("package1", 2e3),
        ("package", 6e3),
        ("mains", math.inf),
        ("wall", math.inf),
    ],
)
def test_a_part_is_known_by_its_rail(rail: str, most: float) -> None:
    assert most_w(rail) == most
