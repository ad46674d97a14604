"""The unit that the user typed for a column, with the sign that its values have where power is drawn."""

from __future__ import annotations

from dataclasses import replace

from powermeter.errors import ConfigurationError
from powermeter.importers.headers import Heading
from powermeter.importers.unit_spellings import of_unit


def with_unit(named: Heading, unit: str, option: str) -> Heading:
    """Return the same heading with a unit the user typed; `-` leaves the column out, `-W` turns its sign.

    Raises:
        ConfigurationError: No such unit.
    """
    if unit == "-":
        return replace(named, unit="-", quantity=None, is_stated=option.startswith("--"))
    turned, unit = len(unit) > 1 and unit[0] in "-\u2212", unit.lstrip("-\u2212")
    found = of_unit(unit, named.name)
    if found is None:
        raise ConfigurationError(
            f"{option}: {unit!r} is not a unit of power, voltage, current, energy, charge or time; "
            "write for example W, mW, mA, V, mJ, mAh, s, ms"
        )
    return replace(
        named,
        unit=unit,
        quantity=found[0],
        factor=found[1],
        why=f"stated: {option}",
        is_stated=True,
        is_turned=turned,
    )
