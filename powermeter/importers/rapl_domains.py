"""Columns that are called as Linux calls the domains of RAPL, whose counters are all in one unit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.importers.headers import Heading

_DOMAIN = re.compile(
    r"(?:(?:intel-)?rapl[:_-][\d:]+[_ .-]?)?(?:package|pkg|psys|core|uncore|dram|pp[01])(?:[-_ ]?\d{1,3})?",
    re.IGNORECASE,
)
"""The kernel's powercap interface names them in each zone's file `name`: package-0, core, uncore, dram, psys."""


def domains(headings: Sequence[Heading], indexes: Sequence[int]) -> list[int]:
    """Return those of some columns that are domains of RAPL, where a package or the platform is among them; else none."""
    found = [i for i in indexes if _DOMAIN.fullmatch(headings[i].text.strip())]
    whole = any(re.search(r"package|pkg|psys", headings[i].text, re.IGNORECASE) for i in found)
    return found if whole and len(found) > 1 else []
