"""What a hwmon reading covers by its driver and its label."""

from __future__ import annotations

import re

import pytest

from powermeter.channel import Boundary
from powermeter.drivers.system.hwmon_coverage import COVERAGE, coverage


@pytest.mark.parametrize(
    ("driver", "label", "boundary", "parent"),
    [
        ("amd_energy", "Ecore007", Boundary.PART, ""),
        ("amd_energy", "Esocket0", Boundary.PART, ""),
        ("corsairpsu", "power +5v", Boundary.PART, "power total"),
        ("ibmpowernv", "System", Boundary.BOARD, ""),
        ("ibmpowernv", "Chip 0 Core 3", Boundary.PART, ""),
        ("amdgpu", "PPT", Boundary.DEVICE, ""),
        ("nobody knows", "x", Boundary.PART, ""),
    ],
)
def test_coverage(driver, label, boundary, parent):
    found = coverage(driver, label)
    assert (found.boundary, found.parent) == (boundary, parent) and found.covers


def test_only_what_sees_a_whole_machine_is_the_board():
    whole = {
        driver for driver, rows in COVERAGE.items() if any(row.boundary is Boundary.BOARD for row in rows)
    }
    assert whole == {"ibmpowernv", "occ", "power_meter"}


def test_every_expression_can_be_compiled_and_the_table_is_sorted():
    assert list(COVERAGE) == sorted(COVERAGE)
    for rows in COVERAGE.values():
        for row in rows:
            re.compile(row.label)
