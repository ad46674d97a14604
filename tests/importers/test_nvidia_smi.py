"""Logs of nvidia-smi without a header: what two decimals may be, and what shows which it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import open_log
from powermeter.result import Grade


def log(folder: Path, rows: list[str]) -> Path:
    path = folder / "g.csv"
    path.write_text("".join(f"2024/03/12 14:05:{i:02d}.000, {row}\n" for i, row in enumerate(rows)))
    return path


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["300.00, 50"] * 10, "it may be a limit"),
        ([f"{37 + i / 10:.2f}, 50" for i in range(10)], "it may be a temperature"),
    ],
)
def test_what_may_be_no_draw_is_asked(tmp_path: Path, rows: list[str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{why} and no draw; .*--column 2=W"):
        open_log(log(tmp_path, rows))


@pytest.mark.parametrize(("beside", "grade"), [("50", Grade.ASSUMED), ("P0", Grade.MEASURED)])
def test_only_what_nvidia_smi_alone_writes_makes_it_measured(
    tmp_path: Path, beside: str, grade: Grade
) -> None:
    path = log(tmp_path, [f"{60.13 + i:.2f}, {beside}" for i in range(10)])
    assert {channel.grade for channel in open_log(path).sources[0].channels} == {grade}
