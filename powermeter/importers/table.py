"""Imports any table of text: CSV, semicolons, tabs or blanks, of one device or of several.

What the columns are is recognised from the header, from the tool that wrote it and from the data, or named
with options.  A unit that is not written anywhere is never guessed, nor is a time: one message lists what
must be stated.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from powermeter.channel import Accuracy, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.column_roles import understand
from powermeter.importers.files import Peek
from powermeter.importers.headers import heading
from powermeter.importers.layout import APART, Layout, layout, split
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.not_logs import clock_in_header, hours_in_columns, prose, words_only
from powermeter.importers.open_questions import OpenQuestions, with_what_follows
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.table_reading import OpenTable
from powermeter.result import Grade


class TableImporter(Importer):
    name = "csv"
    title = "a table"
    takes = frozenset(
        {"unit", "rate", "column", "voltage", "zone", "rail", "sum", "as", "dates", "decimal", "interleaved"}
    )
    counts_lines = True
    accuracy: ClassVar[Accuracy] = UNKNOWN
    grade: ClassVar[Grade] = Grade.ASSUMED

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        first = peek.lines[0]
        return any(map(str.isdigit, peek.text)) or any(mark in first for mark in ",;\t")

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Return whether it is a table whose header names a time and a quantity with its unit."""
        if not cls.recognises(peek):
            return False
        found = layout(peek)
        return (
            found.named
            and bool(found.rows)
            and any(h.is_time for h in found.headings)
            and any(isinstance(h.quantity, Quantity) for h in found.headings)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = cls.look(path)
        try:
            return cls._read(path, found, choices)
        except OpenQuestions as asked:
            raise with_what_follows(path, asked, lambda stated: cls._read(path, found, stated)) from None

    @classmethod
    def _read(cls, path: Path, found: Layout, choices: Choices) -> Log:
        return OpenTable(path, cls.understand(path, found, choices), choices, cls).log()

    @classmethod
    def look(cls, path: Path) -> Layout:
        """Return where the table stands in a file.

        Raises:
            DataError: There is none.
        """
        peek = Peek.at(path)
        if peek.is_binary or not peek.lines:
            raise DataError(f"{path}: {'empty' if not peek.lines else 'not a text file'}")
        if re.match(r"\s*[\[{(]\s*(?:-?[\d.]+\s*,|\[|\{|\")", peek.lines[0]):
            raise ConfigurationError(
                f"{path}: its lines are lists of bare numbers: no header, no time, no unit. Write it as a CSV with "
                "one sample a row, then import that with --rate and --column 1=UNIT"
            )
        text = prose(peek)
        if text is not None:
            raise DataError(f"{path}: {text}")
        found = layout(peek)
        words = words_only(peek, found)
        if words is not None:
            raise DataError(f"{path}: {words}")
        turned = hours_in_columns(split(peek.lines[:1], found.delimiter)[0]) or clock_in_header(found.header)
        if turned is not None:
            raise DataError(f"{path}: {turned}")
        wide = _header_too_narrow(peek, found)
        if wide is not None:
            remedy = "Add the missing name"
            if found.delimiter == ",":
                remedy = (
                    "Decimal commas in a table divided by commas fall apart like that: export it with semicolons or with decimal points; "
                    "else add the missing name"
                )
            raise DataError(
                f"{path}: its header has {wide[0]} fields and its rows have {wide[1]}: which of them has no name is not known. {remedy}"
            )
        if found.named and not found.rows:
            raise DataError(f"{path}: no samples: the header has no rows under it")
        return found

    @classmethod
    def understand(cls, path: Path, found: Layout, choices: Choices) -> TablePlan:
        """Return what the columns are; subclasses of one tool may know more."""
        return understand(path, found, choices)


def _header_too_narrow(peek: Peek, found: Layout) -> tuple[int, int] | None:
    """Return how many fields header and rows have, where rows have more, as after decimal commas fell apart; else None."""
    if found.delimiter in (" ", APART) or not 0 < found.skip <= len(peek.raw_lines):
        return None
    if found.named:
        names, width = len(found.header), len(found.headings)
        surplus = [row for row in found.rows if len(row) > names > 0 and any(row[names:])]
        return (names, max(map(len, surplus))) if len(surplus) * 2 > len(found.rows) else None
    above = next((line for line in reversed(peek.raw_lines[: found.skip]) if line.strip()), "")
    texts = split([above], found.delimiter)[0]
    width = len(found.headings)
    known = any(h.quantity is not None or h.is_electric or h.is_time for h in map(heading, texts))
    return (len(texts), width) if known and 1 < len(texts) < width else None
