"""Imports the counters of a Perfetto trace as a query wrote them: `ts,name,value`, power rails and batteries in one column.

::

    select ts, t.name, value from counter c join counter_track t on c.track_id = t.id

Times are nanoseconds since boot.  Rails (`power.…`) are running totals in µW s; batteries (`batt.…`) name their units.
Source: Perfetto's documentation of its power data sources, and Chromium's power_rails_metric.sql.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.perfetto_rails import log_of
from powermeter.importers.perfetto_trace import BatteryReading, TraceFile
from powermeter.importers.unread_lines import Unread

_COLUMNS = {
    "ts": ("ts", "timestamp"),
    "name": ("name", "track_name", "counter_name", "counter"),
    "value": ("value", "counter_value"),
}
_RAIL = re.compile(r"power\.(?P<name>.{1,100}?)(?:_uws)?")
_BATTERY = re.compile(r"batt\.(?:(?P<name>.{1,40})\.)?(?P<of>[a-z_]{1,24})")
_FIELDS: dict[str, Callable[[BatteryReading, float], None]] = {
    "charge_uah": lambda reading, value: setattr(reading, "charge_uah", round(value)),
    "current_ua": lambda reading, value: setattr(reading, "current_ua", round(value)),
    "voltage_uv": lambda reading, value: setattr(reading, "voltage_uv", round(value)),
    "energy_counter_uwh": lambda reading, value: setattr(reading, "energy_uwh", round(value)),
    "capacity_pct": lambda reading, value: setattr(reading, "percent", value),
}
_LARGEST = 2.0**62


class PerfettoCounters(Importer):
    name = "perfetto-counters"
    title = "a Perfetto trace's counters as a table"
    takes = frozenset({"rail", "sum", "voltage"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        places = None if peek.is_binary or not peek.lines else _places(peek.lines[0])
        if places is None:
            return False
        rows = _rows(iter(peek.lines[1:]), places, Unread())
        return any(_RAIL.fullmatch(name) or _BATTERY.fullmatch(name) for _, name, _ in rows)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        trace, unread = TraceFile(path), Unread()
        lines = read_lines(path)
        places = _places(next(filter(str.strip, lines), ""))
        if places is None:
            raise DataError(
                f"{path}: its first line names no columns ts, name and value of a Perfetto trace's counters"
            )
        rails: dict[str, int] = {}
        states: dict[tuple[str, int], BatteryReading] = {}
        for when, name, value in _rows(lines, places, unread):
            rail, battery = _RAIL.fullmatch(name), _BATTERY.fullmatch(name)
            if rail is not None:
                key = 0, 0, rails.setdefault(rail["name"], len(rails))
                trace.names[key] = rail["name"], "", 0
                trace.energies.setdefault(key, []).append((when, round(value)))
            elif battery is not None and battery["of"] in _FIELDS:
                own = battery["name"] or ""
                state = states.setdefault((own, when), BatteryReading(when, own))
                _FIELDS[battery["of"]](state, value)
        for (own, _), state in states.items():
            trace.batteries.setdefault(own, []).append(state)
        if not trace.energies and not trace.batteries:
            raise DataError(
                f"{path}: counters of a Perfetto trace, none of them of power; query power.% and batt.%"
            )
        log = log_of(trace, cls.name, choices)
        log.warnings += unread.notes()
        return log


def _places(header: str) -> tuple[int, int, int] | None:
    """Return the columns of time, name and value; None where they are not named."""
    names = [text.strip().lower() for text in next(csv.reader([header], skipinitialspace=True), [])]
    found = [next((i for i, name in enumerate(names) if name in own), -1) for own in _COLUMNS.values()]
    return None if min(found) < 0 else (found[0], found[1], found[2])


def _rows(
    lines: Iterator[str], places: tuple[int, int, int], unread: Unread
) -> Iterator[tuple[int, str, float]]:
    """Yield (ns since boot, counter, value) of each row; others are counted."""
    for number, row in enumerate(csv.reader(lines, skipinitialspace=True), 2):
        if not any(row):
            continue
        cells = [row[i].strip() for i in places] if len(row) > max(places) else ["", "", ""]
        value = float_or_nan(cells[2])
        if cells[0].isdecimal() and len(cells[0]) < 19 and abs(value) < _LARGEST:
            yield int(cells[0]), cells[1], value
        else:
            unread.add(number)
