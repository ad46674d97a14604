"""What a hwmon reading covers, by its driver's name and its label; the kernel shows none of it.

Sources: Documentation/hwmon of Linux 6.1 to 6.12 (amd_energy, acpi_power_meter, corsair-psu, fam15h_power,
ibmpowernv, occ, sbrmi, xe, i915), and the drivers themselves where that is silent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from powermeter.channel import Boundary


@dataclass(frozen=True, slots=True)
class Coverage:
    """What some readings of a driver cover.

    Attributes:
        label: Regular expression of the rail's label, any case; what none fits is `UNKNOWN`.
        boundary, covers: Of the rail.
        parent: The label of the rail that contains it, a template of the expression's groups; empty for none.
    """

    label: str
    boundary: Boundary
    covers: str
    parent: str = ""


_CARD = Coverage(
    "", Boundary.DEVICE, "the graphics card as its firmware reports it; not the machine around it"
)
_SOCKET = Coverage("", Boundary.PART, "one processor socket; not memory, board, disks or supply")
_SUPPLY = (
    "what the power supply delivers, its own loss not included; add boundary=board where all hangs on it"
)

COVERAGE: dict[str, Sequence[Coverage]] = {
    "amd_energy": (
        Coverage(r"Ecore\d+", Boundary.PART, "one core of the processor"),
        Coverage(r"Esocket\d+", Boundary.PART, _SOCKET.covers),
    ),
    "amdgpu": (_CARD,),
    "corsairpsu": (
        Coverage("power total", Boundary.PART, _SUPPLY),
        Coverage(r"power \+.*", Boundary.PART, "one output of the power supply", "power total"),
    ),
    "fam15h_power": (_SOCKET,),
    "i915": (_CARD,),
    "ibmpowernv": (
        Coverage("System", Boundary.BOARD, "the whole machine as its service processor reports it"),
        Coverage("", Boundary.PART, "a part of the machine as its service processor reports it"),
    ),
    "nouveau": (_CARD,),
    "occ": (
        Coverage("system", Boundary.BOARD, "the whole machine as its on-chip controller reports it"),
        Coverage("", Boundary.PART, "a part of the machine as its on-chip controller reports it"),
    ),
    "power_meter": (
        Coverage(
            "", Boundary.BOARD, "what the firmware's ACPI power meter watches, usually the whole machine"
        ),
    ),
    "sbrmi": (_SOCKET,),
    "xe": (_CARD,),
    "zenpower": (Coverage("", Boundary.PART, "one supply of the processor"),),
}
"""hwmon name → what its readings cover; the first row whose label fits counts."""


def coverage(driver: str, label: str) -> Coverage:
    """Return what a reading covers; where it is not known, a part of which nothing is known."""
    for row in COVERAGE.get(driver, ()):
        if not row.label or re.fullmatch(row.label, label, re.IGNORECASE):
            return row
    return Coverage(
        "",
        Boundary.PART,
        f"one rail; its driver ({driver}) does not state what it feeds: set it with boundary=",
    )


def stands_for_a_power_supply(device: Path) -> bool:
    """Return whether a device is the kernel's second view of a battery or of a USB port's negotiation."""
    return "power_supply" in (device / "device").resolve().parts
