"""Logs of a battery's percent: no power, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

import powermeter
from powermeter.errors import DataError
from powermeter.importers import convert


def log(folder: Path, heading: str, cells: list[str], name: str = "charge.csv") -> Path:
    path = folder / name
    rows = [f"{1700000000 + 30 * k},{cell}" for k, cell in enumerate(cells)]
    path.write_text("\n".join([f"time,{heading}", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("heading", "sign"), [("percentage", "%"), ("percentage", ""), ("battery_pct", ""), ("Battery Level", "")]
)
def test_percent_of_a_battery_is_refused_with_what_makes_it_an_energy(
    tmp_path: Path, heading: str, sign: str
) -> None:
    path = log(tmp_path, heading, [f"{90 - k // 4}{sign}" for k in range(40)])
    with pytest.raises(DataError, match="percent: multiply it by what the full battery holds") as refused:
        convert(path, tmp_path / "o.power")
    assert "--as energy_left_wh=level" in str(refused.value) and f"--column {heading}=W" not in str(
        refused.value
    )


def test_what_it_asks_for_can_be_imported(tmp_path: Path) -> None:
    """Ten percent of 50 Wh in 1,170 s are 5 Wh; whole percent leave half a one at either end."""
    path = log(tmp_path, "energy_left_wh", [f"{0.5 * (90 - k // 4)}" for k in range(41)])
    convert(path, tmp_path / "o.power")
    energy = powermeter.analyse(tmp_path / "o.power").energy
    assert energy.low <= 10 * 0.5 * 3600 <= energy.high


@pytest.mark.parametrize(("kind", "what"), [("charge", "percent"), ("time-empty", "seconds")])
def test_the_watts_stand_in_the_file_beside_a_history_of_percent(
    tmp_path: Path, kind: str, what: str
) -> None:
    path = tmp_path / f"history-{kind}-DELL-50.dat"
    path.write_text("".join(f"{1700000000 + 30 * k}\t{90 - k / 4:.3f}\tdischarging\n" for k in range(40)))
    with pytest.raises(DataError, match=f"upower keeps {what} in this file") as refused:
        convert(path, tmp_path / "o.power")
    assert "history-rate-DELL-50.dat --column 2=W" in str(refused.value)
