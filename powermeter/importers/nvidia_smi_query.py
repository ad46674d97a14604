"""Imports what a loop over `nvidia-smi -q -d POWER` printed, as text or in XML (`-x`): a report of every card, again and again.

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
from powermeter.importers.cells import is_missing_word
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.nvidia_smi_report import is_text, is_xml, parts
from powermeter.importers.unread_lines import Unread

_RANK = {None: 0, "Instantaneous": 1, "Average": 2}


class NvidiaSmiQuery(Importer):
    name = "nvidia-smi-query"
    title = "reports of nvidia-smi -q"
    takes = frozenset({"zone", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and (is_text(peek.raw_lines[:400]) or is_xml(peek.text))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        rows = _rows(path, is_xml(Peek.at(path).text), unread)
        log = read_as_table(path, ["timestamp", "pci.bus_id", "power.draw [W]"], rows, choices, of=cls)
        log.warnings += unread.notes()
        return log


def _rows(path: Path, xml: bool, unread: Unread) -> Iterator[tuple[str, str, str]]:
    """Yield (time, bus id, power) of each card in each report; a card's line without a draw below it is counted.

    Raises:
        DataError: A report has no time before its cards, or no card in the file has a draw.
    """
    stamp = card = None
    draws: dict[str | None, str] = {}
    is_of_card = True
    opened = found = 0
    for part in parts(path, xml=xml):
        if part.draw is not None:
            if is_of_card:
                draws.setdefault(*part.draw)
            continue
        if part.is_of_card is not None:
            is_of_card = part.is_of_card
            continue
        if card is not None and draws:
            found += 1
            yield _row(path, stamp, card, draws)
        elif card is not None:
            unread.add(opened)
        draws, is_of_card = {}, True
        stamp, card, opened = part.stamp or stamp, part.card, part.line
    if card is not None and draws:
        found += 1
        yield _row(path, stamp, card, draws)
    elif card is not None:
        unread.add(opened)
    if not found:
        raise DataError(
            f"{path}: reports of nvidia-smi -q without a power draw; log it with nvidia-smi -q -d POWER -l 1"
        )


def _row(path: Path, stamp: str | None, card: str, draws: dict[str | None, str]) -> tuple[str, str, str]:
    try:
        time = datetime.strptime(stamp or "", "%a %b %d %H:%M:%S %Y")
    except ValueError:
        raise DataError(f"{path}: the report of {card} has no time that can be read ({stamp})") from None
    power = min(draws.items(), key=lambda draw: (is_missing_word(draw[1]), _RANK.get(draw[0], 3)))[1]
    return time.isoformat(" "), card, re.sub(r"\s*W\Z", "", power)
