"""Imports a table each of whose lines stands in one pair of quotes, as a spreadsheet writes one that was pasted into a single column.

::

    "time_s,power_W"
    "0,5.1"
"""

from __future__ import annotations

import re
from pathlib import Path

from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table import TableImporter

_LINE = re.compile(r'\s*"([^"]*)"[\s,;]*')


class QuotedLines(Importer):
    """A table that a spreadsheet put into one column."""

    name = "quoted-lines"
    title = "a table whose lines stand in quotes"
    takes = TableImporter.takes

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [line for line in peek.raw_lines[:100] if line.strip("\ufeff ")]
        return len(lines) > 1 and _delimiter(lines) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        delimiter = _delimiter(Peek.at(path).raw_lines[:100]) or ","
        rows = (
            [cell.strip() for cell in _LINE.sub(r"\1", line).split(delimiter)]
            for line in read_lines(path)
            if line.strip()
        )
        header = next(rows)
        return read_as_table(path, [header[0].lstrip("\ufeff"), *header[1:]], rows, choices, of=cls)


def _delimiter(lines: list[str]) -> str | None:
    """Return what divides the text inside the quotes into as many fields on each line, or None."""
    inner = [
        match and match[1]
        for line in lines
        if line.strip()
        for match in [_LINE.fullmatch(line.lstrip("\ufeff"))]
    ]
    if None in inner or not inner or not any(map(str.isalpha, str(inner[0]))):
        return None
    for delimiter in "\t;,":
        counts = {str(text).count(delimiter) for text in inner}
        if len(counts) == 1 and counts != {0}:
            return delimiter
    return None
