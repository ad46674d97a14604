"""Imports tables of measured stretches: one row per call, section or window, with its length and its energies.

There are no samples in them, only totals.  Each row becomes an event, and each rail a running total that rises by
the row's energy over the row's time.  Rows that follow each other without pauses keep their times; others are
laid one after another, as a pause was not measured.  Windows that lie in each other are taken apart.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import NVML, RAPL
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan
from powermeter.importers.exchanged_columns import refuse_exchanged
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.headers import clean
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.nested_windows import LabelledWindow, of_all_sockets, parents_of, pieces
from powermeter.importers.stamps import number_ns
from powermeter.importers.whole_or_sum import decide
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

MAX_ROWS = 1_000_000

_PAUSE = 0.01  # share of the span that pauses may have before the rows are laid one after another
_EPOCH_S = 10**9
_LONGEST_NUMBER = 4  # of a processor


@dataclass(frozen=True, slots=True)
class Energy:
    """An energy column: pattern of its header, joules per unit, rail and parent rail."""

    pattern: str
    factor: float
    rail: str
    parent: str | None = None
    accuracy: Accuracy = RAPL
    boundary: Boundary = Boundary.PART


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool's table of stretches.

    Attributes:
        name: For people.
        must: Headers that must be there, lower case.
        start, length, label: Their headers; the length's unit in nanoseconds beside it.
        device: A header that distinguishes processors, or empty.
        energies: The energy columns.
        source: Where these facts are from.
    """

    name: str
    must: tuple[str, ...]
    start: str
    length: str
    tick_ns: int
    label: str
    energies: tuple[Energy, ...]
    device: str = ""
    source: str = ""


TOOLS = (
    Tool(
        "pyRAPL",
        ("label", "timestamp", "duration", "pkg", "dram", "socket"),
        "timestamp",
        "duration",
        1000,
        "label",
        (Energy("pkg", 1e-6, "package"), Energy("dram", 1e-6, "dram")),
        "socket",
        "pyRAPL's documentation: duration in µs, energies in µJ",
    ),
    Tool(
        "pyJoules",
        ("timestamp", "tag", "duration"),
        "timestamp",
        "duration",
        NS,
        "tag",
        (
            Energy(r"package_(\d+)", 1e-6, r"package\1"),
            Energy(r"core_(\d+)", 1e-6, r"core\1", r"package\1"),
            Energy(r"uncore_(\d+)", 1e-6, r"uncore\1", r"package\1"),
            Energy(r"dram_(\d+)", 1e-6, r"dram\1"),
            Energy(r"nvidia_gpu_(\d+)", 1e-3, r"gpu\1", None, NVML, Boundary.DEVICE),
        ),
        source="pyJoules' documentation: duration in s, RAPL domains in µJ, NVIDIA GPUs in mJ",
    ),
    Tool(
        "Zeus windows",
        ("start_time", "window_name", "elapsed_time"),
        "start_time",
        "elapsed_time",
        NS,
        "window_name",
        (
            Energy(r"gpu(\d+)_energy", 1.0, r"gpu\1", None, NVML, Boundary.DEVICE),
            Energy(r"cpu(\d+)_energy", 1.0, r"cpu\1"),
            Energy(r"dram(\d+)_energy", 1.0, r"dram\1"),
        ),
        source="ZeusMonitor's log file: seconds and joules",
    ),
)


