"""Imports InfluxDB's annotated CSV, as `influx query --raw` and the data explorer write it.

Tables follow each other; each row holds one value, its `_field` and its tags (InfluxData's description of annotated CSV: the
lines `#group`, `#datatype`, `#default`, then a header whose first column has no name).  Every series becomes a column;
the rules of tables hold.  What Home Assistant put there is read as its history: a state holds until the next.
Tables follow each other in any order; times that run back within one are refused.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading, heading
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.row_order import RowOrder
from powermeter.importers.stamps import wall
from powermeter.importers.table import TableImporter
from powermeter.importers.unit_spellings import of_unit
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_MUST = frozenset(("_time", "_value"))
_OWN = frozenset(("", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement"))
_MOST_VALUES = 5_000_000
_MOST_SERIES = 500
_SHARED = 0.8
_APART = "Write the lines before it and those from it on into a file each, both under the header"


@dataclass(slots=True)
class _Series:
    """One series: what names it, its values by time, as text, and the order they were written in."""

    names: Mapping[str, str]
    points: dict[str, str] = field(default_factory=dict)
    order: RowOrder = field(default_factory=RowOrder)
    table: tuple[int, str] = (0, "")


class InfluxCsv(Importer):
    name = "influx-csv"
    title = "an export of InfluxDB (annotated CSV)"
    takes = TableImporter.takes

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        return any("_value" in line and _is_header(next(csv.reader([line]), [])) for line in peek.lines[:12])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        warnings: list[Note] = []
        found = _series(path, warnings)
        if not found:
            raise DataError(f"{path}: no samples: InfluxDB's table in it holds no number")
        if all({"entity_id", "domain"} <= series.names.keys() for series in found):
            log = _history(path, found, choices)
        else:
            kept = _electric(found, warnings)
            log = _wide(path, kept, choices)
        log.format = cls.name
        log.metadata["tool"] = "InfluxDB"
        log.warnings += warnings
        return log


def _is_header(fields: Sequence[str]) -> bool:
    return {text.strip() for text in fields} >= _MUST


def _rows(path: Path, unread: Unread) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Yield (line, number of the header above it, cells by that header) of each row; what is none is counted."""
    names: list[str] = []
    headers = 0
    lines = csv.reader(read_lines(path))
    for fields in lines:
        if not any(fields) or fields[0].startswith("#"):
            continue
        if _is_header(fields):
            names = [text.strip() for text in fields]
            headers += 1
        elif names and len(fields) >= len(names):
            yield lines.line_num, headers, dict(zip(names, fields, strict=False))
        else:
            unread.add(lines.line_num)


def _series(path: Path, warnings: list[Note]) -> list[_Series]:
    """Return the series that hold numbers.

    Raises:
        DataError: They are too many, or times run back within a table.
    """
    twice: list[int] = []
    unread = Unread()
    found: dict[tuple[tuple[str, str], ...], _Series] = {}
    for count, (line, header, row) in enumerate(_rows(path, unread)):
        if count >= _MOST_VALUES:
            raise DataError(
                f"{path}: more than {_MOST_VALUES} values; query the one field that holds the power, or in parts"
            )
        names = {
            name: text
            for name, text in row.items()
            if name not in ("_time", "_value", "_start", "_stop", "table", "")
        }
        series = found.setdefault(tuple(names.items()), _Series(names))
        if len(found) > _MOST_SERIES:
            raise DataError(f"{path}: more than {_MOST_SERIES} series; query the one that holds the power")
        time, value = row["_time"], row["_value"]
        own = (header, row.get("table", ""))
        if own != series.table:
            series.order.part_ends()
            series.table = own
        series.order.add(_ns(time), line)
        if series.points.get(time, value) != value:
            twice.append(line)
        series.points[time] = value
    numeric = [
        series
        for series in found.values()
        if sum(not math.isnan(float_or_nan(text)) for text in series.points.values()) * 2 > len(series.points)
    ]
    for series in numeric:
        series.order.refuse_set_back(str(path), _label(series, ()), "line", _APART)
    if twice:
        text = (
            f"{plural(len(twice), 'value stands', 'values stand')} at a time that its series had before with another value; the later one "
            f"was used (first at line {twice[0]})"
        )
        warnings.append(Note.warning("rows-left-out", text))
    warnings += unread.notes()
    return numeric


