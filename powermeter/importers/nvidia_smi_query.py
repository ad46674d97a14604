"""Imports what a loop over `nvidia-smi -q -d POWER` printed: a report of every card, again and again.

::

    Timestamp                                 : Tue Mar  5 14:00:00 2024
    GPU 00000000:01:00.0
        GPU Power Readings
            Power Draw                        : 66.12 W

The draw of the card counts; its limits and the module around it do not.  The reports become a table of times, bus ids
and powers, and the table's rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.damage import Unread
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log

_STAMP = re.compile(r"Timestamp\s+:\s+(\w{3} \w{3}\s+\d{1,2} \d\d:\d\d:\d\d \d{4})\s*\Z")
_CARD = re.compile(r"GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s*\Z")
_DRAW = re.compile(r"\s+(?:(Average|Instantaneous) )?Power Draw\s+:\s+(.+?)\s*\Z")
_MODULE = re.compile(r"\s+(Module|GPU Memory) Power Readings")
_CARD_AGAIN = re.compile(r"\s+(GPU )?Power Readings")
_RANK = {None: 0, "Instantaneous": 1, "Average": 2}


class NvidiaSmiQuery(Importer):
    name = "nvidia-smi-query"
    title = "reports of nvidia-smi -q"
    takes = frozenset({"zone", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = peek.raw_lines[:400]
        return any("NVSMI LOG" in line for line in lines) and any(map(_DRAW.match, lines))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        log = read_as_table(path, ["timestamp", "pci.bus_id", "power.draw [W]"], _rows(path, unread), choices)
        log.format = cls.name
        log.warnings += unread.notes()
        return log


def _rows(path: Path, unread: Unread) -> Iterator[tuple[str, str, str]]:
    """Yield (time, bus id, power) of each card in each report; a card's line without a draw below it is counted.

    Raises:
        DataError: A report has no time before its cards.
    """
    stamp = card = None
    draws: dict[str | None, str] = {}
    whose_module = False
    opened = 0
    for number, line in enumerate(read_lines(path), 1):
        found, known, draw = _STAMP.match(line), _CARD.match(line), _DRAW.match(line)
        if (found or known) and card is not None and draws:
            yield _row(path, stamp, card, draws)
        elif (found or known) and card is not None:
            unread.add(opened)
        if found or known:
            draws, whose_module = {}, False
        if found is not None:
            stamp, card = found[1], None
        elif known is not None:
            card, opened = known[1], number
        elif _MODULE.match(line):
            whose_module = True
        elif _CARD_AGAIN.match(line):
            whose_module = False
        elif draw is not None and not whose_module:
            draws.setdefault(draw[1], draw[2])
    if card is not None and draws:
        yield _row(path, stamp, card, draws)
    elif card is not None:
        unread.add(opened)


def _row(path: Path, stamp: str | None, card: str, draws: dict[str | None, str]) -> tuple[str, str, str]:
    try:
        time = datetime.strptime(stamp or "", "%a %b %d %H:%M:%S %Y")
    except ValueError:
        raise DataError(f"{path}: the report of {card} has no time that can be read ({stamp})") from None
    power = draws[min(draws, key=lambda kind: _RANK.get(kind, 3))]
    return time.isoformat(" "), card, re.sub(r"\s*W\Z", "", power)
