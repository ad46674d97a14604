"""Imports what `rrdtool fetch` printed: the names of the data sources, and `1757844000: 1.2345000000e+02` a line.

Each value is the mean over the step that ends at its time.  Source: rrdfetch(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table import TableImporter

_ROW = re.compile(
    r"\s*(\d{1,10}):((?:\s+(?:-?nan|[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?))+)\s*\Z", re.ASCII | re.IGNORECASE
)
_MOST_SOURCES = 200
_FEWEST = 2


class RrdtoolFetch(Importer):
    name = "rrdtool"
    title = "what rrdtool fetch printed"
    takes = TableImporter.takes

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [line for line in peek.raw_lines[:40] if line.strip()]
        rows = sum(_ROW.match(line) is not None for line in lines)
        return not peek.is_binary and rows >= _FEWEST and rows >= len(lines) - 2

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        names: list[str] = []
        for line in read_lines(path):
            row = _ROW.match(line)
            if row is not None:
                width = len(row[2].split())
                break
            names = line.split() or names
        else:
            raise DataError(f"{path}: no line of it is a time, a colon and values")
        if width > _MOST_SOURCES:
            raise DataError(f"{path}: {width} data sources; this is not a log of power")
        heads = names if len(names) == width else [f"source {i + 1}" for i in range(width)]
        if not choices.as_:
            choices = replace(choices, as_={"": "mean"})
        log = read_as_table(path, ["time (s)", *heads], _rows(path, width), choices)
        log.format = cls.name
        return log


def _rows(path: Path, width: int) -> Iterator[list[str]]:
    for line in read_lines(path):
        row = _ROW.match(line)
        if row is not None and len(cells := row[2].split()) == width:
            yield [row[1], *("" if "nan" in cell.lower() else cell.replace(",", ".") for cell in cells)]