def _electric(found: list[_Series], warnings: list[Note]) -> list[_Series]:
    """Return the series whose names speak of electricity, or all where none does; the others are listed."""
    kept = [s for s in found if _name(s).quantity in ELECTRIC or _name(s).is_electric]
    if not kept or len(kept) == len(found):
        return found
    others = dict.fromkeys(s.names.get("_field", "") for s in found if s not in kept)
    text = f"series that are not power or energy were left out: {', '.join(list(others)[:6])}"
    warnings.append(Note.info("series-left-out", text))
    return kept


def _name(series: _Series) -> Heading:
    return heading(_label(series, ()))


def _ns(stamp: str) -> int:
    """Return a stamp's nanoseconds, to sort by: with and without a fraction they do not sort as text."""
    found = wall(stamp)
    return 0 if found is None else found.ns - (found.zone_ns or 0)


def _label(series: _Series, differing: Sequence[str]) -> str:
    """Return a series' column name: the tags in which it differs, its field, and its unit where the measurement is one."""
    parts = [series.names[key] for key in differing if series.names.get(key)]
    measurement, own = series.names.get("_measurement", ""), series.names.get("_field", "")
    unit = of_unit(measurement)
    if unit is not None and unit[0] in ELECTRIC:
        return f"{' '.join(parts) or own} ({measurement})"
    return " ".join([*parts, own or measurement or "value"])


def _wide(path: Path, found: Sequence[_Series], choices: Choices) -> Log:
    """Read series of shared times as the columns of one table.

    Raises:
        DataError: They were not read at the same times.
    """
    tags = dict.fromkeys(name for series in found for name in series.names if name not in _OWN)
    differing = [
        tag for tag in (*tags, "_measurement", "result") if len({s.names.get(tag) for s in found}) > 1
    ]
    labels = [_label(series, differing) for series in found]
    times = sorted({time for series in found for time in series.points}, key=_ns)
    shared = min(len(series.points) for series in found) >= _SHARED * len(times)
    if not shared and len({series.names.get("_field") for series in found}) > 1:
        listed = ", ".join(dict.fromkeys(s.names.get("_field", "") for s in found))
        raise DataError(
            f"{path}: its series ({listed}) were written at different times, so that they are not rows of one table; query one of "
            'them: |> filter(fn: (r) => r._field == "…")'
        )
    if not shared:
        name = found[0].names.get("_field") or "value"
        rows = [
            (time, label, text)
            for label, series in zip(labels, found, strict=True)
            for time, text in series.points.items()
        ]
        rows.sort(key=lambda row: (_ns(row[0]), row[1]))
        return read_as_table(path, ["time", "name", name], rows, choices)
    table = ([time, *(series.points.get(time, "") for series in found)] for time in times)
    return read_as_table(path, ["time", *labels], table, choices)


def _history(path: Path, found: Sequence[_Series], choices: Choices) -> Log:
    """Read what Home Assistant wrote as its history, of the entities whose measurement is a unit of electricity."""
    rows = []
    for series in found:
        unit = series.names.get("_measurement", "")
        known = of_unit(unit)
        if known is None or known[0] not in ELECTRIC or series.names.get("_field", "value") != "value":
            continue
        entity = f"{series.names['domain']}.{series.names['entity_id']}"
        rows += [(entity, f"{text} {unit}", time) for time, text in series.points.items()]
    if not rows:
        raise DataError(f"{path}: none of Home Assistant's entities in it has a unit of power or energy")
    rows.sort(key=lambda row: _ns(row[2]))
    return read_as_table(path, ["entity_id", "state", "last_changed"], rows, choices)
