"""Imports what `intel_gpu_top -J` wrote: the mean power of the graphics and of the package over each period.

A period names its length and no time, so periods are laid one after another.  The list is often not ended, and older
versions forget commas; what can be read of it is.  The power is `{"GPU": …, "Package": …, "unit": "W"}`, or of older
versions `{"value": …, "unit": "W"}` for the graphics alone (igt-gpu-tools, tools/intel_gpu_top.c).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import RAPL
from powermeter.importers.column_channels import channel
from powermeter.importers.columns import LogColumn
from powermeter.importers.copied_records import Copies
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import Peek, read_all
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.result.notes import Note

_MAX_BYTES = 128 << 20
_UNITS = {"W": 1.0, "mW": 1e-3}
_TICKS = {"ms": 1e6, "s": 1e9, "us": 1e3}
_LONGEST_NS = 86_400e9
_PERIOD = re.compile(r"\{\s{0,20}\"period\"")
_RAILS = {"Package": ("package", None), "GPU": ("gpu", "package"), "value": ("gpu", None)}


class IntelGpuTop(Importer):
    name = "intel-gpu-top"
    title = "intel_gpu_top's JSON"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        start = peek.text.lstrip()
        return start[:1] in ("[", "{") and all(
            f'"{word}"' in start for word in ("period", "duration", "engines")
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        text = read_all(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
        ends: list[int] = [0]
        values: dict[str, list[float]] = {}
        left_out = 0
        copies = Copies()
        for entry in _entries(text):
            if entry is None:
                left_out += 1
                continue
            length, powers = _length_ns(entry), _powers(entry)
            if length is None or not powers:
                left_out += 1
                continue
            copies.add(json.dumps(entry), length)
            ends.append(ends[-1] + length)
            for name in powers:
                values.setdefault(name, [math.nan] * (len(ends) - 2))
            for name, column in values.items():
                column.append(powers.get(name, math.nan))
        if not values:
            raise DataError(
                f"{path}: no power in it: this card reports none, or the user who ran intel_gpu_top may not read it"
            )
        channels: list[Channel] = []
        codes = []
        whole = "package" if "Package" in values else "gpu"
        for name, column in values.items():
            rail, parent = _RAILS[name]
            found, grid = integer_codes(np.array([math.nan, *column]))
            parent = parent if parent == whole else None
            covers = "the whole package with its graphics" if rail == "package" else "the graphics"
            own = LogColumn(
                0,
                f"{rail}.power",
                Quantity.POWER,
                1.0,
                Rail(rail, parent, Boundary.PART, covers),
                Kind.MEAN,
                accuracy=RAPL,
            )
            channels.append(channel(own, grid))
            codes.append(found)
        rows = LogRows("intel_gpu_top", tuple(channels), np.array(ends, np.int64), codes)
        warnings = [Note.info("pauses-unknown", "periods without times were laid one after another")]
        if left_out:
            warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"{plural(left_out, 'period')} damaged, cut, or without a length or a power: left out",
                )
            )
        warnings += copies.notes()
        log = Log(cls.name, RELATIVE, [rows], warnings=list(warnings), external=True)
        log.facts["whole"] = {"rail": whole, "why": "the package holds its graphics", "sum": False}
        return log


def _entries(text: str) -> Iterator[dict[str, Any] | None]:
    """Yield the records of a list that may lack commas and its end, None for one that cannot be read."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            entry, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None
            after = _PERIOD.search(text, at + 1)
            if after is None:
                return  # the last one is cut
            at = after.start()
            continue
        if isinstance(entry, dict):
            yield entry
        at = text.find("{", end)


def _length_ns(entry: dict[str, Any]) -> int | None:
    period = entry.get("period")
    if not isinstance(period, dict):
        return None
    length = _number(period.get("duration")) * _TICKS.get(str(period.get("unit")), math.nan)
    return round(length) if 0 < length < _LONGEST_NS else None


def _powers(entry: dict[str, Any]) -> dict[str, float]:
    power = entry.get("power")
    if not isinstance(power, dict):
        return {}
    factor = _UNITS.get(str(power.get("unit")), math.nan)
    found = {name: _number(power.get(name)) * factor for name in _RAILS if name in power}
    return {name: value for name, value in found.items() if 0 <= value < 1e5}


def _number(value: object) -> float:
    return (
        float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
        else math.nan
    )
