"""Imports codecarbon's `emissions.csv`: one row per run, energies in kWh.

There are no samples in it, only totals.  The runs are laid one after another, each as long as its
`duration`, as steps of running totals: every event then has exactly the energy of its row.  Rows of one
`run_id` that go on with its totals (`flush`) are one run: its last row counts, the others are steps on the way.
The powers in the file are last readings, not means, and are not used.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
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
_LONGEST_NS = 100 * 31_557_600 * NS
_ROUNDED = 0.02
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
        rows, incomplete = [], []
        for number, row in enumerate(_rows(path)):
            read = _row(row)
            rows += [read] if read is not None else []
            incomplete += [number] if read is None else []
        if not rows:
            raise DataError(f"{path}: no run in it has a duration and all energies")
        runs = _runs(rows)
        events: list[Event] = []
        steps: list[tuple[int, list[float]]] = []
        now = 0
        for run in runs:
            if now + run[-1].duration_ns > _LONGEST_NS:
                raise DataError(f"{path}: more than a century of runs; the file is damaged")
            end = now + run[-1].duration_ns
            events.append(Event(run[-1].name, now, end, attributes=run[-1].kept))
            for before, later in zip([None, *run], run, strict=False):
                used = before.energies if before is not None else [0.0] * len(_TOTALS)
                steps.append((now + later.duration_ns, list(np.subtract(later.energies, used))))
            now = end
        grade = Grade.SIMULATED if any(row.simulated for row in rows) else Grade.ESTIMATED
        known = np.sum([row.known for row in rows], axis=0)
        notes = _notes(rows, runs, incomplete)
        return Log(cls.name, RELATIVE, [_totals(steps, known, grade)], events, warnings=notes)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file.

    Attributes:
        run, name: Its `run_id`, empty where it has none, and its project.
        end_ns: When it was written, or None.
        duration_ns: How long its run had lasted.
        energies: In kWh, the total first; 0 where a part has none.
        known: Which energies it has.
        kept: What of it becomes the event's attributes.
        simulated: Whether it calls itself so.
    """

    run: str
    name: str
    end_ns: int | None
    duration_ns: int
    energies: list[float]
    known: list[bool]
    kept: dict[str, str]
    simulated: bool

    @property
    def contradicts(self) -> bool:
        """Whether its parts do not add up to its total; a power usage effectiveness may be in the total alone."""
        if not all(self.known):
            return False
        parts, effectiveness = sum(self.energies[1:]), float_or_nan(self.kept.get("pue", "")) or 1.0
        high = parts * max(1.0, effectiveness if math.isfinite(effectiveness) else 1.0)
        return not parts * (1 - _ROUNDED) <= self.energies[0] <= high * (1 + _ROUNDED)

    def goes_on(self, before: _Row) -> bool:
        """Return whether it is a later total of the run of an earlier row: begun together, longer, no energy less."""
        if self.end_ns is None or before.end_ns is None or self.run != before.run or not self.run:
            return False
        later = self.end_ns - self.duration_ns - (before.end_ns - before.duration_ns)
        rises = all(b <= a for a, b in zip(self.energies, before.energies, strict=True))
        return abs(later) <= _SAME_START_NS and self.duration_ns > before.duration_ns and rises


def _row(row: dict[str, str]) -> _Row | None:
    """Return a row of the file, or None where it lacks its duration or its energy."""
    duration = number_ns(row.get("duration") or "", NS)
    energies = [float_or_nan(row.get(name) or "") for name in _TOTALS]
    known = [not math.isnan(energy) for energy in energies]
    # The first versions write no energies of parts.
    energies[1:] = [energy if math.isfinite(energy) else 0.0 for energy in energies[1:]]
    if duration is None or duration <= 0 or any(math.isnan(e) or not 0 <= e < 1e6 for e in energies):
        return None
    end = wall(row.get("timestamp") or "")
    return _Row(
        row.get("run_id") or "",
        row.get("project_name") or "run",
        None if end is None else end.ns,
        duration,
        energies,
        known,
        {name: row[name] for name in _KEPT if row.get(name)},
        row.get("experiment_id") == Grade.SIMULATED.value,
    )


