"""The unit that the user typed for a column, with the sign that its values have where power is drawn."""

from __future__ import annotations

import re
from dataclasses import replace

from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading
from powermeter.importers.unit_spellings import of_unit


def with_unit(named: Heading, unit: str, option: str) -> Heading:
    """Return the same heading with a unit the user typed; `-` leaves the column out, `-W` turns its sign, `20A` makes each number 20 A.

    Raises:
        ConfigurationError: No such unit.
    """
    if unit == "-":
        return replace(named, unit="-", quantity=None, is_stated=option.startswith("--"))
    typed = unit
    turned, unit = len(unit) > 1 and unit[0] in "-\u2212", unit.lstrip("-\u2212")
    times, unit = _number_before(unit)
    found = of_unit(unit, named.name)
    if found is not None and times != 1 and found[0] not in ELECTRIC:
        found = None
    if found is None:
        raise ConfigurationError(
            f"{option}: {typed!r} is not a unit of power, voltage, current, energy, charge or time; "
            "write for example W, mW, mA, V, mJ, mAh, s, ms, or 20A where each number is to be multiplied by 20"
        )
    return replace(
        named,
        unit=unit,
        quantity=found[0],
        factor=found[1] * times,
        why=f"stated: {option}",
        is_stated=True,
        is_turned=turned,
    )


_TIMES = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?[x*·]? ?(?=[^\W\d])")


def _number_before(unit: str) -> tuple[float, str]:
    """Return what each number is multiplied by, and the unit behind it: of `20A` 20 and `A`."""
    match = _TIMES.match(unit)
    times = 1.0 if match is None else float(match[1])
    return (times, unit[match.end() :]) if match is not None and times > 0 else (1.0, unit)
