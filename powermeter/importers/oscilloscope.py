"""Imports the CSV of oscilloscopes whose columns do not state what they hold.

Rigol writes row numbers, with start and increment at the end of the second line.  Tektronix writes facts into the
first columns and times and values beside them.  Siglent writes facts above a table whose header calls every input
`Value` or `Volt`.  Keysight writes a plain table (`table.py`).
"""

from __future__ import annotations

import csv
import math
import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import OSCILLOSCOPE
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import number_ns
from powermeter.importers.time_axis import axis
from powermeter.importers.unit_spellings import of_unit
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_MAX_ROWS = 100_000_000
_SIGLENT_HEADER = re.compile(r"(Second|Time),\s*(Value|Volt|Amp)")


@dataclass(slots=True)
class _Capture:
    """Times in ns and the values of each input, with their units."""

    units: list[str]
    names: list[str]
    stamps: list[int | None] = field(default_factory=list)
    values: list[array[float]] = field(default_factory=list)


class Oscilloscope(Importer):
    name = "oscilloscope"
    title = "an oscilloscope's CSV (Rigol, Siglent, Tektronix)"
    takes = frozenset({"voltage", "column"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return _is_rigol(peek) or _is_siglent(peek) or _is_tektronix(peek)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        peek = Peek.at(path)
        reader = _rigol if _is_rigol(peek) else _siglent if _is_siglent(peek) else _tektronix
        capture = reader(path)
        for name, unit in choices.columns.items():
            hits = [
                i for i, own in enumerate(capture.names) if own.lower() == name.lower() or str(i + 2) == name
            ]
            if len(hits) != 1:
                raise ConfigurationError(
                    f"{path}: --column {name}={unit}: no input {name!r}; it has {', '.join(capture.names)}"
                )
            capture.units[hits[0]] = unit
        return _log(path, capture, choices)


def _is_rigol(peek: Peek) -> bool:
    lines = peek.lines[:2]
    return len(lines) == 2 and re.match(r"(X,)?CH\d,.*Start,Increment", lines[0]) is not None


def _is_siglent(peek: Peek) -> bool:
    return peek.head.startswith(b"Record Length,") and any(
        _SIGLENT_HEADER.match(line) for line in peek.lines[1:30]
    )


def _is_tektronix(peek: Peek) -> bool:
    text = "\n".join(peek.lines[:20])
    return (
        bool(re.match(r'"?Record Length"?,', text))
        and "Sample Interval" in text
        and re.search(r",,\s*-?[\d.]+(e[+-]\d+)?,", text) is not None
    )


def _rigol(path: Path) -> _Capture:
    reader = csv.reader(read_lines(path))
    names, units = next(reader, []), next(reader, [])
    places = [i for i, name in enumerate(names) if name.strip().upper().startswith("CH")]
    start_at, step_at = (
        next((i for i, name in enumerate(names) if name.strip() == word), -1)
        for word in ("Start", "Increment")
    )
    if not places or step_at < 0 or max(step_at, start_at, *places) >= len(units):
        raise DataError(f"{path}: no start and no increment in its second line")
    step, start = float_or_nan(units[step_at]), float_or_nan(units[start_at])
    if not 0 < step < 1e6 or not abs(start) < 1e9:
        raise DataError(f"{path}: an increment of {units[step_at]!r} s is none")
    capture = _Capture(
        [units[i].strip() for i in places],
        [names[i].strip() for i in places],
        [],
        [array("d") for _ in places],
    )
    numbered = names[0].strip().upper() == "X"
    for row in reader:
        number = number_ns(row[0], 1) if numbered and row else len(capture.stamps)
        if number is None or len(row) <= max(places):
            continue
        capture.stamps.append(round((start + number * step) * NS))
        for store, place in zip(capture.values, places, strict=True):
            store.append(float_or_nan(row[place]))
        if len(capture.stamps) > _MAX_ROWS:
            raise DataError(f"{path}: more than {_MAX_ROWS} rows; split it and import the parts")
    return capture


def _siglent(path: Path) -> _Capture:
    facts: dict[str, list[str]] = {}
    header: list[str] = []
    capture = _Capture([], [])
    for row in csv.reader(read_lines(path)):
        cells = [text.strip() for text in row]
        if not header:
            if _SIGLENT_HEADER.match(",".join(cells)):
                header = [text for text in cells if text]
                capture.values = [array("d") for _ in header[1:]]
            elif cells:
                facts.setdefault(cells[0], [text for text in cells[1:] if text])
            continue
        stamp = number_ns(cells[0], NS) if cells and cells[0] else None
        if stamp is None:
            continue
        if len(capture.stamps) >= _MAX_ROWS:
            raise DataError(f"{path}: more than {_MAX_ROWS} rows; split it and import the parts")
        capture.stamps.append(stamp)
        for i, store in enumerate(capture.values):
            store.append(float_or_nan(cells[i + 1]) if len(cells) > i + 1 else math.nan)
    vertical_units = facts.get("Vertical Units", [])
    inputs = [name for name in facts.get("Source", []) if name] or [
        text.split(":")[0] for text in vertical_units or facts.get("Vertical Scale", []) if ":" in text
    ]
    for i, word in enumerate(header[1:]):
        name = inputs[i] if i < len(inputs) else f"CH{i + 1}"
        own = [text.partition(":")[2] for text in vertical_units if text.startswith(f"{name}:")]
        unit = (
            own[0]
            if own
            else vertical_units[i]
            if i < len(vertical_units) and ":" not in vertical_units[i]
            else word
        )
        capture.names.append(name)
        capture.units.append(unit.strip() if of_unit(unit) else "V")
    return capture


def _tektronix(path: Path) -> _Capture:
    facts: dict[str, list[str]] = {}
    stamps: list[int | None] = []
    columns: list[array[float]] = []
    for row in csv.reader(read_lines(path)):
        if row and row[0].strip():
            facts.setdefault(row[0].strip().strip('"'), [text.strip() for text in row[1:]])
        numbers = [text.strip() for text in row[2:]]
        while numbers and not numbers[0]:
            numbers.pop(0)
        while numbers and not numbers[-1]:
            numbers.pop()
        stamp = number_ns(numbers[0], NS) if len(numbers) > 1 else None
        if stamp is None:
            continue
        if not columns:
            columns = [array("d") for _ in numbers[1:]]
        stamps.append(stamp)
        for i, store in enumerate(columns):
            store.append(float_or_nan(numbers[i + 1]) if len(numbers) > i + 1 else math.nan)
    if not stamps:
        raise DataError(f"{path}: no samples: no row holds a time and a value")
    units = [text for text in facts.get("Vertical Units", []) if text][: len(columns)]
    names = [text for text in facts.get("Source", []) if text][: len(columns)]
    units += ["V"] * (len(columns) - len(units))
    names += [f"CH{i + 1}" for i in range(len(names), len(columns))]
    return _Capture(units, names, stamps, columns)


def _log(path: Path, capture: _Capture, choices: Choices) -> Log:
    if not capture.stamps:
        raise DataError(f"{path}: no samples: the header has no rows under it")
    found = axis(capture.stamps, str(path), spread=False)
    quantities = [of_unit(unit.strip("()[] "), "") for unit in capture.units]
    kinds = [entry[0] if entry is not None else None for entry in quantities]
    if Quantity.CURRENT not in kinds and Quantity.POWER not in kinds:
        raise DataError(
            f"{path}: only voltages in it ({', '.join(capture.names)}); where an input shows a current (a shunt, a probe), state it: "
            f"--column {capture.names[-1]}=A (or mA)"
        )
    if kinds.count(Quantity.CURRENT) > 1 or kinds.count(Quantity.VOLTAGE) > 1:
        raise ConfigurationError(
            f"{path}: several inputs of one quantity ({', '.join(f'{n} [{u}]' for n, u in zip(capture.names, capture.units, strict=True))}); "
            f"leave the others out with --column {capture.names[0]}=-"
        )
    rail = Rail("input", None, Boundary.BOARD, "what the probes see", choices.voltage_v)
    channels, codes = [], []
    for name, quantity, stored in zip(capture.names, quantities, capture.values, strict=True):
        read = np.frombuffer(stored, np.float64)[found.kept]
        if quantity is None or not isinstance(quantity[0], Quantity) or not np.isfinite(read).any():
            continue
        grid = DecimalGrid()
        grid.add(read)
        channels.append(
            Channel(
                f"{name.lower()}.{quantity[0].value}",
                quantity[0],
                grid.scale * quantity[1],
                rail,
                Kind.INSTANT,
                grade=Grade.MEASURED,
                accuracy=OSCILLOSCOPE,
            )
        )
        codes.append(grid.codes(read))
    if not channels:
        raise DataError(f"{path}: no samples: no input holds a number")
    rows = LogRows("oscilloscope", tuple(channels), found.times_ns, codes, found.flags, gaps=found.gaps)
    warnings = list(found.warnings)
    if Quantity.VOLTAGE not in kinds and Quantity.POWER not in kinds and choices.voltage_v is None:
        warnings.append(
            Note.info(
                "voltage-needed",
                "a current and no voltage: the charge is exact, an energy needs the supply's voltage, for example --voltage 5V",
            )
        )
    return Log("oscilloscope", RELATIVE, [rows], warnings=warnings, external=True)
