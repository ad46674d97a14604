"""Imports what `esphome logs` printed: each sensor's state, with its unit, at the time of the day.

A line is `[14:03:05][D][sensor:094]: 'Plug Power': Sending state 1.00000 W with 2 decimals of accuracy` (ESPHome's `sensor.cpp`;
some versions print `>>` before the value), with colours or without.  States that are sent together become a row; the table's rules hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table import TableImporter
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_STATE = re.compile(
    r"(?:\x1b\[[\d;]*m)?\[(?P<time>(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(?:\.\d{1,6})?)\]\[[A-Z]+\]\[(?:sensor|[\w.]+\.sensor):\d+\]: "
    r"'(?P<name>[^']{1,80})'(?:: Sending state| >>) (?P<value>[+-]?(?:\d+(?:\.\d+)?|nan|inf)) (?P<unit>\S{0,8})"
)
_ALMOST = re.compile(r"\[D\]\[sensor:|\d \S{1,8} with \d decimals of accuracy")
_PREFERRED = ("power", "energy", "current", "charge", "voltage")
_MOST_SENSORS = 200


class EspHome(Importer):
    name = "esphome"
    title = "a log of ESPHome"
    takes = TableImporter.takes - {"rate"}
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and any(_STATE.match(line[:400]) for line in peek.lines[:400])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        counts: Counter[str] = Counter(label for _, label, _ in _states(path, unread))
        electric = {label: count for label, count in counts.items() if _quantity(label) is not None}
        if not electric or len(counts) > _MOST_SENSORS:
            listed = ", ".join(list(counts)[:8])
            raise DataError(
                f"{path}: no sensor of power, voltage, current or energy in ESPHome's log ({listed})"
            )
        labels, others = _of_one_pace(path, electric)
        log = read_as_table(path, ["time", *labels], _rows(path, labels), choices, of=cls)
        log.metadata["tool"] = "ESPHome"
        log.warnings += unread.notes()
        if others:
            text = f"sensors that send at another pace were left out: {', '.join(others[:8])}"
            log.warnings.append(Note.warning("column-left-out", text))
        return log


def _states(path: Path, unread: Unread | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield (time, sensor with its unit, value) of each state; lines that were one are counted."""
    for number, line in enumerate(read_lines(path), 1):
        match = _STATE.match(line[:400])
        if match is None and unread is not None and _ALMOST.search(line[:400]):
            unread.add(number)
        if match is not None:
            unit = "" if match["unit"] == "with" else match["unit"].replace("\x1b[0m", "")
            yield match["time"], f"{match['name']} ({unit})" if unit else match["name"], match["value"]


def _quantity(label: str) -> str | None:
    """Return what a sensor measures, where it is electricity."""
    named = heading(label)
    quantity = named.quantity or (named.implied if named.is_electric else None)
    return next((q.value for q in ELECTRIC if q is quantity), None)


def _of_one_pace(path: Path, electric: dict[str, int]) -> tuple[list[str], list[str]]:
    """Return the sensors that send as often as those of power do, and the others.

    Raises:
        DataError: Powers are sent at different paces.
    """
    lead = min(electric, key=lambda label: _PREFERRED.index(_quantity(label) or "voltage"))
    same = [label for label, n in electric.items() if 0.8 * electric[lead] <= n <= 1.25 * electric[lead] + 1]
    others = [label for label in electric if label not in same]
    kind = _quantity(lead)
    if any(_quantity(label) == kind for label in others):
        listed = ", ".join(repr(heading(label).name) for label in electric if _quantity(label) == kind)
        name = heading(lead).name
        raise DataError(
            f"{path}: ESPHome's sensors of {kind} send at different paces ({listed}), so that they are not rows of one table; keep the "
            f"lines of one, for example: grep -F \"'{name}'\" {path.name} > one.log"
        )
    return same, others


def _rows(path: Path, labels: list[str]) -> Iterator[list[str]]:
    """Yield a row for each round of states: it ends where a sensor comes again."""
    stamp, row = "", dict[str, str]()
    for time, label, value in _states(path):
        if label not in labels:
            continue
        if label in row:
            yield [stamp, *(row.get(name, "") for name in labels)]
            row = {}
        stamp = time if not row else stamp
        row[label] = value
    if len(row) == len(labels):  # a round that was cut is not believed
        yield [stamp, *(row[name] for name in labels)]
