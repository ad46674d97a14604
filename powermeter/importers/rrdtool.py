"""Imports what `rrdtool fetch` printed: the names of the data sources, and `1757844000: 1.2345000000e+02` a line.

So, too, the XML of `rrdtool xport`, whose rows are lines: `<row><t>1757844000</t><v>1.2345000000e+02</v></row>`.  Each value is the mean over
the step that ends at its time.  Sources: rrdfetch(1), rrdxport(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table import TableImporter
from powermeter.importers.unread_lines import Unread

_ROW = re.compile(
    r"\s*(\d{1,10}):((?:\s+(?:-?nan|[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?))+)\s*\Z", re.ASCII | re.IGNORECASE
)
_VALUE = r"(?:-?nan|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_XML_ROW = re.compile(
    rf"\s*<row>\s*<t>(\d{{1,10}})</t>((?:\s*<v>{_VALUE}</v>)+)\s*</row>\s*\Z", re.ASCII | re.IGNORECASE
)
_XML_VALUE = re.compile(rf"<v>({_VALUE})</v>", re.ASCII | re.IGNORECASE)
_XML_NAME = re.compile(r"\s*<entry>([^<>]{1,200})</entry>\s*\Z")
_MOST_SOURCES = 200
_FEWEST = 2
_FIRST_LINES = 5


class RrdtoolFetch(Importer):
    name = "rrdtool"
    title = "what rrdtool fetch or xport printed"
    takes = TableImporter.takes

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [line for line in peek.raw_lines[:40] if line.strip()]
        rows = sum(_ROW.match(line) is not None for line in lines)
        if any(line.strip() == "<xport>" for line in lines[:_FIRST_LINES]):
            return sum(_XML_ROW.match(line) is not None for line in peek.raw_lines) >= _FEWEST
        return not peek.is_binary and rows >= _FEWEST and rows >= len(lines) - 2

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        names: list[str] = []
        entries: list[str] = []
        for line in read_lines(path):
            row = _row(line)
            if row is not None:
                width = len(row) - 1
                break
            if entry := _XML_NAME.match(line):
                entries.append(unescape(entry[1]))
            names = line.split() or names
        else:
            raise DataError(f"{path}: no line of it is a time, a colon and values")
        if width > _MOST_SOURCES:
            raise DataError(f"{path}: {width} data sources; this is not a log of power")
        names = entries or names
        heads = names if len(names) == width else [f"source {i + 1}" for i in range(width)]
        if not choices.as_:
            choices = replace(choices, as_={"": "mean"})
        unread = Unread()
        log = read_as_table(path, ["time (s)", *heads], _rows(path, width, unread), choices, of=cls)
        log.warnings += unread.notes()
        return log


def _row(line: str) -> list[str] | None:
    """Return the time and the values of a line, or None."""
    if (row := _ROW.match(line)) is not None:
        return [row[1], *row[2].split()]
    if (row := _XML_ROW.match(line)) is not None:
        return [row[1], *_XML_VALUE.findall(row[2])]
    return None


def _rows(path: Path, width: int, unread: Unread) -> Iterator[list[str]]:
    """Yield the time and the values of each row; rows of XML that are cut, or of another width, are counted."""
    for number, line in enumerate(read_lines(path), 1):
        row = _row(line)
        if row is not None and len(row) == width + 1:
            yield [row[0], *("" if "nan" in cell.lower() else cell.replace(",", ".") for cell in row[1:])]
        elif row is not None or "<row>" in line:
            unread.add(number)
