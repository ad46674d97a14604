"""Imports the energies that Linux's `perf stat -e power/energy-…/` printed: plain, with `-x`, and with `-I`.

Every line with `Joules` is an amount: of the whole run, or with `-I` of the interval that its time ends.  They are
RAPL's counters.  Without `-I` the line `seconds time elapsed` is the length of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers.accuracies import RAPL
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import number_ns
from powermeter.importers.whole_rail import decide
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_EVENT = re.compile(r"(?:^|[\s,;|\"])(?:power/)?energy-(?P<domain>pkg|cores|gpu|ram|psys)/?(?=$|[\s,;|:\"])")
_NUMBER = r"(?:\d{1,3}(?:[,']\d{3})+|\d+)(?:[.,]\d+)?"
_PLAIN = re.compile(
    rf"^\s*(?:(?P<time>\d+[.,]\d+)\s+)?(?:(?P<socket>S\d+(?:-\w+)*|N\d+|CPU\d+)\s+(?:\d+\s+)?)?(?P<value>{_NUMBER})\s+Joules\s"
)
_FIELDS = re.compile(r"S\d+(?:-\w+)*\Z|N\d+\Z|CPU\d+\Z")
_ELAPSED = re.compile(rf"^\s*({_NUMBER})\s+(?:\+-.*)?seconds time elapsed")
RAPL_DOMAINS = {
    "psys": ("psys", None, Boundary.BOARD, "the platform as its maker wired it"),
    "pkg": ("package", "psys", Boundary.PART, "the processor package"),
    "cores": ("cores", "package", Boundary.PART, "the processor's cores"),
    "gpu": ("integrated_graphics", "package", Boundary.PART, "the integrated graphics"),
    "ram": ("dram", "psys", Boundary.PART, "the memory"),
}
"""Domain as perf calls it → rail, the rail it is a part of, boundary, what it covers."""

_LONGEST_S = 10 * 31_557_600

Amount = tuple[float | None, str, float]
"""When an interval ended in s (None where nothing states it), the rail, joules."""


class PerfStat(Importer):
    name = "perf-stat"
    title = "a perf stat output with energies"
    takes = frozenset({"rail", "sum"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return any("Joules" in line and _EVENT.search(line) for line in peek.lines[:400])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        amounts: list[Amount] = []
        lost = 0
        elapsed: float | None = None
        for line in read_lines(path):
            end = _ELAPSED.match(line)
            if end is not None:
                elapsed = _number(end[1])
            event = _EVENT.search(line)
            if event is None:
                continue
            read = _line(line)
            if read is None:
                lost += 1
                continue
            time, socket, value = read
            amounts.append((time, f"{RAPL_DOMAINS[event['domain']][0]}{socket}", value))
        if not amounts:
            raise DataError(f"{path}: no samples: no line of perf stat in it holds Joules that were counted")
        timed = [time for time, _, _ in amounts if time is not None]
        if not timed and elapsed is None:
            raise DataError(
                f"{path}: amounts without a time: perf stat -x prints none; log with -I 1000, or keep the plain output with its "
                "line of seconds elapsed"
            )
        times = sorted(set(timed)) if timed else [elapsed or 0.0]
        if times[0] <= 0 or times[-1] > _LONGEST_S:
            raise DataError(f"{path}: {times[-1]:g} s is not a length of a run")
        warnings = (
            [
                Note.warning(
                    "series-left-out", f"{lost} energies were not counted or not supported and are left out"
                )
            ]
            if lost
            else []
        )
        rails = rapl_rails(amounts)
        whole = decide(rails, where=str(path), rail=choices.rail, add_up=choices.add_up)
        warnings.append(whole.note)
        rows = running_totals("perf stat", amounts, times, whole.rails)
        log = Log(cls.name, RELATIVE, [rows], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _number(text: str) -> float:
    """Return a number as perf prints it: thousands apart, a decimal comma in some locales."""
    text = text.replace("'", "")
    if re.fullmatch(r"\d+,\d+", text) and len(text.split(",")[1]) != 3:
        text = text.replace(",", ".")
    return float(text.replace(",", ""))


def _line(line: str) -> tuple[float | None, str, float] | None:
    """Return (time in s or None, socket's number or blank, joules) of a line, or None."""
    if line.lstrip().startswith("{"):
        return _record(line)
    plain = _PLAIN.match(line)
    if plain is not None:
        time = None if plain["time"] is None else float(plain["time"].replace(",", "."))
        return time, _digits(plain["socket"]), _number(plain["value"])
    for mark in ",;|\t":
        fields = [text.strip() for text in line.split(mark)]
        if "Joules" not in fields:
            continue
        at = fields.index("Joules")
        value = number_ns(fields[at - 1], NS) if at else None
        if value is None:
            return None
        socket = next((text for text in fields[: at - 1] if _FIELDS.match(text)), None)
        first = number_ns(fields[0], NS) if at > 1 and re.fullmatch(r"\d+\.\d+", fields[0]) else None
        return None if first is None else first / NS, _digits(socket), value / NS
    return None


def _record(line: str) -> tuple[float | None, str, float] | None:
    """Return what `_line` does of a line that `perf stat -j` printed."""
    try:
        record = json.loads(line.strip().rstrip(","))
        value = float(str(record["counter-value"]).replace(",", "."))
        time = float(record["interval"]) if "interval" in record else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    socket = next((str(record[name]) for name in ("socket", "node", "cpu") if name in record), None)
    return (time, _digits(socket), value) if 0 <= value < 1e15 and (time is None or 0 < time < 1e10) else None


def _digits(socket: str | None) -> str:
    found = re.search(r"\d+", socket or "")
    return found[0] if found else ""


def rapl_rails(amounts: Sequence[Amount]) -> list[Rail]:
    """Return the rails of RAPL's domains in the order of their amounts: cores and graphics are inside their package."""
    names = list(dict.fromkeys(rail for _, rail, _ in amounts))
    made = []
    for name in names:
        number = re.search(r"\d+\Z", name)
        stem = name[: number.start()] if number is not None else name
        _, parent, boundary, covers = next(entry for entry in RAPL_DOMAINS.values() if entry[0] == stem)
        full = (
            None
            if parent is None
            else parent + (number[0] if number is not None and parent != "psys" else "")
        )
        made.append(Rail(name, full if full in names else None, boundary, covers))
    return made


def running_totals(
    name: str, amounts: Sequence[Amount], times: Sequence[float], rails: Mapping[str, Rail]
) -> LogRows:
    """Return amounts as running totals that begin with 0 at the time 0.

    Args:
        name: What reports call the instrument.
        amounts: An amount whose time is None counts at the last time.
        times: The ends of the intervals in s, rising.
        rails: By the names that the amounts have.
    """
    place = {time: i + 1 for i, time in enumerate(times)}
    axis = np.concatenate(([0], np.rint(np.array(times) * NS).astype(np.int64)))
    channels, codes = [], []
    for own_rail in dict.fromkeys(rail for _, rail, _ in amounts):
        own = np.zeros(len(axis))
        for time, rail, value in amounts:
            if rail == own_rail:
                own[len(times) if time is None else place[time]] += value
        grid = DecimalGrid()
        grid.add(own)
        grid.leave_room_for_sum(len(own))
        channels.append(
            Channel(
                f"{own_rail}.energy",
                Quantity.ENERGY,
                grid.scale,
                rails[own_rail],
                Kind.COUNTER,
                grade=Grade.MEASURED,
                accuracy=RAPL,
            )
        )
        codes.append(np.cumsum(grid.codes(own)))
    return LogRows(name, tuple(channels), axis, codes)
