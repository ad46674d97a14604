"""Whether a row under a table's header holds units, and a heading with the unit of its column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.importers.header_words import TIME
from powermeter.importers.headers import Heading, heading
from powermeter.importers.unit_spellings import of_unit

UNIT_WORDS = frozenset(
    [
        "idx",
        "id",
        "#",
        "-",
        "--",
        "yyyymmdd",
        "hh:mm:ss",
        "hh:mm",
        "c",
        "%",
        "second",
        "volt",
        "ampere",
        "watt",
        "sequence",
        "mhz",
        "mb",
        "gb",
        "string",
        "name",
        "text",
        "°c",
        "rpm",
        "bool",
    ]
)

_DATE_FORM = re.compile(r"(?=.*(?:yy|hh))[dmyhs:./ -]{5,20}")
"""How a row of units names a time: `[dd.MM.yyyy HH:mm]`."""

_ZONE = re.compile(r"[A-Z]\w{2,30}/\w{2,40} \([+-]\d\d:\d\d\)")
"""How Victron's export names the zone of its times among the units."""

CHANNEL_KINDS = frozenset(("", "counter", "analog", "digital", "status"))
"""What loggers of plants write between names and units."""


def is_unit_row(row: Sequence[str]) -> bool:
    filled = [_bare(text) for text in row if text.strip() and not _ZONE.fullmatch(text.strip())]
    if not filled:
        return False
    known = [
        t
        for t in filled
        if t.lower() in UNIT_WORDS or of_unit(t) is not None or _DATE_FORM.fullmatch(t.lower())
    ]
    strict = [t for t in filled if of_unit(t) is not None]
    return (
        len(known) == len(filled)
        and bool(strict)
        and (len(filled) < len(row) or len(filled) > 1 or len(row) == 1)
    )


def _bare(text: str) -> str:
    """Return a unit without brackets and without the kind of its current: `V DC`."""
    return re.sub(r"(?<=[VA]) (?:DC|AC)\Z", "", text.strip("()[] "))


def with_row_unit(named: Heading, unit: str) -> Heading:
    """Return a heading with the unit that stands under it, unless it names one itself."""
    unit = _bare(unit)
    if named.quantity is not None or not unit:
        return named
    found = of_unit(unit, named.name)
    if found is None or (named.is_time and found[0] != TIME):
        return named
    return Heading(named.text, named.name, unit, *found, why="unit in the row under the header")


def units_of_inputs(names: Sequence[str], horizontal: str, vertical: str) -> list[str]:
    """Return the unit of each column of an oscilloscope's table, in which each input may have a column of times of its own.

    Args:
        names: Its header.
        horizontal, vertical: The units of times and of inputs as the lines above state them, divided by commas.
    """
    own = [unit.strip() for unit in vertical.split(",")]
    inputs = [bool(name.strip()) and not heading(name).is_time for name in names]
    filled = [unit for unit in own if unit]
    if len(filled) != sum(inputs):
        return [horizontal.split(",")[0], *own]
    left = iter(filled)
    return [next(left) if is_input else horizontal.split(",")[0] for is_input in inputs]
