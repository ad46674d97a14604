"""Numbers are whole at every width; only remarks wrap."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from powermeter.reports.terminal_rows import FactsGrid

ROWS = [
    ("energy", "153.6 mJ (148.8 to 156.0)", "5.894 ± 0.037 mWh"),
    ("lasts at this power", "6.268 ± 0.036 h", ""),
    ("source", "", "667 samples and a long remark that has to wrap somewhere"),
]


@pytest.mark.parametrize("width", [28, 40, 60, 80, 160])
def test_no_number_is_cut_or_parted(width):
    grid = FactsGrid()
    for row in ROWS:
        grid.add_row(*row)
    file = io.StringIO()
    Console(file=file, width=width).print(grid)
    lines = file.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    for name, number, _ in ROWS:
        assert any(number in line for line in lines) and any(name in line for line in lines)
    assert "somewhere" in file.getvalue().replace("\n", " ")
    assert "…" not in file.getvalue()


def test_wide_enough_means_columns():
    grid = FactsGrid()
    for row in ROWS:
        grid.add_row(*row)
    file = io.StringIO()
    Console(file=file, width=120).print(grid)
    assert len(file.getvalue().splitlines()) == len(ROWS)


def test_a_name_wider_than_the_terminal_wraps():
    grid = FactsGrid()
    grid.add_row("the meter's own refresh, within which a reading may have been taken at any moment", "8%")
    file = io.StringIO()
    Console(file=file, width=40).print(grid)
    assert " ".join(file.getvalue().split()).endswith("at any moment 8%")


@pytest.mark.parametrize("width", range(24, 81))
def test_a_remark_parts_no_number_from_its_unit_or_noun(width):
    grid = FactsGrid()
    grid.add_row(
        "estimate://", "", "71 samples · 9.73 Hz of 10.0 Hz asked · 1 missed · [dim]1 gap of 156 ms[/]"
    )
    file = io.StringIO()
    Console(file=file, width=width).print(grid)
    lines = [line.strip() for line in file.getvalue().splitlines()]
    for whole in ("71 samples", "9.73 Hz", "10.0 Hz", "1 missed", "1 gap", "156 ms"):
        assert any(whole in line for line in lines), whole
