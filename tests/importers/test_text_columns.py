"""The step of readings that never change is the last digit written, its zeros too."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.importers import open_log


@pytest.mark.parametrize(
    ("cell", "step"),
    [("2.00", 0.01), ("2", 1.0), ("2.000000", 0.01), ("5.000E+00", 0.1), ('"2,00"', 0.01), ("2.00 W", 0.01)],
)
def test_zeros_at_the_end_state_the_step_to_a_two_hundredth_of_the_reading(
    tmp_path: Path, cell: str, step: float
) -> None:
    path = tmp_path / "c.csv"
    path.write_text("time_s,power_W\n" + "".join(f"{i},{cell}\n" for i in range(12)))
    (channel,) = open_log(path).sources[0].channels
    assert channel.accuracy.step == pytest.approx(step)


def test_of_whole_watts_that_change_two_decimals_are_none(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("time_s,power_W\n" + "".join(f"{i},{60 + i * 7 % 5}.00\n" for i in range(40)))
    (channel,) = open_log(path).sources[0].channels
    assert channel.accuracy.step == 1.0
