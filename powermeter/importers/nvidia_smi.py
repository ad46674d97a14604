"""Imports what `nvidia-smi --query-gpu=timestamp,power.draw,… --format=csv` logged.

With a header the columns say what they are.  Without one only the power can be told: it is the one
column that nvidia-smi prints with two decimals, in watt.  Rows of several GPUs are told apart by
index, uuid, name or bus id where the log has one of them.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import NVML
from powermeter.importers.columns import NO_ZONE, Column, Table, samples
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import UTC, Choices, Importer, Log
from powermeter.importers.numbers import float_or_nan
from powermeter.importers.stamps import axis, wall
from powermeter.units import NS

MAX_GPUS = 256
_MAX_ROWS = 20_000_000

_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\Z")
_TWO_DECIMALS = re.compile(r"\d+\.\d\d( W)?\Z")
_UNAVAILABLE = re.compile(
    r"\[?(N/A|Not Supported|Unknown Error|GPU requires reset|Insufficient Permissions)\]?\Z"
)

# NVML: power.draw.average is the mean over one second; so is power.draw on Ampere (but not GA100) and
# later, which the log does not tell.
_POWER = {
    "power.draw": (Kind.INSTANT, None),
    "power.draw.instant": (Kind.INSTANT, None),
    "power.draw.average": (Kind.MEAN, NS),
    "module.power.draw.instant": (Kind.INSTANT, None),
    "module.power.draw.average": (Kind.MEAN, NS),
}
_OTHER = {
    "temperature.gpu": ("temperature", Quantity.TEMPERATURE, 1.0),
    "utilization.gpu": ("load", Quantity.LOAD, 0.01),
    "clocks.sm": ("sm_clock", Quantity.FREQUENCY, 1e6),
    "clocks.current.sm": ("sm_clock", Quantity.FREQUENCY, 1e6),
    "clocks.mem": ("memory_clock", Quantity.FREQUENCY, 1e6),
}
_IDENTITY = ("index", "uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id", "name", "gpu_name")


@dataclass(slots=True)
class _GPU:
    name: str
    stamps: list[int | None] = field(default_factory=list)
    values: list[array[float]] = field(default_factory=list)


class NvidiaSmi(Importer):
    name = "nvidia-smi"
    title = "an nvidia-smi log"
    takes = frozenset({"zone", "column", "unit"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        first = _fields(peek.lines[0])
        if _header(first) is not None:
            return True
        return len(first) > 1 and all(_STAMP.match(_fields(line)[0]) for line in peek.lines[:20])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        head = Peek.at(path).lines
        if not head:
            raise DataError(f"{path}: no samples")
        names = _header(_fields(head[0]))
        columns, warnings = (
            _named_columns(path, names) if names is not None else _bare_columns(path, head, choices)
        )
        keys = [i for i, name in enumerate(names or ()) if name in _IDENTITY]
        stamp_at = names.index("timestamp") if names is not None else 0
        gpus = _read(path, stamp_at, keys, columns, skip=0 if names is None else 1, choices=choices)
        log = Log(cls.name, UTC, [], warnings=warnings)
        for number, gpu in enumerate(gpus):
            found = axis(gpu.stamps, str(path))
            log.warnings.extend(found.warnings)
            own = [_of_gpu(column, number if len(gpus) > 1 else None, len(gpus) > 1) for column in columns]
            values = [np.frombuffer(store, np.float64)[found.kept] for store in gpu.values]
            rows = samples(gpu.name or "nvidia-smi", own, Table(found, values, UTC, log.warnings))
            log.sources.append(rows)
        if choices.zone_s is None:
            log.warnings.append(NO_ZONE)
        return log


def _fields(line: str) -> list[str]:
    return [entry.strip() for entry in next(csv.reader([line]), [])]


def _header(fields: list[str]) -> list[str] | None:
    """Return the names of the query's fields without their units, or None where this is no header."""
    names = [re.sub(r"\s*\[.*\]\Z", "", entry).strip() for entry in fields]
    return names if "timestamp" in names and any(name in _POWER for name in names) else None


