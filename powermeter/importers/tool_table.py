"""What is known of the table that one tool writes: its columns, and how far they can be trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from powermeter.channel import Accuracy, Boundary
from powermeter.importers.accuracies import UNKNOWN
from powermeter.result import Grade


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """What one column of a tool's table is.

    Attributes:
        pattern: Regular expression for the whole header, lower case.
        unit: Of its values; empty where the header names it; `-` leaves the column out.
        as_: `power`, `mean`, `counter`, `per-row` or `held`; empty lets name and data decide.
        rail: The rail's name; groups of the pattern may be used; empty takes it from the header.
        parent: The rail it is a part of.
        boundary: What the rail covers.
        window_ns: The averaging window of a mean that is not the interval between rows.
    """

    pattern: str
    unit: str = ""
    as_: str = ""
    rail: str = ""
    parent: str | None = None
    boundary: Boundary | None = None
    window_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """One tool's table.

    Attributes:
        name: What reports call the instrument.
        title: For people.
        must: Regular expressions; each must match a whole header, lower case.
        columns: What the columns are; the first that matches counts.
        devices: Headers that distinguish devices, in this order of preference.
        keep: (header, value) pairs of the rows that count; others are rows of another kind.
        grade, accuracy: Of its values.
        source: Where these facts are from.
        held: Whether rows come only when something changes.
        spread: Whether coarse stamps are spread.
        lag: The header of what is added to a time that is the row's before, or empty.
        closing: Words that the tool's own summary under the rows begins with, lower case.
    """

    name: str
    title: str
    must: tuple[str, ...]
    columns: tuple[ColumnFact, ...] = ()
    devices: tuple[str, ...] = ()
    keep: tuple[tuple[str, str], ...] = ()
    grade: Grade = Grade.ASSUMED
    accuracy: Accuracy = UNKNOWN
    source: str = ""
    held: bool = False
    spread: bool = True
    lag: str = ""
    closing: tuple[str, ...] = ()

    def fact(self, header: str) -> tuple[ColumnFact, re.Match[str]] | None:
        """Return what is known of a column."""
        for column in self.columns:
            match = re.fullmatch(column.pattern, header)
            if match is not None:
                return column, match
        return None
