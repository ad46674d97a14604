"""Imports codecarbon's `emissions.csv`: one row per run, energies in kWh.

There are no samples in it, only totals.  The runs are laid one after another, each as long as its
`duration`, as steps of running totals: every event then has exactly the energy of its row.  The
powers in the file are last readings, not means, and are not used.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import CODECARBON
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import number_ns, wall
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_MAX_RUNS = 100_000
_JOULE_PER_KWH = 3.6e6
_MOST_DECIMALS = 18

_TOTALS = {
    "energy_consumed": Rail(
        "machine", None, Boundary.MODEL, "CPU, GPU and memory as codecarbon accounts for them"
    ),
    "cpu_energy": Rail("cpu", "machine", Boundary.MODEL, "the processor"),
    "gpu_energy": Rail("gpu", "machine", Boundary.MODEL, "the GPUs"),
    "ram_energy": Rail("ram", "machine", Boundary.MODEL, "memory, by codecarbon's constant per GB or module"),
}
_KEPT = (
    "timestamp",
    "project_name",
    "run_id",
    "country_name",
    "country_iso_code",
    "region",
    "emissions",
    "cpu_model",
    "gpu_model",
    "tracking_mode",
    "codecarbon_version",
    "pue",
)


class Codecarbon(Importer):
    name = "codecarbon"
    title = "codecarbon's emissions.csv"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines:
            return False
        names = set(peek.lines[0].split(","))
        return {"duration", "energy_consumed", "emissions"} <= names or {
            "duration",
            "energy_consumed",
            "cpu_energy",
        } <= names

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        events: list[Event] = []
        steps: list[tuple[int, list[float]]] = []
        incomplete: list[int] = []
        known = np.zeros(len(_TOTALS), int)
        now = overlapping = 0
        last_end: int | None = None
        simulated = False
        for number, row in enumerate(_rows(path)):
            duration = number_ns(row.get("duration") or "", NS)
            energies = [float_or_nan(row.get(name) or "") for name in _TOTALS]
            # The first versions write no energies of parts.
            parts = [energy if math.isfinite(energy) else 0.0 for energy in energies[1:]]
            known += [not math.isnan(energy) for energy in energies]
            energies = [energies[0], *parts]
            if duration is None or duration <= 0 or any(math.isnan(e) or not 0 <= e < 1e6 for e in energies):
                incomplete.append(number)
                continue
            if now + duration > 100 * 31_557_600 * NS:
                raise DataError(f"{path}, row {number}: more than a century of runs; the file is damaged")
            end = wall(row.get("timestamp") or "")
            if end is not None:
                overlapping += last_end is not None and end.ns - duration < last_end - NS
                last_end = end.ns
            kept = {name: row[name] for name in _KEPT if row.get(name)}
            events.append(Event(row.get("project_name") or "run", now, now + duration, attributes=kept))
            now += duration
            simulated |= row.get("experiment_id") == Grade.SIMULATED.value
            steps.append((now, energies))
        if not steps:
            raise DataError(f"{path}: no run in it has a duration and all energies")
        grade = Grade.SIMULATED if simulated else Grade.ESTIMATED
        warnings = [
            Note.info(
                "totals-only",
                "emissions.csv has totals only: the runs were laid one after another, without the pauses between them",
            ),
        ]
        if incomplete:
            warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"rows {', '.join(map(str, incomplete[:10]))} (from 0) lack a duration or an energy and were left out",
                )
            )
        if overlapping:
            warnings.append(
                Note.warning(
                    "rows-overlap",
                    f"{plural(overlapping, 'row')} began before the row above them ended: they ran in parallel, or are later totals "
                    "of the same run, each of which includes the earlier ones; the sum over all rows counts them all",
                )
            )
        return Log(cls.name, RELATIVE, [_totals(steps, known, grade)], events, warnings=warnings)


def _rows(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    try:
        reader = csv.DictReader(read_lines(path))
        for row in reader:
            if len(found) >= _MAX_RUNS:
                raise DataError(f"{path}: more than {_MAX_RUNS} runs; split it and import the parts")
            found.append(
                {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
            )
    except csv.Error as error:
        raise DataError(f"{path}: {error}; this is not a table of text") from None
    return found


def _totals(steps: list[tuple[int, list[float]]], known: NDArray[np.int64], grade: Grade) -> LogRows:
    times = np.array([0, *(end for end, _ in steps)], np.int64)
    channels, codes = [], []
    for index, rail in enumerate(_TOTALS.values()):
        if known[index] < len(steps):
            continue
        used = [energies[index] for _, energies in steps]
        decimals = min(_MOST_DECIMALS, math.floor(math.log10(2.0**61 / max(sum(used), 1e-30))))
        total: NDArray[np.int64] = np.zeros(len(times), np.int64)
        total[1:] = np.cumsum([round(energy * 10.0**decimals) for energy in used])
        channels.append(
            Channel(
                f"{rail.name}.energy",
                Quantity.ENERGY,
                10.0**-decimals * _JOULE_PER_KWH,
                rail,
                Kind.COUNTER,
                grade=grade,
                accuracy=CODECARBON,
            )
        )
        codes.append(total)
    return LogRows("codecarbon", tuple(channels), times, codes)
