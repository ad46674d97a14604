"""A recording as flat names and numbers, for trackers of experiments."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from powermeter import Analysis, Recording, Result, analyse

_ODD = re.compile(r"[^0-9A-Za-z_.\-/ ]")


@dataclass(frozen=True, slots=True)
class Flat:
    """What a tracker takes of a recording.

    Attributes:
        numbers: `energy_j`, `infer/per_item_j`, `infer/per_item_low_j` …; what is not known is absent.
        texts: Grade, rail, source: what must be shown beside the numbers.
    """

    numbers: Mapping[str, float]
    texts: Mapping[str, str]


def flat(path: str | Path) -> Flat:
    """Return the numbers of a recording, those of `powermeter show`.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    with Recording.open(path) as recording:
        a = analyse(recording)
        simulated = bool(recording.metadata.get("simulated")) or any(
            source.info.get("simulated") for source in recording.sources
        )
    numbers: dict[str, float] = {}
    _add(numbers, "energy", a.energy, "j")
    _add(numbers, "charge", a.charge, "c")
    _add(numbers, "power", a.power, "w")
    numbers["duration_s"] = a.duration.value
    for row in a.rows:
        name = tracked(row.label)
        _add(numbers, f"{name}/per_item", row.per_item, "j")
        _add(numbers, f"{name}/energy", row.energy, "j")
        numbers[f"{name}/events"] = float(row.events)
        if row.items is not None:
            numbers[f"{name}/items"] = float(row.items)
        if row.latency_mean is not None:
            numbers[f"{name}/latency_s"] = row.latency_mean
    return Flat(numbers, _texts(a, simulated))


def _texts(a: Analysis, simulated: bool) -> dict[str, str]:
    texts = {
        "grade": a.energy.grade.value,
        "rail": a.line.key,
        "covers": a.covers,
        "simulated": str(simulated).lower(),
    }
    if a.notes:
        texts["notes"] = "; ".join(a.notes)
    return texts


def _add(numbers: dict[str, float], name: str, result: Result | None, unit: str) -> None:
    if result is None:
        return
    for end, value in (("", result.value), ("_low", result.low), ("_high", result.high)):
        if math.isfinite(value):
            numbers[f"{name}{end}_{unit}"] = value


def tracked(label: str) -> str:
    """Return a label in letters that every tracker takes."""
    return _ODD.sub("_", label).strip("/ ")[:120] or "label"
