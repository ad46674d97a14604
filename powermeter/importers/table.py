"""Imports any table of text with a header: CSV, semicolons, tabs or blanks.

Columns and units are recognised from the header or named with `--column`.  A column whose unit is
not written anywhere is never guessed, nor is a time: the error says what to type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import ClassVar

import numpy as np

from powermeter.channel import Accuracy, Boundary, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.columns import (
    Column,
    Table,
    TimeColumn,
    channel_name,
    delimiter_of,
    read_table,
    rows,
    samples,
)
from powermeter.importers.files import Peek
from powermeter.importers.headers import TIME, Heading, heading, of_unit, with_unit
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.numbers import float_or_nan
from powermeter.importers.stamps import TICKS, number_ns, time_of_day_ns, wall
from powermeter.units import NS

SAMPLE = 200

# Unix times between 2001 and 2033 in s, ms, µs and ns do not overlap with each other.
_EPOCHS = ((10**9, NS), (10**12, 1_000_000), (10**15, 1000), (10**18, 1))

# Quantity → (lowest, highest) median magnitude, in SI, that a device's supply plausibly has.
_PLAUSIBLE = {
    Quantity.POWER: (20e-3, 20e3),
    Quantity.CURRENT: (1e-6, 1e3),
    Quantity.VOLTAGE: (0.3, 1e3),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What the top of a table says.

    Attributes:
        delimiter: Between fields.
        skip: Lines before the first row of numbers.
        headings: One per column.
        rows: Some of the first rows.
        named: Whether there is a header.
    """

    delimiter: str
    skip: int
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    named: bool

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a decimal comma."""
        fields = [field for row in self.rows for field in row]
        return self.delimiter != "," and any(re.fullmatch(r"\s*-?\d+,\d+\s*", field) for field in fields)


class TableImporter(Importer):
    name = "csv"
    title = "a table"
    takes = frozenset({"unit", "rate", "column", "voltage", "zone"})
    accuracy: ClassVar[Accuracy] = UNKNOWN

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        first = peek.lines[0]
        return any(map(str.isdigit, peek.text)) or any(mark in first for mark in ",;\t")

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Say whether it is a table whose header names a time and a quantity with its unit."""
        if not cls.recognises(peek):
            return False
        found = layout(peek)
        return (
            found.named
            and any(h.is_time for h in found.headings)
            and any(isinstance(h.quantity, Quantity) for h in found.headings)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        peek = Peek.at(path)
        if peek.is_binary or not peek.lines:
            raise DataError(f"{path}: {'empty' if not peek.lines else 'not a text file'}")
        found = layout(peek)
        _refuse_lists(path, peek)
        if found.named and not found.rows:
            raise DataError(f"{path}: no samples: the header has no rows under it")
        headings = _named(path, found, choices)
        time = _time(path, found, headings, choices)
        columns, skipped = _columns(path, found, headings, time, choices)
        columns = [replace(column, accuracy=cls.accuracy) if column.rail else column for column in columns]
        table = read_table(
            path,
            columns,
            time,
            choices,
            delimiter=found.delimiter,
            skip=found.skip,
            decimal_comma=found.decimal_comma,
        )
        if skipped:
            table.warnings.append(f"columns left out, with no unit that is recorded: {', '.join(skipped)}")
        table.warnings.extend(implausible(columns, table, headings))
        measured = samples("table", columns, table)
        return Log(cls.name, table.clock, [measured], warnings=table.warnings, external=True)


def layout(peek: Peek) -> Layout:
    """Find delimiter, header and first rows of a table; comment lines before the header are passed over."""
    lines = peek.lines[:SAMPLE]
    all_lines = peek.raw_lines
    comments = 0
    while comments < len(lines) and lines[comments].lstrip().startswith(("#", "//", "%")):
        comments += 1
    body = lines[comments:] or lines
    delimiter = delimiter_of(body[:50])
    split = [tuple(field.strip() for field in fields) for fields in _split(body, delimiter)]
    named = bool(split) and not any(_is_datum(field) for field in split[0])
    first = body[1] if named and len(body) > 1 else body[0] if body and not named else None
    skip = all_lines.index(first) if first is not None and first in all_lines else len(all_lines)
    width = len(split[0]) if split else 0
    texts = split[0] if named else tuple(str(i + 1) for i in range(width))
    return Layout(
        delimiter, skip, tuple(heading(text) for text in texts), tuple(split[1 if named else 0 :]), named
    )


def _split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    import csv

    if delimiter == " ":
        return [line.split() for line in lines]
    return [next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), []) for line in lines]


