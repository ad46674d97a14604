"""Imports the CSV of alumet: one row per metric, time and resource; the metric's name ends in its unit.

`…_consumed_energy_J` is the energy since the measurement before (alumet's documentation), so the rows are added up.
Domains and resources become rails: a package and its memory add up, `pp0` is inside the package, the platform
(`psys`) holds all.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import NVML, RAPL, UNKNOWN
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.headers import heading
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamp_reader import Reader, TimePlan
from powermeter.importers.time_axis import refuse_sparse, usual_step
from powermeter.importers.time_zones import zone_notes, zone_or_utc
from powermeter.importers.whole_or_sum import decide
from powermeter.result import Grade
from powermeter.result.notes import Note

MAX_ROWS = 20_000_000
_MUST = {"metric", "timestamp", "value"}
_NAMING = ("metric", "resource_kind", "resource_id", "consumer_kind", "__late_attributes")
_BLOCK = 100_000
_MOST_METRICS = 500
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class _Column:
    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]


class Alumet(Importer):
    name = "alumet"
    title = "an alumet log"
    takes = frozenset({"zone", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return bool(peek.lines) and set(peek.lines[0].split(";")) >= _MUST | {"resource_kind"}

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        taken = _Measurements(path)
        rows = csv.reader(read_lines(path), delimiter=";")
        names = next(rows, [])
        while block := list(islice(rows, _BLOCK)):
            taken.add(names, block)
        found, lost = taken.columns(choices)
        lost += taken.cut
        if not found:
            raise DataError(f"{path}: no samples: no metric in it is an energy or a power")
        warnings = (
            [
                Note.warning(
                    "rows-left-out",
                    f"{plural(lost, 'row without a time or a number was', 'rows without a time or a number were')} left out",
                )
            ]
            if lost
            else []
        )
        if taken.twice:
            text = f"{plural(taken.twice, 'row is', 'rows are')} the one above once more, its time included: counted once"
            warnings.append(Note.warning("rows-repeated", text))
        warnings += zone_notes(choices.zone, naive=taken.stamps.naive)
        energies = {rail for (metric, rail) in found if heading(metric).quantity is Quantity.ENERGY}
        kept = {
            key: column
            for key, column in found.items()
            if heading(key[0]).quantity is Quantity.ENERGY or key[1] not in energies
        }
        kept, doubled = _one_each(kept)
        if doubled:
            warnings.append(
                Note.warning(
                    "series-left-out", f"a second measure of a rail is left out: {', '.join(doubled[:5])}"
                )
            )
        names = [rail for _, rail in kept]
        whole = decide(
            [_rail(name, names) for name in names], where=str(path), rail=choices.rail, add_up=choices.add_up
        )
        warnings.append(whole.note)
        log = Log(cls.name, UTC, [_rows(kept, whole.rails)], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _one_each(
    found: Mapping[tuple[str, str], _Column],
) -> tuple[dict[tuple[str, str], _Column], list[str]]:
    """Return one metric of each rail, a counter's before a model's, and what is left out."""
    chosen: dict[str, tuple[str, str]] = {}
    for key in sorted(found, key=lambda key: _accuracy(key[0]) is UNKNOWN):
        chosen.setdefault(key[1], key)
    kept = {key: column for key, column in found.items() if chosen[key[1]] == key}
    return kept, [f"{metric} of {rail}" for metric, rail in found if (metric, rail) not in kept]


class _Measurements:
    """The rows of a file, block by block: of each its metric and rail, its time and its value."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamps = Reader(TimePlan((0,), "wall", order="ymd"))
        self.cut = self.twice = 0
        self._above: Sequence[str] = ()
        self._number: dict[tuple[str, str], int] = {}
        self._of: dict[tuple[str | None, ...], int] = {}
        self._parts: list[
            tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.int16]]
        ] = []
        self._count = 0

    def add(self, names: Sequence[str], block: Sequence[Sequence[str]]) -> None:
        """Take a block of rows.

        Raises:
            DataError: There are more rows or metrics than can be held.
        """
        at = {name: i for i, name in enumerate(names)}
        place, of = [at.get(name, len(names)) for name in _NAMING], self._of
        numbers, times, texts = [], [], []
        width, when, what = len(names), at["timestamp"], at["value"]
        for row in block:
            if row == self._above and any(row):
                self.twice += 1
                continue
            self._above = row
            if len(row) < width:
                self.cut += any(row)
                row = [*row, *[""] * (width - len(row))]
            naming = tuple(row[i] if i < width else "" for i in place)
            number = of.get(naming)
            if number is None:
                number = of[naming] = self._numbered(dict(zip(_NAMING, naming, strict=True)))
            if number >= 0:
                numbers.append(number)
                times.append(row[when])
                texts.append(row[what])
        self._count += len(numbers)
        if self._count > MAX_ROWS or len(self._number) > _MOST_METRICS:
            raise DataError(f"{self.path}: too many rows or metrics; split it and import the parts")
        if numbers:
            stamps, aware = self.stamps.read(times)
            values = np.array([float_or_nan(text) for text in texts])
            aware = np.zeros(len(stamps), bool) if aware is None else aware
            self._parts.append((stamps, aware, values, np.array(numbers, np.int16)))

    def columns(self, choices: Choices) -> tuple[dict[tuple[str, str], _Column], int]:
        """Return (metric, rail) → its times and values in SI, and how many rows have no time or no number."""
        if not self._parts:
            return {}, 0
        stamps, aware, values, numbers = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        if not aware.all():
            local = zone_or_utc(choices.zone).to_utc(np.where(aware, MISSING, stamps))
            stamps = np.where(aware, stamps, local)
        good = (stamps != MISSING) & (values >= 0) & (values < _LARGEST)
        found = {}
        for key, number in self._number.items():
            own = good & (numbers == number)
            if own.any():
                times, inverse = np.unique(stamps[own], return_inverse=True)
                summed = (
                    np.bincount(inverse, values[own], len(times)).astype(np.float64) * heading(key[0]).factor
                )
                found[key] = _Column(times, summed)
        return found, int(len(good) - good.sum())

    def _numbered(self, naming: Mapping[str, str]) -> int:
        metric = naming["metric"]
        if heading(metric).quantity not in (Quantity.ENERGY, Quantity.POWER):
            return -1
        if naming["consumer_kind"] == "process":
            return -1
        return self._number.setdefault((metric, _rail_name(naming)), len(self._number))