class IntervalTable(Importer):
    name = "intervals"
    title = "a table of measured stretches (pyRAPL, pyJoules, Zeus windows)"
    takes = frozenset({"rail", "sum", "as"})
    tools: ClassVar[Sequence[Tool]] = TOOLS

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return bool(peek.lines) and _tool(peek.lines[0]) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        peek = Peek.at(path)
        found = _tool(peek.lines[0]) if peek.lines else None
        if found is None:
            raise DataError(f"{path}: its header is of no tool that writes tables of stretches")
        tool, delimiter = found
        rails, stretches, left_out, unknown = _read(path, tool, delimiter)
        if not stretches:
            raise DataError(f"{path}: no row in it has a time, a length and an energy")
        if not choices.as_:
            _refuse_exchanged(tool, rails, stretches, str(path))
        warnings = [
            Note.info(
                "totals-only", f"{tool.name} has totals of stretches only, no samples: each row is an event"
            )
        ]
        if left_out:
            shown = ", ".join(map(str, left_out[:5]))
            warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"{plural(len(left_out), 'row lacks', 'rows lack')} a time, a length or an energy: left out (lines {shown})",
                )
            )
        if unknown:
            text = f"columns that {tool.name} is not known to write were left out: {', '.join(unknown[:5])}"
            warnings.append(Note.warning("column-left-out", text))
        stretches = of_all_sockets(stretches)
        warnings += (repeated := _repeated(stretches))
        parents = [None] * len(stretches) if repeated else parents_of(stretches, str(path))
        outer = [s for s, parent in zip(stretches, parents, strict=True) if parent is None]
        places, clock = _places(outer, warnings)
        starts = _moved(stretches, parents, places)
        whole = decide(
            [
                Rail(name, e.parent and _expanded(name, e), e.boundary, f"{tool.name}'s {name}")
                for name, e in rails.items()
            ],
            where=str(path),
            rail=choices.rail,
            add_up=choices.add_up,
        )
        warnings.append(whole.note)
        if len(outer) < len(stretches):
            text = f"{plural(len(stretches) - len(outer), 'window lies', 'windows lie')} inside others: the energy of each counts once"
            warnings.append(Note.info("windows-nested", text))
        moved = [replace(s, start_ns=start) for s, start in zip(stretches, starts, strict=True)]
        parts = moved if len(outer) == len(stretches) else pieces(moved, parents, str(path))
        rows = _totals(tool.name, rails, whole.rails, parts, [part.start_ns for part in parts])
        events = [
            Event(s.label or "row", start, start + s.length_ns)
            for s, start in zip(stretches, starts, strict=True)
        ]
        log = Log(cls.name, clock, [rows], events, warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _expanded(name: str, energy: Energy) -> str | None:
    """Return the parent of a rail: the pattern's number is the rail's."""
    number = re.search(r"\d+\Z", name)
    return None if energy.parent is None else energy.parent.replace(r"\1", number[0] if number else "")


def _tool(line: str) -> tuple[Tool, str] | None:
    for delimiter in (",", ";", "\t"):
        names = {clean(text).lower() for text in next(csv.reader([line], delimiter=delimiter), [])}
        for tool in TOOLS:
            if set(tool.must) <= names and any(
                re.fullmatch(e.pattern, n) for e in tool.energies for n in names
            ):
                return tool, delimiter
    return None


def _repeated(stretches: Sequence[LabelledWindow]) -> list[Note]:
    """Return a note where a row stands right below its like: one stretch, written twice."""
    count = sum(one == other for one, other in pairwise(stretches))
    if not count:
        return []
    text = f"{plural(count, 'row is', 'rows are')} the one above once more, its time included, and counted again: if it was copied, take it out and import again"
    return [Note.warning("rows-repeated", text)]


def _read(
    path: Path, tool: Tool, delimiter: str
) -> tuple[dict[str, Energy], list[LabelledWindow], list[int], list[str]]:
    """Return the rails, the rows, the lines of rows that lack something, and the columns of numbers that nothing is known of."""
    reader = csv.reader(read_lines(path), delimiter=delimiter)
    header = next(([clean(text).lower() for text in row] for row in reader if any(row)), [])
    if not set(tool.must) <= set(header):
        raise DataError(f"{path}: its first line is not the header of {tool.name}")
    place = {name: i for i, name in enumerate(header)}
    columns = [
        (i, energy, match)
        for i, name in enumerate(header)
        for energy in tool.energies
        if (match := re.fullmatch(energy.pattern, name)) is not None
    ]
    known = {*tool.must, *(header[i] for i, _, _ in columns)}
    numbers: set[str] = set()
    rails: dict[str, Energy] = {}
    stretches: list[LabelledWindow] = []
    left_out: list[int] = []
    for fields in reader:
        if not any(map(str.strip, fields)) or [clean(text).lower() for text in fields] == header:
            continue
        if len(stretches) >= MAX_ROWS:
            raise DataError(f"{path}: more than {MAX_ROWS} rows; split it and import the parts")
        fields = [*fields, *[""] * (len(header) - len(fields))]
        start, length = (
            number_ns(fields[place[tool.start]], NS),
            number_ns(fields[place[tool.length]], tool.tick_ns),
        )
        numbers |= {
            n
            for n, text in zip(header, fields, strict=False)
            if n not in known and math.isfinite(float_or_nan(text))
        }
        unit = fields[place[tool.device]].strip() if tool.device else ""
        energies = {}
        for i, energy, match in columns:
            joules = float_or_nan(fields[i].strip("[] ")) * energy.factor
            if math.isfinite(joules) and 0 <= joules < 1e12 and len(unit) <= _LONGEST_NUMBER:
                name = match.expand(energy.rail) + unit
                rails.setdefault(name, energy)
                energies[name] = joules
        if (
            start is None
            or length is None
            or not 0 < length < 10**17
            or not energies
            or start < 0
            or len(unit) > _LONGEST_NUMBER
        ):
            left_out.append(reader.line_num)
            continue
        stretches.append(LabelledWindow(start, length, fields[place[tool.label]].strip()[:100], energies))
    return rails, stretches, left_out, sorted(numbers)


def _refuse_exchanged(
    tool: Tool, rails: Mapping[str, Energy], stretches: Sequence[LabelledWindow], where: str
) -> None:
    sums = {name: sum(s.energies.get(name, 0.0) for s in stretches) for name in rails if _WHOLE.match(name)}
    if not sums:
        return
    largest = max(sums, key=lambda name: sums[name])
    seconds = sum(s.length_ns for s in stretches) / NS
    ratio = rails[largest].factor / (tool.tick_ns / NS)
    refuse_exchanged(sums[largest], seconds, ratio, (tool.length, largest), where)


_WHOLE = re.compile(r"package|cpu|gpu")
"""Domains that always draw a part of a watt; memory that sleeps may not."""


def _places(stretches: Sequence[LabelledWindow], warnings: list[Note]) -> tuple[list[int], str]:
    """Return when each stretch began, and on which clock: its own, or one after another."""
    starts = [s.start_ns for s in stretches]
    ends = [s.start_ns + s.length_ns for s in stretches]
    pauses = [b - a for a, b in zip(ends, starts[1:], strict=False)]
    span = ends[-1] - starts[0]
    tight = all(pause >= -1000 for pause in pauses) and sum(pauses) <= _PAUSE * max(span, 1)
    if tight:
        placed = [max(start, end) for start, end in zip(starts, [starts[0], *ends[:-1]], strict=True)]
        return placed, UTC if starts[0] > _EPOCH_S * NS else RELATIVE
    text = "the rows were laid one after another, without the pauses between them, which were not measured"
    warnings.append(Note.info("pauses-unknown", text))
    total, placed = 0, []
    for stretch in stretches:
        placed.append(total)
        total += stretch.length_ns
    return placed, RELATIVE


def _moved(
    stretches: Sequence[LabelledWindow], parents: Sequence[int | None], places: Sequence[int]
) -> list[int]:
    """Return when each stretch began, those inside others as far behind their beginning as they were."""
    tops = iter(places)
    new = [next(tops) if parent is None else 0 for parent in parents]

    def top(i: int) -> int:
        while (parent := parents[i]) is not None:
            i = parent
        return i

    return [
        new[i] if parents[i] is None else new[top(i)] + own.start_ns - stretches[top(i)].start_ns
        for i, own in enumerate(stretches)
    ]


def _totals(
    name: str,
    energies: dict[str, Energy],
    rails: object,
    stretches: Sequence[LabelledWindow],
    starts: Sequence[int],
) -> LogRows:
    assert isinstance(rails, dict)
    times: list[int] = []
    for start, stretch in zip(starts, stretches, strict=True):
        if not times or start > times[-1]:
            times.append(start)
        times.append(max(start + stretch.length_ns, times[-1]))
    index = np.searchsorted(
        np.array(times, np.int64), [s + t.length_ns for s, t in zip(starts, stretches, strict=True)]
    )
    channels, codes = [], []
    for rail, energy in energies.items():
        own = np.array([stretch.energies.get(rail, 0.0) for stretch in stretches])
        grid = DecimalGrid()
        grid.add(own)
        grid.leave_room_for_sum(len(own))
        steps = np.zeros(len(times), np.int64)
        np.add.at(steps, index, grid.codes(own))
        channels.append(
            Channel(
                f"{rail}.energy",
                Quantity.ENERGY,
                grid.scale,
                rails[rail],
                Kind.COUNTER,
                grade=Grade.MEASURED,
                accuracy=energy.accuracy,
            )
        )
        codes.append(np.cumsum(steps))
    return LogRows(name, tuple(channels), np.array(times, np.int64), codes)
