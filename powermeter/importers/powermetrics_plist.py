"""Imports what macOS `powermetrics -f plist` wrote: one property list per sample, divided by NUL bytes.

`elapsed_ns` is the sample's length; `cpu_energy`, `gpu_energy`, `ane_energy` are its millijoules, and `combined_power`
or `package_energy` hold them all.  Apple computes them from activity, so they are estimated.
"""

from __future__ import annotations

import math
import plistlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np

from powermeter.channel import Channel, Kind, Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.files import Peek, read_all
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.platforms.powermetrics import ACCURACY, rail_of
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_MAX_BYTES = 1 << 30
_NAMES = {
    "combined": "Combined",
    "package": "Package",
    "cpu": "CPU",
    "gpu": "GPU",
    "ane": "ANE",
    "dram": "DRAM",
}


class PowermetricsPlist(Importer):
    name = "powermetrics-plist"
    title = "a macOS powermetrics property list"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return (
            peek.head.lstrip(b"\0 \n").startswith(b"<?xml")
            and b"<plist" in peek.head
            and b"elapsed_ns" in peek.head
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        lengths: list[int] = []
        energies: dict[str, list[float]] = {}
        first: datetime | None = None
        lost = 0
        for sample in _samples(path):
            elapsed = sample.get("elapsed_ns")
            if not isinstance(elapsed, int) or not 0 < elapsed < 10**15:
                lost += 1
                continue
            stamp = sample.get("timestamp")
            if first is None and isinstance(stamp, datetime):
                first = stamp
            lengths.append(elapsed)
            found = _energies(sample, elapsed / NS)
            for name in found:
                energies.setdefault(name, [math.nan] * (len(lengths) - 1))
            for name, column in energies.items():
                column.append(found.get(name, math.nan))
        if not lengths or not energies:
            raise DataError(
                f"{path}: no power in it; run powermetrics as root with --samplers cpu_power,gpu_power -f plist"
            )
        ends = np.cumsum(np.array(lengths, np.int64))
        known = first is not None and first.year > 2000
        begin = (
            round(first.replace(tzinfo=timezone.utc).timestamp()) * NS - lengths[0] if known and first else 0
        )
        times = begin + np.concatenate(([0], ends))
        channels, codes = [], []
        for name, column in energies.items():
            own = np.nan_to_num(np.round(np.array([0.0, *column]), 9))
            grid = DecimalGrid()
            grid.add(own)
            grid.leave_room_for_sum(len(own))
            rail = rail_of(_NAMES[name])
            channels.append(
                Channel(
                    f"{rail.name}.energy",
                    Quantity.ENERGY,
                    grid.scale,
                    rail,
                    Kind.COUNTER,
                    grade=Grade.ESTIMATED,
                    accuracy=ACCURACY,
                )
            )
            codes.append(np.cumsum(grid.codes(own)))
        warnings = [
            Note.info(
                "model-estimates",
                "these energies are computed by macOS from activity, not measured: grade estimated",
            )
        ]
        if lost:
            warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"{plural(lost, 'sample without a length was', 'samples without a length were')} left out",
                )
            )
        rows = LogRows("powermetrics", tuple(channels), times, codes)
        log = Log(cls.name, UTC if known else RELATIVE, [rows], warnings=warnings)
        if "package" in {channel.rail.name for channel in channels if channel.rail is not None}:
            log.facts["whole"] = {
                "rail": "package",
                "why": "it holds CPU, GPU and neural engine",
                "sum": False,
            }
        return log


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the property lists of a file; a cut last one is left out."""
    parts = [part for part in read_all(path, _MAX_BYTES).split(b"\0") if part.strip()]
    for number, part in enumerate(parts):
        try:
            entry = plistlib.loads(part.lstrip(), fmt=plistlib.FMT_XML)
        except (
            ExpatError,
            ValueError,
            OverflowError,
            LookupError,  # of its encoding, too
            TypeError,
            AttributeError,  # plistlib does not check that a date is one
            plistlib.InvalidFileException,
        ) as error:
            if number == len(parts) - 1 and number:
                return
            raise DataError(f"{path}: property list {number + 1} is damaged: {_reason(error)}") from None
        if isinstance(entry, dict):
            yield entry


def _reason(error: Exception) -> str:
    return "a date in it is none" if isinstance(error, AttributeError) else str(error)


def _energies(sample: dict[str, Any], seconds: float) -> dict[str, float]:
    """Return joules of a sample by name; the whole once."""
    processor = sample.get("processor")
    if not isinstance(processor, dict):
        return {}
    found: dict[str, float] = {}
    for name in ("cpu", "gpu", "ane", "dram"):
        energy, power = _number(processor.get(f"{name}_energy")), _number(processor.get(f"{name}_power"))
        value = energy * 1e-3 if math.isfinite(energy) else power * 1e-3 * seconds
        if math.isfinite(value):
            found[name] = value
    whole = _number(processor.get("combined_power")) * 1e-3 * seconds
    if not math.isfinite(whole):
        whole = _number(processor.get("package_energy")) * 1e-3
        name = "package"
    else:
        name = "combined"
    if not math.isfinite(whole):
        whole, name = _number(processor.get("package_watts")) * seconds, "package"
    if math.isfinite(whole):
        found[name] = whole
    return found


def _number(value: Any) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if good else math.nan
