"""Units that stand neither in the header nor in the cell: in a column of their own, or nowhere, where one is likely.

A multimeter that changes its range writes `12.3` in one column and `mA` or `µA` in the next: each value has the unit
of its own row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from powermeter.channel import Quantity
from powermeter.importers.cells import is_missing_word
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.header_words import ANY_CASE, ELECTRIC, LIMIT, MEAN, TIME
from powermeter.importers.headers import Heading, implied, words
from powermeter.importers.layout import Layout
from powermeter.importers.rapl_domains import domains
from powermeter.importers.unit_spellings import of_unit

CALLED = frozenset(
    (
        "unit",
        "units",
        "unit_of_measurement",
        "einheit",
        "einheiten",
        "unité",
        "unite",
        "unités",
        "unidad",
        "unità",
        "eenheid",
        *("maleenhed", "maleenhet", "enhed", "enhet", "unidade", "jednostka", "yksikko", "yksikkotyyppi"),
        "单位",
    )
)
"""What a column is called that holds each row's unit."""

_USUAL = {Quantity.VOLTAGE: "V", Quantity.CURRENT: "mA", Quantity.ENERGY: "J", Quantity.CHARGE: "mAh"}
MAINS_V = 90.0
"""The least voltage of mains: of 100 V, with 10 % less."""

MANY_V = 1000.0
_SMALL_V = 5.0
_FAR = 30.0
MANY_A = 20.0
"""A current above this, on a supply that is no mains, is more often written in milliampere."""


def unit_columns(found: Layout, headings: Sequence[Heading]) -> dict[int, int]:
    """Return for each column of numbers without a unit the column beside it that holds its unit."""
    pairs = {}
    for at in range(1, len(headings)):
        value, named = headings[at - 1], headings[at]
        if value.quantity is not None or value.unit is not None:
            continue
        if found.named and named.name.strip().lower() not in CALLED:
            continue
        units = [text for text in _texts(found, at) if not is_missing_word(text)]
        if (
            units
            and all(not text[0].isdigit() and of_unit(direct(text)) is not None for text in units)
            and _numbers(found, at - 1)
        ):
            pairs[at - 1] = at
    return pairs | _of_statistics(found, headings) | ({} if pairs else _of_only_value(found, headings))


def _of_only_value(found: Layout, headings: Sequence[Heading]) -> dict[int, int]:
    """Return the one column of numbers that change and have no unit, with the one column of units, wherever it stands."""
    units = [i for i, h in enumerate(headings) if h.name.strip().lower() in CALLED and _texts(found, i)]
    values = [
        i
        for i, h in enumerate(headings)
        if h.unit is None
        and h.quantity is None
        and not h.is_time
        and not h.is_aside
        and len({*_numbers(found, i)}) > 1
    ]
    if (
        len(units) != 1
        or len(values) != 1
        or any(of_unit(direct(text)) is None for text in _texts(found, units[0]))
    ):
        return {}
    return {values[0]: units[0]}


def unit_above(found: Layout, headings: Sequence[Heading]) -> list[Heading]:
    """Return headings, the only one that may be of a reading with the unit that lines above the table state.

    Those lines are a header of their own with its one row, as `…;Unite;Pas en minutes` over `…;W;30`.
    """
    lines = [line.split(found.delimiter) for line in found.title.splitlines()]
    units = {
        value.strip()
        for names, values in pairwise(lines)
        if len(names) == len(values)
        for name, value in zip(names, values, strict=True)
        if name.strip().lower() in CALLED
    }
    unit = units.pop() if len(units) == 1 else ""
    open_ = [
        i
        for i, h in enumerate(headings)
        if h.unit is None and not h.is_time and not h.is_aside and _numbers(found, i)
    ]
    whose = of_unit(unit) if len(open_) == 1 else None
    if whose is None or whose[0] not in ELECTRIC:
        return list(headings)
    return [
        replace(h, unit=unit, quantity=whose[0], factor=whose[1], why="unit in the lines above the table")
        if i == open_[0]
        else h
        for i, h in enumerate(headings)
    ]


_STATISTICS = LIMIT | MEAN | {"max", "min", "average", "avg", "mean"}


