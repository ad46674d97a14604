"""How units are spelled in headers, in symbols or in words: `mW`, `milliwatts`, `kwh`, `days`."""

from __future__ import annotations

import re

from powermeter.channel import OF_UNIT, Quantity
from powermeter.importers.header_languages import UNITS
from powermeter.importers.header_words import ANY_CASE, SPELLED, SPELLED_PREFIX, TIME
from powermeter.units import unit_factor

_HUNDREDTHS = {
    "cV": ("V", 0.01),
    "cA": ("A", 0.01),
    "cW": ("W", 0.01),
    "dV": ("V", 0.1),
    "dA": ("A", 0.1),
    "dW": ("W", 0.1),
}
"""Units of flight controllers, battery monitors and meters read by SNMP, which log whole numbers."""


_CAPITALS = {"MV": "mV", "MA": "mA", "MAH": "mAh", "kWhs": "kWh", "Whs": "Wh", "kWTh": "kWh"}
"""Units as some write them: in capitals, whose M is milli, for no log is of megavolts; and in the plural; eco2AI writes kWTh."""

AS_WRITTEN = frozenset((*_HUNDREDTHS, "MWh"))
"""Units at the end of a name that are read in no other case."""


CLOCKS = {"mm:ss": 60.0, "hh:mm": 3600.0}
"""How clocks of two numbers are written → seconds of the first number."""


def of_unit(unit: str, name: str = "") -> tuple[Quantity | str, float] | None:
    """Return quantity (or `TIME`) and SI factor of a unit as a header writes it, or None.

    A bare `C` is degrees Celsius, as headers mean it, unless the name speaks of charge.
    """
    unit = unit.strip().strip(".").replace("μ", "µ")
    unit = UNITS.get(unit.lower()) or written_out(unit.lower()) or unit
    if unit.lower() in ("day", "days"):
        return TIME, 86_400.0
    if unit in CLOCKS:
        return TIME, CLOCKS[unit]
    if unit == "C" and not re.search("charge|coulomb|capacity", name, re.IGNORECASE):
        unit = "degC"
    if not unit:
        return None
    unit = _CAPITALS.get(unit, unit)
    found = _HUNDREDTHS.get(unit) or unit_factor(unit) or unit_factor(ANY_CASE.get(unit.lower(), ""))
    if found is None:
        return None
    si, factor = found
    if si == "s" and unit not in ("m", "d", "y"):
        return TIME, factor
    return (OF_UNIT[si], factor) if si in OF_UNIT else None


def written_out(word: str) -> str | None:
    """Return the symbol of a unit written out: `milliwatts` is `mW`."""
    if word in SPELLED:
        return SPELLED[word]
    for prefix, symbol in SPELLED_PREFIX.items():
        rest = word[len(prefix) :]
        if (
            word.startswith(prefix)
            and len(rest) > 2
            and rest in SPELLED
            and SPELLED[rest] not in ("min", "h", "%")
        ):
            return symbol + SPELLED[rest]
    return None
