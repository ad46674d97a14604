"""Words of a header that are written as one, or a unit that is written as two: `loadvoltage`, `milli_seconds`."""

from __future__ import annotations

import re

_GLUED = re.compile(
    r"(?<![a-z])(load|solar|pv|panel|batt(?:ery)?|grid|house|charge|discharge|bus|input|output|total|gpu|cpu|system|motor|wall|mains|active)"
    r"(power|voltage|current|energy)(?![a-z])",
    re.IGNORECASE,
)

_PREFIX_APART = re.compile(
    r"((?<![A-Za-z])(?i:milli|micro|nano|kilo|mega|giga)|(?<=[a-z])(?:Milli|Micro|Nano|Kilo|Mega|Giga))"
    r"[ _-]?((?i:watt|volt|ampere|amp|joule|second|sec))([sS]?)(?![a-z])"
)
"""A prefix and a unit written as two words: `PowerMilliWatts`, `milli_seconds`."""


def apart(text: str) -> str:
    """Return a header in which a quantity stands by itself, and a prefix before its unit."""
    return _GLUED.sub(r"\1 \2", _PREFIX_APART.sub(_joined, text))


def _joined(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2].lower()}{match[3].lower()}"
