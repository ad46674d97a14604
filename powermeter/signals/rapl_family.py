"""RAPL's counters in a recording whose writer stated no parents: which of them hang together, by the kernel's own names.

Packages and memories lie side by side, cores and graphics inside their package, and all inside of the platform (`psys`):
https://docs.kernel.org/power/powercap/powercap.html.  The driver states it (`drivers/rapl.py`); other writers may not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from powermeter.channel import Boundary
from powermeter.signals.line import Line

_ZONE = re.compile(r"(?:(package-\d+)\.)?(package|core|uncore|dram|psys)(?:-\d+)?", re.IGNORECASE)
_TOGETHER = "CPU"
_NOT_COVERED = "disk, fan, screen, power-supply loss"


def related(found: Sequence[Line]) -> None:
    """State the parents of one source's rails, in place, where all are called as RAPL's zones and nothing is stated of any.

    A writer who states one rail's boundary apart from the others' has decided which is counted.
    """
    zones = [_ZONE.fullmatch(line.rail.name) for line in found]
    stated = any(line.rail.parent or line.rail.covers for line in found)
    if len(found) < 2 or not all(zones) or stated or len({line.rail.boundary for line in found}) > 1:
        return
    kinds = [zone[2].lower() for zone in zones if zone]
    packages = [line.rail.name for line, kind in zip(found, kinds, strict=True) if kind == "package"]
    if not packages:
        return
    platform = next((line.rail.name for line, kind in zip(found, kinds, strict=True) if kind == "psys"), None)
    beside = [kind for kind in kinds if kind in ("package", "dram")]
    group = platform or (_TOGETHER if len(beside) > 1 else None)
    parents: list[str | None] = []
    for zone, kind in zip(zones, kinds, strict=True):
        if kind in ("core", "uncore"):
            own = zone[1] if zone and zone[1] else packages[0] if len(packages) == 1 else None
            if own is None:
                return  # of which package, nothing states
            parents.append(own)
        else:
            parents.append(None if kind == "psys" else group)
    for line, parent in zip(found, parents, strict=True):
        lacks = _NOT_COVERED if parent == _TOGETHER else ""
        line.rail = replace(line.rail, parent=parent, boundary=Boundary.PART, sum_lacks=lacks)
