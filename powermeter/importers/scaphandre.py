"""Imports what `scaphandre json` wrote: the host's power and its sockets', each a mean since the sample before.

`consumption` is in microwatts and `timestamp` in Unix seconds (scaphandre's documentation of its JSON exporter).
Sockets and processes are parts of the host; processes are shares by CPU time and are not kept.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import RAPL
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.files import Peek, read_all
from powermeter.importers.hole_limits import pauses
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.time_axis import axis
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_MAX_BYTES = 128 << 20
_MICROWATT = 1e-6


class Scaphandre(Importer):
    name = "scaphandre"
    title = "scaphandre's JSON"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return '"host"' in peek.text and '"consumption"' in peek.text and peek.text.lstrip()[:1] in ("[", "{")

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        samples, cut = _samples(path)
        stamps: list[int | None] = []
        values: dict[str, list[float]] = {}
        for number, sample in enumerate(samples):
            host = sample.get("host")
            if not isinstance(host, dict):
                continue
            stamp = _number(host.get("timestamp"))
            stamps.append(None if not 0 < stamp < 2**32 else round(stamp * 1e6) * 1000)
            found = {"host": _number(host.get("consumption"))}
            for socket in _listed(sample, "sockets"):
                if isinstance(socket, dict):
                    name = f"socket{socket.get('id', '')}"[:20]
                    found[name] = _number(socket.get("consumption"))
                    for domain in _listed(socket, "domains"):
                        if isinstance(domain, dict):
                            found[f"{name}.{domain.get('name', '')}"[:40]] = _number(
                                domain.get("consumption")
                            )
            for name in found:
                values.setdefault(name, [math.nan] * (len(stamps) - 1))
            for name, column in values.items():
                column.append(found.get(name, math.nan))
            if len(values) > 500:
                raise DataError(
                    f"{path}: more than 500 rails in sample {number}; this is not the format it looks like"
                )
        if not stamps:
            raise DataError(f"{path}: no samples: no host in it has a consumption")
        found_axis = axis(stamps, str(path), spread=False, holes=False)
        channels, codes = [], []
        for name, column in values.items():
            read = np.array(column)[found_axis.kept]
            read[(read < 0) | (read > 1e12)] = math.nan
            if not np.isfinite(read).any():
                continue
            grid = DecimalGrid()
            grid.add(read)
            channels.append(
                Channel(
                    f"{name}.power",
                    Quantity.POWER,
                    grid.scale * _MICROWATT,
                    _rail(name),
                    Kind.INSTANT,
                    grade=Grade.MEASURED,
                    accuracy=RAPL,
                )
            )
            codes.append(grid.codes(read))
        if not channels or channels[0].name != "host.power":
            raise DataError(f"{path}: no samples: no host in it has a consumption")
        rows = LogRows(
            "scaphandre", tuple(channels), found_axis.times_ns, codes, gaps=pauses(found_axis.times_ns)
        )
        warnings = [
            *cut,
            *found_axis.warnings,
            Note.info(
                "not-the-wall",
                "the host's figure is what RAPL counts (processor and, on some, memory), not the wall",
            ),
        ]
        log = Log(cls.name, UTC, [rows], warnings=warnings)
        log.facts["whole"] = {
            "rail": "host",
            "why": "scaphandre's host holds sockets and processes",
            "sum": False,
        }
        return log


def _rail(name: str) -> Rail:
    if name == "host":
        return Rail("host", None, Boundary.PART, "what RAPL counts of the machine")
    socket, _, domain = name.partition(".")
    return Rail(name, socket if domain else "host", Boundary.PART, f"scaphandre's {name}")


def _listed(of: dict[str, Any], name: str) -> list[Any]:
    value = of.get(name)
    return value if isinstance(value, list) else []


def _number(value: Any) -> float:
    return (
        float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
        else math.nan
    )


def _samples(path: Path) -> tuple[list[dict[str, Any]], list[Note]]:
    """Return the samples of a JSON array, or of one object a line, and a note where they end before the file does."""
    notes: list[Note] = []
    text = read_all(path, _MAX_BYTES).decode("utf-8", errors="replace").strip()
    try:
        data = json.loads(text)
    except ValueError:
        data = []
        decoder = json.JSONDecoder()
        place = 0
        while place < len(text):
            while place < len(text) and text[place] in " \r\n\t,[]":
                place += 1
            if place == len(text):
                break
            try:
                entry, place = decoder.raw_decode(text, place)
            except ValueError:
                notes.append(
                    Note.warning(
                        "damaged",
                        f"no JSON from character {place + 1} of {len(text)} on: what follows {plural(len(data), 'sample')} was not read",
                    )
                )
                break
            data.append(entry)
        if not data:
            raise DataError(f"{path}: not JSON") from None
    if isinstance(data, dict):
        data = [data]
    return ([entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []), notes


__all__ = ["NS", "Scaphandre"]
