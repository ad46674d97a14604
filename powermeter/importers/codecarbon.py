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
from powermeter.units import NS, format_quantity

_MAX_RUNS = 100_000
_JOULE_PER_KWH = 3.6e6
_MOST_DECIMALS = 18
_SAME_START_NS = 2 * NS
"""Stamps are in whole seconds, and a row is written a moment after its duration was taken."""

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
        later = _LaterTotals()
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
                later.add(row.get("run_id") or "", end.ns - duration, duration, energies[0])
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
        warnings += later.notes(sum(energies[0] for _, energies in steps))
        return Log(cls.name, RELATIVE, [_totals(steps, known, grade)], events, warnings=warnings)


class _LaterTotals:
    """Finds rows that include the row above them: totals of one run, which began at one time, written again as it goes on."""

    def __init__(self) -> None:
        self.rows = 0
        self.doubled_kwh = 0.0
        self._last: dict[str, tuple[int, int, float]] = {}

    def add(self, run: str, begun_ns: int, duration_ns: int, kwh: float) -> None:
        """Take in a row.

        Args:
            run: Its `run_id`; nothing where it has none.
            begun_ns: When it began.
            duration_ns: How long it has lasted.
            kwh: Energy up to its end.
        """
        before = self._last.get(run)
        if run and before is not None:
            same = abs(begun_ns - before[0]) <= _SAME_START_NS
            if same and duration_ns > before[1] and kwh >= before[2]:
                self.rows += 1
                self.doubled_kwh += before[2]
        self._last[run] = (begun_ns, duration_ns, kwh)

    def notes(self, total_kwh: float) -> list[Note]:
        """Return what the sum over all rows counts twice, and what to do; nothing where no row includes another."""
        if not self.rows:
            return []
        once, twice = (
            format_quantity(kwh * _JOULE_PER_KWH, "J", 4) for kwh in (total_kwh - self.doubled_kwh, total_kwh)
        )
        return [
            Note.warning(
                "later-totals",
                f"{plural(self.rows, 'row')} of the same run_id and beginning include the row before; with each run counted once it is {once}, here "
                f"{twice}: import a copy that keeps only the last row of each run",
            )
        ]


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
