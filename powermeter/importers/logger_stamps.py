"""The time that a logger writes before a program's line: `1710252310.250 RAM …`, `[2024-03-12 14:05:10,123] INFO tegra: RAM …`.

Dates in the order of a country (`03/12/2024`) are not taken, as their order is not known, and neither are those without a year.
"""

from __future__ import annotations

import re

from powermeter.importers.stamps import Wall, number_ns, wall
from powermeter.units import NS

_ENDS = r"\]?:?(?=[\s,|;]|\Z)"
_UNIX = re.compile(r"\[?(?P<time>\d{10}(?:[.,]\d{1,9})?)" + _ENDS, re.ASCII)
_CALENDAR = re.compile(
    r"\[?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,12})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[AP]M )?[A-Z]{3,4} \d{4})" + _ENDS,
    re.ASCII,
)
"""ISO 8601 as loggers write it, and the form of date(1) in the C locale."""


def stamp_before(head: str) -> Wall | None:
    """Return the time at the beginning of what stands before a line; None where there is none."""
    head = head.lstrip()
    found = _UNIX.match(head)
    if found is not None:
        seconds = number_ns(found["time"], NS)
        return None if seconds is None else Wall(seconds, 0)
    found = _CALENDAR.match(head)
    return None if found is None else wall(found["time"])
