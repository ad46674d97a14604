"""What the lines above a table state: names and values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.importers.headers import clean

_FACT_OF_HANTEK = re.compile(r"#\s*(CHANNEL|CLOCK|SIZE|UNITS)\s*[=:]\s*(\S.{0,80})")
"""What Hantek's oscilloscopes write above their values: `#CLOCK=20.0uS`, `#UNITS:V`."""


def facts_above(lines: Sequence[str]) -> dict[str, str]:
    """Return `name → value` of lines above a table, divided by a comma, a colon or a tab; the first of a name counts."""
    found: dict[str, str] = {}
    for line in lines[:100]:
        stated = _FACT_OF_HANTEK.fullmatch(line.strip())
        if stated is not None:
            found.setdefault(stated[1].capitalize(), stated[2])
            continue
        name, separator, value = re.sub(r"^[#%;/\s]+", "", line).partition(",")
        if not separator:
            name, separator, value = line.lstrip("#%; ").partition(":")
        if not separator:
            name, separator, value = line.partition("\t")
        if separator and name.strip() and value.strip(" ,;"):
            found.setdefault(clean(name)[:60], value.strip(" ,;")[:120])
    return found
