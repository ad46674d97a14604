"""Imports carbontracker's other log: how long each epoch took, and the mean power of each component in it.

::

    2025-03-14 09:01:00 - Epoch 1:
    2025-03-14 09:01:00 - Duration: 0:01:00.00
    2025-03-14 09:01:00 - Average power usage (W) for gpu: [149.8  151.2]
    2025-03-14 09:01:00 - Average power usage (W) for cpu: None

A list holds a number for each device.  The powers are as measured, without the site's efficiency (PUE).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import CARBONTRACKER
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.implausible_readings import ABSURD
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.unread_lines import Unread
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_DURATION = re.compile(r"(?:.{0,40} - )?Duration: (\d{1,5}):(\d\d):(\d\d(?:\.\d{1,6})?)\s*\Z")
_POWER = re.compile(
    r"(?:.{0,40} - )?Average power usage \(W\) for (\w{1,40}): (?:\[([^\]]{1,2000})\]|None)\s*\Z"
)
_MICRO = 1e-6
_SUM = "components"

Epoch = tuple[int, dict[str, float | None]]
"""Its length in ns, and the watts of each component; None where it was too short to be measured."""


class CarbonTrackerEpochs(Importer):
    name = "carbontracker-epochs"
    title = "carbontracker's log of epochs"
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [line[:2100] for line in peek.raw_lines[:400]]
        return any(map(_POWER.match, lines)) and any(map(_DURATION.match, lines))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        epochs = [epoch for epoch in _epochs(path, unread) if epoch[1]]
        names = dict.fromkeys(name for _, watts in epochs for name in watts)
        whole = [name for name in names if all(watts.get(name) is not None for _, watts in epochs)]
        if not whole:
            raise DataError(
                f"{path}: carbontracker measured no component in all of its {plural(len(epochs), 'epoch')}"
            )
        ends = np.cumsum([0, *(length for length, _ in epochs)])
        events = [Event(f"epoch {i}", int(a), int(b)) for i, (a, b) in enumerate(itertools.pairwise(ends), 1)]
        notes = [
            Note.info(
                "totals-only",
                "carbontracker's log has a mean power of each epoch: the epochs were laid one after another, without the pauses between them",
            )
        ]
        notes += unread.notes()
        left = [name for name in names if name not in whole]
        if left:
            text = f"{', '.join(left)}: carbontracker measured nothing there in some epochs, so what they used is not counted"
            notes.append(Note.warning("components-left-out", text))
        channels = tuple(_channel(name) for name in whole)
        codes = [_counted(epochs, name) for name in whole]
        return Log(
            cls.name, RELATIVE, [LogRows("carbontracker", channels, ends, codes)], events, warnings=notes
        )


def _epochs(path: Path, unread: Unread) -> Iterator[Epoch]:
    length: int | None = None
    watts: dict[str, float | None] = {}
    for number, raw in enumerate(read_lines(path), 1):
        line = raw[:2100]
        if match := _DURATION.match(line):
            if length:
                yield length, watts
            length = round((int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])) * NS)
            watts = {}
        elif (match := _POWER.match(line)) and length:
            watts[match[1]] = _added(match[2], path)
        elif "(W)" in line or "Duration" in line:
            unread.add(number)
    if length:
        yield length, watts


def _added(listed: str | None, path: Path) -> float | None:
    """Return the sum of a list of watts; None where there is none.

    Raises:
        DataError: One of them is no power.
    """
    if listed is None:
        return None
    watts = [float_or_nan(text) for text in listed.replace(",", " ").split()]
    if not all(0 <= value < ABSURD[Quantity.POWER] for value in watts):
        raise DataError(f"{path}: a mean power of [{listed[:60]}] W is none")
    return sum(watts)


def _counted(epochs: list[Epoch], name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a component's running total in µJ, from 0."""
    used = [round((watts.get(name) or 0.0) * length / NS / _MICRO) for length, watts in epochs]
    return np.cumsum([0, *used]).astype(np.int64)


def _channel(name: str) -> Channel:
    rail = Rail(
        name,
        _SUM,
        Boundary.PART,
        f"{name}, as carbontracker measured it",
        sum_lacks="what carbontracker does not measure",
    )
    return Channel(
        f"{name}.energy",
        Quantity.ENERGY,
        _MICRO,
        rail,
        Kind.COUNTER,
        grade=Grade.ESTIMATED,
        accuracy=CARBONTRACKER,
    )