def _named_columns(path: Path, names: list[str]) -> tuple[list[Column], list[str]]:
    columns: list[Column] = []
    for index, name in enumerate(names):
        if name in _POWER:
            kind, window = _POWER[name]
            rail = name.partition(".draw")[0].replace("power", "gpu").replace("module.gpu", "module")
            if any(c.rail is not None and c.rail.name == rail for c in columns):
                continue
            columns.append(_power(index, rail, kind, window))
        elif name in _OTHER:
            label, quantity, factor = _OTHER[name]
            columns.append(Column(index, f"gpu.{label}", quantity, factor))
    left = [n for n in names if n not in _POWER and n not in _OTHER and n not in (*_IDENTITY, "timestamp")]
    return columns, [f"fields left out: {', '.join(left)}"] if left else []


def _power(index: int, rail: str, kind: Kind = Kind.INSTANT, window_ns: int | None = None) -> Column:
    covers = "the card: GPU, its memory and regulators" if rail == "gpu" else "the module with the GPU on it"
    return Column(
        index,
        f"{rail}.power",
        Quantity.POWER,
        1.0,
        Rail(rail, None, Boundary.DEVICE, covers),
        kind,
        accuracy=NVML,
        window_ns=window_ns,
    )


def _bare_columns(path: Path, head: list[str], choices: Choices) -> tuple[list[Column], list[str]]:
    """Find the power in a log without a header."""
    rows = [_fields(line) for line in head[:200]]
    width = min(len(row) for row in rows)
    asked = [key for key, unit in choices.columns.items() if unit == "W"]
    if asked:
        if not asked[0].isdecimal() or not 2 <= int(asked[0]) <= width:
            raise ConfigurationError(
                f"{path}: --column {asked[0]}=W: write the column's number, 2 to {width}"
            )
        return [_power(int(asked[0]) - 1, "gpu")], []
    found = [
        i
        for i in range(1, width)
        if all(_TWO_DECIMALS.match(row[i]) or _UNAVAILABLE.match(row[i]) for row in rows)
        and any(_TWO_DECIMALS.match(row[i]) for row in rows)
    ]
    if len(found) != 1:
        raise ConfigurationError(
            f"{path}: no header, and {len(found)} columns look like a power (two decimals); name it, for "
            "example --column 2=W"
        )
    note = (
        f"the log has no header: column {found[0] + 1}, the only one with two decimals, was taken as "
        "power.draw in W; the other columns were left out"
    )
    return [_power(found[0], "gpu")], [note]


def _read(
    path: Path, stamp_at: int, keys: list[int], columns: list[Column], *, skip: int, choices: Choices
) -> list[_GPU]:
    gpus: dict[tuple[str, ...], _GPU] = {}
    zone = (choices.zone_s or 0) * NS
    needed = max([stamp_at, *keys, *(column.index for column in columns)])
    good = bad = 0
    for fields in _rows(path, skip):
        stamp = wall(fields[stamp_at]) if len(fields) > needed else None
        if stamp is None:
            bad += 1
            continue
        good += 1
        key = tuple(fields[i].strip() for i in keys)
        gpu = gpus.get(key)
        if gpu is None:
            if len(gpus) >= MAX_GPUS:
                raise DataError(f"{path}: more than {MAX_GPUS} GPUs; this is not the format it looks like")
            gpu = gpus[key] = _GPU(" ".join(key), [], [array("d") for _ in columns])
        gpu.stamps.append(stamp.ns - zone)
        for column, store in zip(columns, gpu.values, strict=True):
            store.append(float_or_nan(fields[column.index].strip().partition(" ")[0]))
    if not good:
        raise DataError(f"{path}: no samples: no row begins with a time")
    if bad * 10 > good:
        raise DataError(f"{path}: {bad} of {good + bad} rows are not from nvidia-smi")
    return list(gpus.values())


def _rows(path: Path, skip: int) -> Iterator[list[str]]:
    try:
        yield from islice(csv.reader(islice(read_lines(path), skip, None)), _MAX_ROWS)
    except csv.Error as error:
        raise DataError(f"{path}: {error}; this is no table of text") from None


def _of_gpu(column: Column, number: int | None, several: bool) -> Column:
    """Return a column its GPU's name where there are several; their sum may then stand for all of them."""
    if number is None or column.rail is None:
        return column
    rail = replace(column.rail, name=f"{column.rail.name}{number}", parent="all GPUs" if several else None)
    return replace(column, rail=rail)