def _runs(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Return the rows of each run in the order of its first; each row its own run where one of them has no `run_id`."""
    if not all(row.run for row in rows):
        return [[row] for row in rows]
    runs: list[list[_Row]] = []
    last: dict[str, list[_Row]] = {}
    for row in rows:
        run = last.get(row.run)
        if run is not None and row.goes_on(run[-1]):
            run.append(row)
        else:
            last[row.run] = [row]
            runs.append(last[row.run])
    return runs


def _doubled(rows: Sequence[_Row]) -> tuple[int, float]:
    """Return how many rows include an earlier one of the same run, and the energy counted more than once with it, in kWh."""
    count, kwh = 0, 0.0
    last: dict[str, _Row] = {}
    for row in rows:
        before = last.get(row.run)
        if before is not None and row.goes_on(before):
            count += 1
            kwh += before.energies[0]
        last[row.run] = row
    return count, kwh


def _overlapping(runs: Sequence[Sequence[_Row]]) -> int:
    """Return how many runs began before the one above them had ended."""
    ends = [run[-1] for run in runs if run[-1].end_ns is not None]
    return sum(
        (later.end_ns or 0) - later.duration_ns < (before.end_ns or 0) - NS
        for before, later in pairwise(ends)
    )


def _notes(rows: Sequence[_Row], runs: Sequence[Sequence[_Row]], incomplete: Sequence[int]) -> list[Note]:
    notes = [
        Note.info(
            "totals-only",
            "emissions.csv has totals only: the runs were laid one after another, without the pauses between them",
        )
    ]
    if incomplete:
        listed = ", ".join(map(str, incomplete[:10]))
        notes.append(
            Note.warning(
                "rows-left-out",
                f"rows {listed} (from 0) lack a duration or an energy and were left out",
            )
        )
    notes += _contradictions(rows)
    overlapping = _overlapping(runs)
    if overlapping:
        notes.append(
            Note.warning(
                "rows-overlap",
                f"{plural(overlapping, 'row')} began before the row above them ended: they ran in parallel, or are later totals "
                "of the same run, each of which includes the earlier ones; the sum over all rows counts them all",
            )
        )
    count, doubled = _doubled(rows)
    if not count:
        return notes
    total = sum(row.energies[0] for row in rows)
    once, twice = (format_quantity(kwh * _JOULE_PER_KWH, "J", 4) for kwh in (total - doubled, total))
    if len(runs) < len(rows):
        text = (
            f"{plural(count, 'row')} of the same run_id and beginning include the row before, as flush writes them: each run "
            f"was counted once, with its last row ({once}; all rows added up are {twice})"
        )
        return [*notes, Note.info("later-totals", text)]
    text = (
        f"{plural(count, 'row')} of the same run_id and beginning include the row before; with each run counted once it is {once}, here "
        f"{twice}, as other rows name no run: import a copy that keeps only the last row of each run"
    )
    return [*notes, Note.warning("later-totals", text)]


def _contradictions(rows: Sequence[_Row]) -> list[Note]:
    """Return notes on what rows cannot state together: a run twice, no time where there is a text, parts that are not the total."""
    notes = []
    twice = sum(one == other for one, other in pairwise(rows))
    if twice:
        text = f"{plural(twice, 'row is', 'rows are')} the one above once more and counted again: if it was copied, take it out and import again"
        notes.append(Note.warning("rows-repeated", text))
    untimed = sum(row.end_ns is None and bool(row.kept.get("timestamp")) for row in rows)
    if untimed:
        text = f"{plural(untimed, 'row has', 'rows have')} a timestamp that is no time: damaged, and its other cells may be as well"
        notes.append(Note.warning("missing-values", text))
    apart = sum(row.contradicts for row in rows)
    if apart:
        text = (
            f"in {plural(apart, 'row')} the energies of CPU, GPU and memory do not add up to energy_consumed, which is counted: a cell is damaged, or "
            "the header has its columns in another order than the rows"
        )
        notes.append(Note.warning("parts-against-total", text))
    return notes


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