def _is_datum(text: str) -> bool:
    return not math.isnan(float_or_nan(text.replace(",", "."))) or wall(text) is not None


def _refuse_lists(path: Path, peek: Peek) -> None:
    if peek.lines[0].lstrip().startswith(("[", "{")):
        raise ConfigurationError(
            f"{path}: its lines are lists of bare numbers: no header, no time, no unit. Write it as a CSV with "
            "one sample a row, then import that with --rate and --column 1=UNIT"
        )


def _named(path: Path, found: Layout, choices: Choices) -> list[Heading]:
    """Return the headings after `--column` and `--unit`."""
    headings = list(found.headings)
    dropped = set()
    for key, unit in choices.columns.items():
        matches = [i for i, h in enumerate(headings) if key in (h.text, h.name)]
        if not matches and key.isdecimal() and 1 <= int(key) <= len(headings):
            matches = [int(key) - 1]
        if len(matches) != 1:
            have = ", ".join(h.text for h in found.headings[:12])
            raise ConfigurationError(
                f"{path}: --column {key}={unit}: {'several columns are' if matches else 'no column is'} called "
                f"{key!r}; it has {have}"
            )
        if unit == "-":
            dropped.add(matches[0])
        else:
            headings[matches[0]] = with_unit(headings[matches[0]], unit, f"--column {key}={unit}")
    if choices.unit is not None:
        asked = of_unit(choices.unit)
        if asked is None:
            raise ConfigurationError(f"--unit {choices.unit!r} is no unit; write for example W, mW, mA, V")
        same = [i for i, h in enumerate(headings) if h.quantity == asked[0] and i not in dropped]
        bare = [
            i
            for i, h in enumerate(headings)
            if h.quantity is None and h.unit is None and not h.is_time and i not in dropped
        ]
        for index in same or (bare if len(bare) == 1 else [i for i in bare if headings[i].is_electric]):
            headings[index] = with_unit(headings[index], choices.unit, f"--unit {choices.unit}")
    return [Heading(h.text, h.name, "-") if i in dropped else h for i, h in enumerate(headings)]


def _time(path: Path, found: Layout, headings: list[Heading], choices: Choices) -> TimeColumn:
    if choices.period_s is not None:
        return TimeColumn(None, period_s=choices.period_s)
    candidates = [i for i, h in enumerate(headings) if h.quantity == TIME or h.is_time]
    if not found.named and not candidates and headings and found.rows:
        candidates = [0] if all(wall(row[0]) is not None for row in found.rows if row) else []
    styles = [style for i in candidates if (style := _time_style(found, headings[i], i)) is not None]
    if styles:
        order = {"wall": 0, "epoch": 1, "relative": 2, "day": 3}
        return min(styles, key=lambda style: order[style.style])
    if candidates:
        name = headings[candidates[0]].text
        if headings[candidates[0]].quantity == TIME:
            shown = next((row[candidates[0]] for row in found.rows if len(row) > candidates[0]), "")
            raise DataError(f"{path}: column {name!r} holds {shown[:40]!r}, which is no time")
        raise ConfigurationError(
            f"{path}: column {name!r} names no unit of time; add --column {quote(f'{name}=s')} (or ms, us, ns), "
            "or --rate"
        )
    units = (
        ""
        if found.named
        else f" and the units with --column 1=W{' (or --unit W)' if len(headings) == 1 else ''}"
    )
    raise ConfigurationError(
        f"{path}: no column of times{'' if found.named else ', no header'}; say how often it was sampled with "
        f"--rate 10Hz (or 100ms), or which column is the time with --column NAME=s{units}"
    )


