"""Imports the CSV of alumet: one row per metric, time and resource; the metric's name ends in its unit.

`…_consumed_energy_J` is the energy since the measurement before (alumet's documentation), so the rows are added up.
Domains and resources become rails: a package and its memory add up, `pp0` is inside the package, the platform
(`psys`) holds all.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import NVML, RAPL, UNKNOWN
from powermeter.importers.axis import refuse_sparse, usual_step
from powermeter.importers.columns import NO_ZONE
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.headers import heading
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import wall
from powermeter.importers.whole_rail import decide
from powermeter.result import Grade
from powermeter.result.notes import Note

MAX_ROWS = 20_000_000
_MUST = {"metric", "timestamp", "value"}


class Alumet(Importer):
    name = "alumet"
    title = "an alumet log"
    takes = frozenset({"zone", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return bool(peek.lines) and set(peek.lines[0].split(";")) >= _MUST | {"resource_kind"}

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found: dict[tuple[str, str], dict[int, float]] = {}
        naive = lost = 0
        for row in csv.DictReader(read_lines(path), delimiter=";"):
            metric, stamp = row.get("metric") or "", wall(row.get("timestamp") or "")
            named = heading(metric)
            if named.quantity not in (Quantity.ENERGY, Quantity.POWER):
                continue
            if row.get("consumer_kind") == "process":
                continue
            value = float_or_nan(row.get("value") or "")
            if stamp is None or math.isnan(value) or not 0 <= value < 1e12:
                lost += 1
                continue
            naive += stamp.zone_ns is None
            ns = choices.utc_ns(stamp.ns) if stamp.zone_ns is None else stamp.ns - stamp.zone_ns
            column = found.setdefault((metric, _rail_name(row)), {})
            column[ns] = column.get(ns, 0.0) + value * named.factor
            if sum(map(len, found.values())) > MAX_ROWS or len(found) > 500:
                raise DataError(f"{path}: too many rows or metrics; split it and import the parts")
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
        if naive and choices.zone is None:
            warnings.append(NO_ZONE)
        energies = {rail for (metric, rail) in found if heading(metric).quantity is Quantity.ENERGY}
        kept = {
            key: column
            for key, column in found.items()
            if heading(key[0]).quantity is Quantity.ENERGY or key[1] not in energies
        }
        names = [rail for _, rail in kept]
        whole = decide(
            [_rail(name, names) for name in names], where=str(path), rail=choices.rail, add_up=choices.add_up
        )
        warnings.append(whole.note)
        log = Log(cls.name, UTC, [_rows(kept, whole.rails)], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _rail_name(row: Mapping[str, str | None]) -> str:
    domain = re.search(r"domain=([\w-]+)", row.get("__late_attributes") or "")
    place = f"{row.get('resource_kind') or ''}{row.get('resource_id') or ''}"
    if domain is not None:
        name = domain[1].removesuffix("_total")
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


def _rows(found: Mapping[tuple[str, str], Mapping[int, float]], rails: Mapping[str, Rail]) -> LogRows:
    times = np.array(sorted({ns for column in found.values() for ns in column}), np.int64)
    refuse_sparse(len(times), len(found), "alumet's metrics")
    step = int(usual_step(times)) or 10**9
    axis = np.concatenate(
        ([times[0] - step], times)
    )  # the first amounts are of the interval before their stamp
    channels, codes = [], []
    for (metric, rail), column in found.items():
        energy = heading(metric).quantity is Quantity.ENERGY
        own = np.full(len(axis), 0.0 if energy else math.nan)
        own[np.searchsorted(axis, np.fromiter(column, np.int64, len(column)))] = list(column.values())
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
