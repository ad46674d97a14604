"""Reads chosen columns of a delimited text file, row by row, within bounds; `column_channels` makes samples of them."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Accuracy, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import read_lines
from powermeter.importers.log import RELATIVE, UTC, Choices
from powermeter.importers.stamps import (
    Axis,
    Wall,
    axis,
    number_ns,
    regular,
    since_midnight,
    time_of_day_ns,
    wall,
)
from powermeter.importers.time_zones import zone_notes
from powermeter.importers.unread_lines import UnreadCells
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

MAX_ROWS = 100_000_000
MAX_COLUMNS = 2000
LARGEST = 1e30
"""No quantity that is recorded is as large, in SI units; what is, is damage."""


@dataclass(frozen=True, slots=True)
class LogColumn:
    """One column to read.

    Attributes:
        index: Its place in the row, from 0.
        name: The channel's name.
        quantity: What it measures.
        factor: SI units per unit as written.
        rail: The rail it measures.
        kind: How its samples relate to time.
        missing: Values that mean "none".
        accuracy: The limits of the instrument, where they are known; the step is found in the file.
        window_ns: Mean channels: the averaging window.
        wrap: Counters: SI value after which it starts again, where known.
    """

    index: int
    name: str
    quantity: Quantity
    factor: float = 1.0
    rail: Rail | None = None
    kind: Kind = Kind.INSTANT
    missing: frozenset[float] = frozenset()
    accuracy: Accuracy = UNKNOWN
    window_ns: int | None = None
    grade: Grade = Grade.MEASURED


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """The column of times.

    Attributes:
        index: Its place in the row; None where the rows come at a fixed period.
        style: `wall`, `day` (time of day), `epoch` or `relative`.
        tick_ns: Nanoseconds per unit of a numeric time.
        period_s: The fixed period.
    """

    index: int | None
    style: str = "relative"
    tick_ns: int = NS
    period_s: float | None = None


@dataclass(slots=True)
class TableRead:
    """What was read.

    Attributes:
        axis: The times that remain.
        values: One array per column, only rows of the axis.
        clock: `UTC` or `RELATIVE`.
        warnings: What was left out or assumed.
        where: The file, for messages.
    """

    axis: Axis
    values: list[NDArray[np.float64]]
    clock: str
    warnings: list[Note]
    where: str = ""


def rows(path: Path, delimiter: str, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Return (line number, fields) of each row that is not blank.

    Args:
        path: The file.
        delimiter: One character, or blank for any run of blanks.
        skip: How many lines to pass over first.

    Raises:
        DataError: It cannot be read as a table.
    """
    lines = islice(read_lines(path), skip, None)
    if delimiter == " ":
        reader: Iterator[list[str]] = (line.split() for line in lines)
    else:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    for number in count(skip + 1):
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise DataError(f"{path}, row {number}: {error}; this is not a table of text") from None
        if fields is None:
            return
        if number > MAX_ROWS:
            raise DataError(f"{path}: more than {MAX_ROWS} rows; split it and import the parts")
        if len(fields) > MAX_COLUMNS:
            raise DataError(f"{path}, row {number}: {len(fields)} columns; this is not a power log")
        if any(map(str.strip, fields)):
            yield number, fields


@dataclass(frozen=True, slots=True)
class Written:
    """How a table is written.

    Attributes:
        delimiter: Between fields.
        skip: Lines before the first row.
        decimal_comma: Whether numbers have a comma.
        is_comment: Detects a row that holds no samples.
    """

    delimiter: str = ","
    skip: int = 0
    decimal_comma: bool = False
    is_comment: Callable[[list[str]], bool] | None = None