def _time_style(found: Layout, named: Heading, index: int) -> TimeColumn | None:
    texts = [row[index] for row in found.rows if len(row) > index and row[index]]
    if not texts:
        return TimeColumn(index, "relative", _tick(named)) if named.quantity == TIME else None
    if all(wall(text) is not None for text in texts[:-1] or texts):
        return TimeColumn(index, "wall")
    if all(time_of_day_ns(text) is not None for text in texts[:-1] or texts):
        return TimeColumn(index, "day")
    if found.decimal_comma:
        texts = [text.replace(",", ".") for text in texts]
    values = [number_ns(text, 1) for text in texts]
    if any(value is None for value in values[:-1] or values):
        return None
    magnitude = float(texts[0].replace(",", "."))
    for low, tick in _EPOCHS:
        if low <= magnitude < 2.1 * low and (named.quantity != TIME or _tick(named) == tick):
            return TimeColumn(index, "epoch", tick)
    if named.quantity == TIME:
        return TimeColumn(index, "relative", _tick(named))
    return None


def _tick(named: Heading) -> int:
    return round(named.factor * NS) or TICKS["ns"]


def _columns(
    path: Path, found: Layout, headings: list[Heading], time: TimeColumn, choices: Choices
) -> tuple[list[Column], list[str]]:
    columns: list[Column] = []
    skipped: list[str] = []
    asked = [h for i, h in enumerate(headings) if h.is_electric and i != time.index]
    for index, named in enumerate(headings):
        if index == time.index or named.quantity == TIME or named.unit == "-" or not named.text:
            continue
        if not isinstance(named.quantity, Quantity):
            skipped.append(named.text)
            continue
        name = channel_name(named.name)
        counter = named.is_counter
        rail = Rail(
            named.rail,
            boundary=Boundary.BOARD,
            covers=f"column {named.text!r}; the file does not say what it covers",
            nominal_v=choices.voltage_v,
        )
        measured = {h.quantity for h in headings if isinstance(h.quantity, Quantity) and h.rail == named.rail}
        # A meter's own total is coarser than its readings; where both are there the readings count.
        spare = counter and (Quantity.POWER in measured or {Quantity.VOLTAGE, Quantity.CURRENT} <= measured)
        electric = not spare and named.quantity in (
            Quantity.POWER,
            Quantity.VOLTAGE,
            Quantity.CURRENT,
            Quantity.ENERGY,
            Quantity.CHARGE,
        )
        columns.append(
            Column(
                index,
                name,
                named.quantity,
                named.factor,
                rail if electric else None,
                Kind.COUNTER if counter else Kind.INSTANT,
            )
        )
    if asked or not any(c.rail is not None for c in columns):
        bare = asked or [h for h in headings if h.unit is None and not h.is_time and h.quantity is None]
        if not bare:
            raise DataError(
                f"{path}: no column of power, voltage, current, energy or charge in it "
                f"({', '.join(h.text for h in headings[:12])})"
            )
        one = bare[0].text if found.named else str(headings.index(bare[0]) + 1)
        whose = f"column {one!r}" if found.named else f"column {one} (there is no header)"
        raise ConfigurationError(
            f"{path}: {whose} names no unit; add --column {quote(f'{one}=mW')} (W, mA, V …; - leaves it out)"
            + (" or --unit W" if len(bare) == 1 else "")
        )
    return columns, skipped


def implausible(columns: Sequence[Column], table: Table, headings: Sequence[Heading]) -> list[str]:
    """Return a warning for each column whose values hardly fit its unit, as where W are called mW."""
    warnings = []
    for column, values in zip(columns, table.values, strict=True):
        if column.quantity not in _PLAUSIBLE or column.kind is Kind.COUNTER:
            continue
        used = np.abs(values[np.isfinite(values) & (values != 0)])
        if not len(used):
            continue
        typical = float(np.median(used))
        low, high = _PLAUSIBLE[column.quantity]
        named = headings[column.index]
        if typical * column.factor < low or typical * column.factor > high:
            small = typical * column.factor < low
            better = column.quantity.unit if small else f"m{column.quantity.unit}"
            if of_unit(named.unit or "") == of_unit(better):
                continue
            warnings.append(
                f"column {named.text!r}: a typical value of {typical:.4g} {named.unit} is implausibly "
                f"{'small' if small else 'large'} for a device; if the values are in {better}, import again "
                f"with --unit {better}"
            )
    return warnings


__all__ = ["Layout", "TableImporter", "implausible", "layout", "rows"]
