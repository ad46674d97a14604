"""`dcgmi dmon -e 155,150` as printed: no times, a header again and again."""

from __future__ import annotations

import pytest

from powermeter import ConfigurationError, DataError, analyse
from powermeter.importers import Choices, convert

HEAD = "#Entity   POWER   TMPTR\nID        W       C\n"


def log(tmp_path, text: str):
    path = tmp_path / "dmon.txt"
    path.write_text(text)
    return path


def test_one_gpu_is_a_trapezoid_over_the_rate(tmp_path):
    lines = [f"GPU 0     {watts:.3f}   50\n" for watts in (100, 120, 140)]
    path = log(tmp_path, HEAD + "".join(lines[:2]) + HEAD + lines[2])
    found = convert(path, tmp_path / "run.power", choices=Choices(period_s=0.5))
    assert found.format == "dcgm"
    assert analyse(tmp_path / "run.power").energy.value == pytest.approx((110 + 130) * 0.5, rel=1e-9)


def test_without_a_rate_it_is_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="--rate"):
        convert(log(tmp_path, HEAD + "GPU 0     100.0   50\n" * 3), tmp_path / "run.power")


def test_a_log_without_power_is_refused_with_the_command_that_logs_it(tmp_path):
    path = log(tmp_path, "#Entity   TMPTR\nID        C\n" + "GPU 0     50\n" * 3)
    with pytest.raises(DataError, match="dcgmi dmon -e 155"):
        convert(path, tmp_path / "run.power", choices=Choices(period_s=1.0))


def test_times_before_the_lines_are_used_and_cards_add_up(tmp_path):
    lines = [
        f"2026-03-05T14:00:0{i} {line}\n"
        for i in range(5)
        for line in (
            "#Entity   POWER   TMPTR",
            "ID        W       C",
            f"GPU 0   {100 + i}.5  50",
            "GPU 1   80.0  50",
        )
    ]
    found = convert(log(tmp_path, "".join(lines)), tmp_path / "run.power")
    assert found.format == "dcgm"
    assert analyse(tmp_path / "run.power").energy.value == pytest.approx(4 * (102.5 + 80))
