"""Imports carbontracker's log: the energy of one epoch or of all that were measured, and how long it took.

`Actual consumption for N epoch(s)` is measured by counters and multiplied by the site's efficiency (PUE); the
prediction for more epochs is a guess and is left out.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.importers.accuracies import CARBONTRACKER
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS, format_short

_ACTUAL = re.compile(r"Actual consumption for (\d{1,6}) epoch")
_TIME = re.compile(r"\s*Time:\s*(?:(\d{1,5}) days?, )?(\d{1,6}):(\d\d):(\d\d)\s*\Z")
_ENERGY = re.compile(r"\s*Energy:\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*kWh")
_JOULE_PER_KWH = 3_600_000


class CarbonTracker(Importer):
    name = "carbontracker"
    title = "a carbontracker log"
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return "CarbonTracker" in peek.text and _ACTUAL.search(peek.text) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        epochs: int | None = None
        seconds: int | None = None
        found: list[tuple[int, int, float]] = []
        for line in read_lines(path):
            actual = _ACTUAL.search(line)
            if actual is not None:
                epochs, seconds = int(actual[1]), None
                continue
            if "Predicted consumption" in line:
                epochs = None
            time, energy = _TIME.match(line), _ENERGY.match(line)
            if time is not None and epochs is not None:
                seconds = int(time[1] or 0) * 86400 + int(time[2]) * 3600 + int(time[3]) * 60 + int(time[4])
            if energy is not None and epochs is not None and seconds:
                found.append((epochs, seconds, float(energy[1])))
                epochs = None
        if not found:
            raise DataError(
                f"{path}: carbontracker measured nothing in it (no actual consumption of a second or more)"
            )
        epochs, seconds, kwh = found[-1]
        if not kwh < 1e9 or seconds > 10**10:
            raise DataError(f"{path}: {kwh:g} kWh in {seconds} s is not a consumption")
        rail = Rail(
            "components",
            None,
            Boundary.MODEL,
            "GPUs, CPUs and memory as carbontracker found them, times the site's PUE",
        )
        channel = Channel(
            "components.energy",
            Quantity.ENERGY,
            _JOULE_PER_KWH * 1e-12,
            rail,
            Kind.COUNTER,
            grade=Grade.ESTIMATED,
            accuracy=CARBONTRACKER,
        )
        times = np.array([0, seconds * NS], np.int64)
        rows = LogRows("carbontracker", (channel,), times, [np.array([0, round(kwh * 1e12)], np.int64)])
        warnings = [
            Note.info(
                "totals-only",
                "carbontracker's log has totals only, and multiplies them by the site's efficiency (PUE): estimated",
            ),
            Note.info(
                "coarse-stamps",
                f"its time has a resolution of 1 s: the mean power is known to ± {format_short(100 / (2 * seconds), 2)} %",
            ),
        ]
        event = Event("epochs", 0, seconds * NS, count=max(epochs, 1))
        return Log(cls.name, RELATIVE, [rows], [event], warnings=warnings)