def _of_statistics(found: Layout, headings: Sequence[Heading]) -> dict[int, int]:
    """Return the columns of a statistic before the one column of units: `Max;Average;Min;Unit`."""
    called = [i for i, h in enumerate(headings) if h.name.strip().lower() in CALLED]
    units = [text for at in called for text in _texts(found, at) if not is_missing_word(text)]
    if len(called) != 1 or not units or any(of_unit(direct(text)) is None for text in units):
        return {}
    return {
        i: called[0]
        for i in range(called[0])
        if headings[i].quantity is None
        and headings[i].unit is None
        and _STATISTICS.intersection(headings[i].words)
        and _numbers(found, i)
    }


def direct(text: str) -> str:
    """Return a unit without the mark of direct current that meters put behind it: `mA DC`."""
    return text.strip().removesuffix("DC").rstrip()


def unit_beside(found: Layout, named: Heading, at: int) -> Heading:
    """Return a heading with the unit that the column beside it holds first."""
    unit = direct(next(text for text in _texts(found, at) if not is_missing_word(text)))
    whose = of_unit(unit, named.name)
    if whose is None or (whose[0] != TIME and whose[0] not in ELECTRIC):
        return named
    why = "unit in the column beside it"
    return replace(named, unit=unit, quantity=whose[0], factor=whose[1], why=why, of_rows=True)


_OF_BATTERY = re.compile(r"([vi])(?:bat|batt|cell|batterie|akku)")


def _of_letter(named: Heading) -> Quantity | None:
    """Return what a name that begins with the symbol of a voltage or a current measures, or is a battery's: `V_cell`, `pm.vbat`."""
    first = named.words[0] if len(named.words) > 1 else ""
    of_battery = _OF_BATTERY.fullmatch(named.words[-1]) if named.words else None
    return {"v": Quantity.VOLTAGE, "i": Quantity.CURRENT}.get(of_battery[1] if of_battery else first)


def likely_units(found: Layout, headings: Sequence[Heading], open_: Sequence[int]) -> dict[int, str]:
    """Return the unit to offer for each open column: what its name and the size of its numbers suggest."""
    meant = {
        i: headings[i].implied
        if headings[i].is_electric
        else _of_letter(headings[i]) or _of_devices(found, headings)
        for i in open_
    }
    volts = [typical(found, i) for i in open_ if meant[i] is Quantity.VOLTAGE]
    amperes = [typical(found, i) for i in open_ if meant[i] is Quantity.CURRENT]
    watts = [typical(found, i) for i in open_ if meant[i] is Quantity.POWER]
    stated = [
        typical(found, i) * h.factor
        for i, h in enumerate(headings)
        if i not in open_ and h.quantity is Quantity.VOLTAGE
    ]
    whole_mv = max(volts, default=0.0) > MANY_V and all(
        text.isdecimal() for i in open_ if meant[i] is Quantity.VOLTAGE for text in _texts(found, i)
    )
    mains = any(MAINS_V < value <= MANY_V for value in (*stated, *(() if whole_mv else volts)))
    in_volts = volts[0] * (1e-3 if whole_mv or volts[0] > MANY_V else 1.0) if volts else _SMALL_V
    product = in_volts * amperes[0] * (1.0 if mains or amperes[0] < MANY_A else 1e-3) if amperes else 0.0
    units = {}
    kernel = {i for i in open_ if _KERNEL.fullmatch(headings[i].name.strip())}
    kernel = kernel if any(typical(found, i) > _MICRO for i in kernel) else set()
    for i in open_:
        quantity = meant[i]
        unit = _USUAL.get(quantity, "W") if isinstance(quantity, Quantity) else "W"
        if quantity is Quantity.CURRENT and (mains or typical(found, i) < MANY_A):
            unit = "A"
        elif quantity is Quantity.CURRENT and not mains and typical(found, i) > MANY_A * 1000:
            unit = "uA"
        elif quantity is Quantity.VOLTAGE and (typical(found, i) > MANY_V or whole_mv):
            unit = "mV"
        elif quantity is Quantity.POWER and len(watts) == 1 and product and watts[0] > _FAR * product:
            unit = "mW"
        elif quantity is Quantity.ENERGY and (mains or not headings[i].is_electric):
            # A module for the mains counts whole Wh, a meter tenths of kWh and less.
            whole = mains and all(text.isdecimal() for text in _texts(found, i))
            unit = "Wh" if whole else "kWh"
        elif quantity is None and _counts(found, i):
            unit = "uJ" if typical(found, i) > _MANY_UJ else "kWh"
        if unit == "W" and _in_micro(found, i):
            unit = "uW"
        if i in kernel:
            unit = f"u{_OF_KERNEL[headings[i].name.strip().lower().split('_')[0]]}"
        if len(open_) == 1 and meant[i] is None:
            unit = _of_title(found.title) or _of_title(" ".join(_texts_of_words(found))) or unit
        text = headings[i].text
        units[i] = ANY_CASE.get(text.lower(), unit) if len(text) > 1 else unit
    counting = domains(headings, open_)
    if any(units[i] == "uJ" for i in counting):
        units.update(dict.fromkeys(counting, "uJ"))
    return _of_siblings(units, headings, meant)


