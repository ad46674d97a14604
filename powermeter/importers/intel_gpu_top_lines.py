"""Imports the lines that `intel_gpu_top -l` prints: two lines of names above columns, again after every screen.

It prints no times; how often is its option -s, one second where nothing was stated (igt-gpu-tools, tools/intel_gpu_top.c).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log

_GROUPS = ("Freq MHz", "Power W")
_FREQUENCIES = ["req", "act"]
_POWERS = ("gpu", "pkg")


class IntelGpuTopLines(Importer):
    name = "intel-gpu-top-lines"
    title = "lines of intel_gpu_top -l"
    takes = frozenset({"rate", "rail", "sum"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        head = peek.lines[:6]
        return any(
            all(word in groups for word in _GROUPS) and names.split()[:2] == _FREQUENCIES
            for groups, names in pairwise(head)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        if choices.period_s is None:
            raise ConfigurationError(
                f"{path}: the lines of intel_gpu_top have no times: state how often it printed, --rate 1s where it ran without -s"
            )
        names = next((line.split() for line in read_lines(path) if line.split()[:2] == _FREQUENCIES), [])
        places = [names.index(name) for name in _POWERS if name in names]
        if not places:
            raise DataError(
                f"{path}: no power in it: this card reports none, or the user who ran intel_gpu_top may not read it"
            )
        header = ["RC6 %", *(f"Power W {names[place]}" for place in places)]
        return read_as_table(path, header, _values(path, names, places), choices, of=cls)


def _values(path: Path, names: list[str], places: list[int]) -> Iterator[list[str]]:
    for line in read_lines(path):
        cells = line.split()
        if len(cells) == len(names) and cells[0].isdecimal():
            yield ["", *(cells[place] for place in places)]
