"""Which of RAPL's zones add up, from the names that the kernel's powercap documentation gives them."""

from __future__ import annotations

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.signals.line import Line
from powermeter.signals.rapl_family import related


def parents(*rails: Rail) -> list[str | None]:
    found = [Line("1", "rapl", rail, f"rapl/{rail.name}") for rail in rails]
    related(found)
    return [line.rail.parent for line in found]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("package-0", "package-1", "dram-0", "dram-1"), ["CPU"] * 4),
        (("package-0", "core", "uncore", "dram"), ["CPU", "package-0", "package-0", "CPU"]),
        (("package-0", "core"), [None, "package-0"]),
        (("psys", "package-0", "dram"), [None, "psys", "psys"]),
        (("package-0", "package-0.core", "package-1"), ["CPU", "package-0", "CPU"]),
        (("package-0", "package-1", "core"), [None] * 3),  # of which package, nothing states
        (("package-0", "VDD_IN"), [None] * 2),
        (("core", "dram"), [None] * 2),
    ],
)
def test_zones_hang_together_as_the_kernel_names_them(
    names: tuple[str, ...], expected: list[str | None]
) -> None:
    assert parents(*map(Rail, names)) == expected


def test_what_a_writer_states_stays() -> None:
    stated = Rail("package-0", None, Boundary.BOARD), Rail("dram-0", None, Boundary.PART)
    assert parents(*stated) == [None, None]
    assert parents(Rail("package-0", "socket"), Rail("package-1")) == ["socket", None]
    assert parents(Rail("package-0", covers="all of it"), Rail("package-1")) == [None, None]