def read_table(
    path: Path,
    columns: Sequence[LogColumn],
    time: TimeColumn,
    choices: Choices,
    *,
    written: Written | None = None,
    spread: bool = True,
) -> TableRead:
    """Read a table's columns and times.

    Raises:
        DataError: There are no samples, or the rows do not fit the header.
    """
    written = written or Written()
    if not columns:
        raise DataError(f"{path}: no column of it is one that is recorded")
    values = [array("d") for _ in columns]
    stamps: list[int | None] = []
    naive: list[bool] = []
    read_stamp = _stamp_reader(time, naive)
    needed = max([column.index for column in columns] + ([time.index] if time.index is not None else []))
    whole = short = unreadable = 0
    number = to_number if written.decimal_comma else float_or_nan
    unread = [UnreadCells() for _ in columns]
    for line, fields in rows(path, written.delimiter, written.skip):
        if written.is_comment is not None and written.is_comment(fields):
            continue
        if len(fields) <= needed:
            short += 1
            continue
        whole += 1
        if time.index is not None:
            stamps.append(read_stamp(fields[time.index]))
        good = False
        empty = []
        for column, store, cells in zip(columns, values, unread, strict=True):
            value = number(fields[column.index])
            if math.isnan(value):
                empty.append(cells)
            if value in column.missing:
                value = np.nan
            good = good or not math.isnan(value)
            store.append(value)
        unreadable += not good
        for cells in empty if good else ():
            cells.add(line)
    if not whole:
        raise DataError(
            f"{path}: no samples: {'no row is whole' if short else 'the header has no rows under it'}"
        )
    if unreadable == whole:
        raise DataError(
            f"{path}: no samples: none of {plural(whole, 'row')} holds a number in {columns[0].name}"
        )
    if (short + unreadable) * 10 > whole:
        raise DataError(
            f"{path}: {short + unreadable} of {plural(whole + short, 'row')} are cut or hold no number; "
            "this is not the format it looks like"
        )
    stamps = choices.in_utc(stamps, naive) if naive else stamps
    warnings: list[Note] = []
    if short:
        warnings.append(
            Note.warning(
                "rows-left-out",
                f"{plural(short, 'row with too few fields was', 'rows with too few fields were')} left out",
            )
        )
    if unreadable:
        warnings.append(
            Note.warning(
                "missing-values",
                f"{plural(unreadable, 'row without any number was', 'rows without any number were')} kept as missing",
            )
        )
    found = _axis(path, time, stamps, whole, spread)
    arrays = [np.frombuffer(store, np.float64)[found.kept] for store in values]
    clock = UTC if time.style in ("wall", "epoch") else RELATIVE
    notes = [
        note
        for column, cells in zip(columns, unread, strict=True)
        for note in cells.notes(column.name, whole)
    ]
    notes = (
        warnings
        + notes
        + found.warnings
        + zone_notes(choices.zone, naive=time.style == "wall" and bool(stamps))
    )
    return TableRead(found, arrays, clock, notes, str(path))


def _axis(path: Path, time: TimeColumn, stamps: list[int | None], length: int, spread: bool) -> Axis:
    if time.index is None:
        assert time.period_s is not None
        return regular(length, time.period_s)
    if time.style == "day":
        stamps = since_midnight(stamps)
    return axis(stamps, str(path), spread=spread)


def _stamp_reader(time: TimeColumn, naive: list[bool]) -> Callable[[str], int | None]:
    """Return what reads a stamp; of stamps with a date `naive` is filled with whether each named no zone."""

    def from_wall(text: str) -> int | None:
        stamp: Wall | None = wall(text)
        naive.append(stamp is not None and stamp.zone_ns is None)
        return None if stamp is None else stamp.ns - (stamp.zone_ns or 0)

    if time.style == "wall":
        return from_wall
    if time.style == "day":
        return time_of_day_ns
    tick = time.tick_ns
    return lambda text: number_ns(text, tick)


def to_number(text: str) -> float:
    """Return a number written with a decimal comma."""
    return float_or_nan(text.replace(",", "."))


__all__ = [
    "LogColumn",
    "TableRead",
    "TimeColumn",
    "read_table",
    "rows",
    "to_number",
]