def _of_siblings(
    units: dict[int, str], headings: Sequence[Heading], meant: Mapping[int, Quantity | str | None]
) -> dict[int, str]:
    """Return units where columns whose names differ in a number only have the one that most of them have."""
    groups: dict[tuple[str, Quantity | str | None], list[int]] = {}
    for i in units:
        groups.setdefault((re.sub(r"\d+", "#", headings[i].text.lower()), meant[i]), []).append(i)
    for alike in groups.values():
        common = Counter(units[i] for i in alike).most_common(1)[0][0]
        units.update(dict.fromkeys(alike, common))
    return units


_MANY_UJ = 1e8


def _counts(found: Layout, index: int) -> bool:
    """Return whether a column never falls and rises by a small part of what it began with, or in many rows, as a meter's total does."""
    values = _numbers(found, index)
    rises = all(b >= a for a, b in pairwise(values))
    small = len(values) > 3 and 0 < values[-1] - values[0] < _SMALL_PART * values[0]
    return rises and (small or (len(values) > _MANY_ROWS and values[-1] > values[0]))


_SMALL_PART = 0.05
_MANY_ROWS = 10
_KERNEL = re.compile(r"(voltage|current|power|energy|charge)_(now|avg|full|ocv|counter)", re.IGNORECASE)
"""Names of Linux' power_supply class, which counts in µV, µA, µW, µWh and µAh."""

_OF_KERNEL = {"voltage": "V", "current": "A", "power": "W", "energy": "Wh", "charge": "Ah"}
_MICRO = 9999.0


_IN_BRACKETS = re.compile(r"[(\[]([A-Za-zµ]{1,4})[)\]]")


def _of_title(title: str) -> str | None:
    """Return the one unit of electricity that stands in brackets above a table: `Consumption (kWh)`; else None."""
    found = {
        unit for unit in _IN_BRACKETS.findall(title) if (whose := of_unit(unit)) and whose[0] in ELECTRIC
    }
    return found.pop() if len(found) == 1 else None


def _texts_of_words(found: Layout) -> set[str]:
    """Return the cells that hold words, which may name what a row's number is: `Active Import Interval (kW)`."""
    return {text for row in found.rows for text in row if " " in text and text[0].isalpha()}


def _in_micro(found: Layout, index: int) -> bool:
    """Return whether a power is written in whole numbers of a size that only microwatts have, as the kernel's hwmon writes it."""
    texts = _texts(found, index)
    return typical(found, index) > _MANY_UW and all(text.isdecimal() for text in texts)


_MANY_UW = 1e5


def _of_devices(found: Layout, headings: Sequence[Heading]) -> Quantity | str | None:
    """Return the quantity that the names in a column of entities have in common, or None."""
    at = next((i for i, h in enumerate(headings) if h.name.strip().lower() == "entity_id"), None)
    if at is None:
        return None
    meant = {implied(words(text)) for text in _texts(found, at)}
    return meant.pop() if len(meant) == 1 else None


def _texts(found: Layout, index: int) -> list[str]:
    return [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]


def _numbers(found: Layout, index: int) -> list[float]:
    comma = found.decimal_comma
    texts = _texts(found, index)
    values = [
        float_or_nan(text.replace(".", "").replace(",", ".") if comma and "," in text else text)
        for text in texts
    ]
    good = [value for value in values if np.isfinite(value)]
    return good if len(good) * 2 > len(texts) else []


def typical(found: Layout, index: int) -> float:
    """Return the median magnitude of a column's numbers that are not 0; 0 where there is none."""
    values = [abs(value) for value in _numbers(found, index) if value]
    return float(np.median(values)) if values else 0.0