def _rail_name(row: Mapping[str, str]) -> str:
    domain = re.search(r"domain=([\w-]+)", row.get("__late_attributes") or "")
    place = f"{row.get('resource_kind') or ''}{row.get('resource_id') or ''}".strip()
    name = domain[1].removesuffix("_total") if domain is not None else ""
    if domain is not None and name:
        return name if place in ("", "local_machine") or domain[1].endswith("_total") else f"{name} {place}"
    return place or "machine"


def _rail(name: str, names: list[str]) -> Rail:
    stem = name.split()[0]
    if stem in ("platform", "psys"):
        return Rail(name, None, Boundary.BOARD, "the platform as its maker wired it")
    parent = "platform" if "platform" in names else None
    if stem in ("pp0", "pp1"):
        parent = name.replace(stem, "package", 1)
        parent = parent if parent in names else None
    boundary = Boundary.DEVICE if "gpu" in name else Boundary.PART
    return Rail(name, parent, boundary, f"alumet's {name}")


def _accuracy(metric: str) -> Accuracy:
    return RAPL if metric.startswith("rapl") else NVML if metric.startswith("nvml") else UNKNOWN


def _rows(found: Mapping[tuple[str, str], _Column], rails: Mapping[str, Rail]) -> LogRows:
    times = np.unique(np.concatenate([column.times_ns for column in found.values()]))
    refuse_sparse(len(times), len(found), "alumet's metrics")
    step = int(usual_step(times)) or 10**9
    axis = np.concatenate(
        ([times[0] - step], times)
    )  # the first amounts are of the interval before their stamp
    channels, codes = [], []
    for (metric, rail), column in found.items():
        energy = heading(metric).quantity is Quantity.ENERGY
        own = np.full(len(axis), 0.0 if energy else math.nan)
        own[np.searchsorted(axis, column.times_ns)] = column.values
        grid = DecimalGrid()
        grid.add(own)
        if energy:
            grid.leave_room_for_sum(len(own))
        kind = Kind.COUNTER if energy else Kind.INSTANT
        quantity = Quantity.ENERGY if energy else Quantity.POWER
        channels.append(
            Channel(
                f"{rail.replace(' ', '_')}.{quantity.value}",
                quantity,
                grid.scale,
                rails[rail],
                kind,
                grade=Grade.MEASURED if _accuracy(metric) is not UNKNOWN else Grade.ASSUMED,
                accuracy=_accuracy(metric),
            )
        )
        own_codes = grid.codes(own)
        codes.append(np.cumsum(own_codes) if energy else own_codes)
    return LogRows("alumet", tuple(channels), axis, codes)
