"""Imports what sketches print to a serial monitor: one labelled value a line, in blocks.

::

    20:38:05.040 -> Bus Voltage:   4.70 V
    20:38:05.040 -> Current:       206.20 mA
    20:38:05.040 -> Power:         970.00 mW

A block ends where a label comes again.  A time before the arrow (or at the start of the line) is used; without one
`--rate` states how often a block was printed.  The lines become a table, and the table's rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table_reading import NO_UNIT
from powermeter.notes import Note

_LINE = re.compile(
    r"\s*(?:\[?(?P<time>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,6})?)\]?\s*(?:->|>|:|,|-)?\s+)?"
    r"(?P<label>[A-Za-z][A-Za-z0-9 _.()-]{0,40}?)\s*[:=]\s*(?P<value>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>[A-Za-zµμ%°]{1,4})?\s*"
)
_UEVENT = {
    "POWER_SUPPLY_VOLTAGE_NOW": "uV",
    "POWER_SUPPLY_CURRENT_NOW": "uA",
    "POWER_SUPPLY_POWER_NOW": "uW",
    "POWER_SUPPLY_ENERGY_NOW": "uWh",
    "POWER_SUPPLY_CHARGE_NOW": "uAh",
}
"""Units of the kernel's power_supply class (its documentation: µV, µA, µW, µWh, µAh)."""

_MOST_LABELS = 64
_FEWEST_BLOCKS = 2


class LabelledLines(Importer):
    """Lines of a label, a value and its unit."""

    name = "labelled"
    title = "labelled lines of a serial monitor"
    takes = frozenset(
        {"unit", "rate", "column", "voltage", "zone", "rail", "sum", "as", "dates", "interleaved"}
    )

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary or len(peek.lines) < 4:
            return False
        lines = peek.lines[:100]
        matches = [_LINE.fullmatch(line) for line in lines]
        found = [match for match in matches if match is not None]
        electric = [
            m
            for m in found
            if heading(f"{m['label']} ({m['unit'] or _UEVENT.get(m['label'], '')})").quantity in ELECTRIC
        ]
        labels = {match["label"] for match in found}
        return (
            len(found) * 2 > len(lines)
            and len(electric) >= 2 * _FEWEST_BLOCKS
            and len(labels) * _FEWEST_BLOCKS <= len(found)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        labels: dict[str, str] = {}
        for match in _matches(path):
            if match["label"] not in labels and len(labels) < _MOST_LABELS:
                labels[match["label"]] = match["unit"] or _UEVENT.get(match["label"], "")
        if not labels:
            raise DataError(f"{path}: no line of it is a label, a value and its unit")
        timed = next((match["time"] is not None for match in _matches(path)), False)
        head = ["time"] * timed + [f"{label} ({unit})" if unit else label for label, unit in labels.items()]
        rows = (
            [*[time or ""] * timed, *(block.get(label, "") for label in labels)]
            for time, block in _blocks(path, list(labels))
        )
        log = read_as_table(path, head, rows, choices)
        log.format = cls.name
        log.warnings = [
            text for text in log.warnings if not (isinstance(text, Note) and text.code == NO_UNIT)
        ]
        log.warnings.append(
            f"labelled lines were put together in blocks of {len(labels)} values: {', '.join(labels)}"
        )
        return log


def _matches(path: Path) -> Iterator[re.Match[str]]:
    for line in read_lines(path):
        match = _LINE.fullmatch(line[:200])
        if match is not None:
            yield match


def _blocks(path: Path, labels: list[str]) -> Iterator[tuple[str | None, dict[str, str]]]:
    block: dict[str, str] = {}
    time: str | None = None
    for match in _matches(path):
        if match["label"] not in labels:
            continue
        if match["label"] in block:
            yield time, block
            block, time = {}, None
        time = time or match["time"]
        unit = match["unit"] or ""
        block[match["label"]] = f"{match['value']} {unit}".strip()
    if len(block) == len(labels):  # a cut last block is not believed
        yield time, block
