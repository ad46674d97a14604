"""Imports the energies that Linux's `perf stat -e power/energy-…/` printed: plain, with `-x`, and with `-I`.

Every line with `Joules` is an amount: of the whole run, or with `-I` of the interval that its time ends.  They are
RAPL's counters.  Without `-I` the line `seconds time elapsed` is the length of the run.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import RAPL
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import number_ns
from powermeter.importers.unread_lines import Unread
from powermeter.importers.whole_or_sum import decide
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
_ROUNDED_J = 0.005  # amounts are printed in hundredths

_BEGIN = "Performance counter stats for"
_ALMOST = re.compile(r"Joules|energy-(?:pkg|cores|gpu|ram|psys)")
_NO_ENERGY = re.compile(rf"\s*(?:#|\$|{_BEGIN})|.*<not ")

Amount = tuple[float | None, str, float]
"""When an interval ended in s (None where nothing states it), the rail, joules."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a line states: when its interval ended (None of a whole run), its socket or blank, and joules."""

    time_s: float | None
    socket: str
    joules: float


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
        reports = _Reports()
        lost = _take(path, reports)
        reports.ends(None)
        amounts, times = reports.amounts, reports.times
        if not amounts and not reports.endless:
            raise DataError(f"{path}: no samples: no line of perf stat in it holds Joules that were counted")
        if not times:
            raise DataError(
                f"{path}: amounts without a time: perf stat -x prints none; log with -I 1000, or keep the plain output with its "
                "line of seconds elapsed"
            )
        if times[0] <= 0 or times[-1] > _LONGEST_S:
            raise DataError(f"{path}: {times[-1]:g} s is not a length of a run")
        warnings = [*reports.notes(), *reports.unread.notes()]
        warnings += _still(amounts)
        if lost:
            text = f"{lost} energies were not counted or not supported and are left out"
            warnings.append(Note.warning("series-left-out", text))
        rails = rapl_rails(amounts)
        whole = decide(rails, where=str(path), rail=choices.rail, add_up=choices.add_up)
        warnings.append(whole.note)
        rows = running_totals("perf stat", amounts, times, whole.rails)
        log = Log(cls.name, RELATIVE, [rows], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _still(amounts: Sequence[Amount]) -> list[Note]:
    """Return a note on packages that used nothing while another domain did: they always draw."""
    used: defaultdict[str, float] = defaultdict(float)
    for _, rail, joules in amounts:
        used[rail] += joules
    still = [rail for rail, joules in used.items() if not joules and rail.startswith("package")]
    if not still or not any(used.values()):
        return []
    text = (
        f"{', '.join(still)}: 0 J in all, where other domains used some: a processor always draws, so it was not counted, or the log is damaged; "
        "the whole lacks it"
    )
    return [Note.warning("all-zero", text)]


@dataclass(slots=True)
class _Reports:
    """What one report after another states; each is laid behind the one before.

    Attributes:
        amounts: Of all reports.
        pending: (rail, joules) of a report whose length is still to come.
        count: How many reports ended.
        summed_up: Lines that add up the intervals above, as `--summary` prints them.
        endless: Lines of reports whose length is nowhere, beside reports that have one.
        twice: Lines with an energy that their report states already.
        unread: Lines with an energy that could not be read.
    """

    amounts: list[Amount] = field(default_factory=list)
    pending: list[tuple[str, float]] = field(default_factory=list)
    count: int = 0
    summed_up: int = 0
    endless: int = 0
    twice: Unread = field(default_factory=Unread)
    unread: Unread = field(default_factory=Unread)
    _begun_s: float = 0.0
    _now_s: float = 0.0
    _seen: set[tuple[float | None, str, str]] = field(default_factory=set)
    _first: int = 0

    @property
    def times(self) -> list[float]:
        """When intervals ended, rising."""
        return sorted({time for time, _, _ in self.amounts if time is not None})

    def add(self, domain: str, read: _Read, line: int) -> None:
        """Take what a line states, once in its report."""
        if read.time_s is not None and self.pending:
            self.ends(None)
        if read.time_s is not None and read.time_s < self._now_s:
            self._next(self._now_s)
        key = (read.time_s, domain, read.socket)
        if key in self._seen:
            self.twice.add(line)
            return
        self._seen.add(key)
        rail = f"{RAPL_DOMAINS[domain][0]}{_digits(read.socket)}"
        if read.time_s is None:
            self.pending.append((rail, read.joules))
            return
        self._now_s = read.time_s
        self.amounts.append((self._begun_s + read.time_s, rail, read.joules))

    def ends(self, seconds: float | None) -> None:
        """Take how long the run was of the lines without a time; None where nothing states it."""
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        if self._sum_up(pending):
            self.summed_up += len(pending)
            self._next(self._now_s)
            return
        if self._now_s:
            self._next(self._now_s)
        if seconds is None:
            self.endless += len(pending)
            self._seen.clear()
            return
        self.amounts += [(self._begun_s + seconds, rail, joules) for rail, joules in pending]
        self._next(seconds)

    def _sum_up(self, pending: Sequence[tuple[str, float]]) -> bool:
        """Return whether lines without a time are the sums, to the last digit, of the intervals above them."""
        apart: defaultdict[str, float] = defaultdict(float)
        room: defaultdict[str, float] = defaultdict(float)
        for sign, lines in ((1, [(rail, j) for _, rail, j in self.amounts[self._first :]]), (-1, pending)):
            for rail, joules in lines:
                apart[rail] += sign * joules
                room[rail] += _ROUNDED_J
        return self._now_s > 0 and all(abs(apart[rail]) <= room[rail] * (1 + 1e-9) for rail, _ in pending)

    def _next(self, length_s: float) -> None:
        self._begun_s += length_s
        self._now_s = 0.0
        self._seen.clear()
        self._first = len(self.amounts)
        self.count += 1

    def notes(self) -> list[Note]:
        """Return what was assumed of the reports."""
        notes = []
        more = self.count + bool(self._now_s)
        if more > 1:
            text = f"{more} reports were laid one after another, without the pauses between them, which were not measured"
            notes.append(Note.info("pauses-unknown", text))
        if self.summed_up:
            text = f"{plural(self.summed_up, 'line that adds', 'lines that add')} up the intervals above: left out"
            notes.append(Note.info("rows-left-out", text))
        if self.endless:
            text = f"{plural(self.endless, 'energy', 'energies')} of a report that states no time: left out; its line of seconds elapsed is missing"
            notes.append(Note.warning("series-left-out", text))
        if self.twice.count:
            text = (
                f"{plural(self.twice.count, 'line states', 'lines state')} an energy that stands above for the same domain and time "
                f"({self.twice.where}): counted once, as the first one states it"
            )
            notes.append(Note.warning("rows-repeated", text))
        return notes


def _take(path: Path, reports: _Reports) -> int:
    """Fill reports from a file's lines; return how many energies were not counted or not supported."""
    lost = 0
    for number, line in enumerate(read_lines(path), 1):
        end = _ELAPSED.match(line)
        if end is not None:
            reports.ends(_number(end[1]))
        elif _BEGIN in line:
            reports.ends(None)
        event = _EVENT.search(line)
        read = _line(line) if event is not None else None
        if event is not None and read is not None:
            reports.add(event["domain"], read, number)
        elif event is not None and "<not" in line:
            lost += 1
        elif _ALMOST.search(line) and not _NO_ENERGY.match(line):
            reports.unread.add(number)
    return lost


def _number(text: str) -> float:
    """Return a number as perf prints it: thousands apart, a decimal comma in some locales."""
    text = text.replace("'", "")
    if re.fullmatch(r"\d+,\d+", text) and len(text.split(",")[1]) != 3:
        text = text.replace(",", ".")
    return float(text.replace(",", ""))


def _line(line: str) -> _Read | None:
    """Return what a line states, or None."""
    if line.lstrip().startswith("{"):
        return _record(line)
    plain = _PLAIN.match(line)
    if plain is not None:
        time = None if plain["time"] is None else float(plain["time"].replace(",", "."))
        return _Read(time, plain["socket"] or "", _number(plain["value"]))
    for mark in ",;|\t":
        fields = [text.strip() for text in line.split(mark)]
        if "Joules" not in fields:
            continue
        at = fields.index("Joules")
        value = number_ns(fields[at - 1], NS) if at else None
        named = [i for i, text in enumerate(fields[:at]) if _FIELDS.match(text)]
        counted = bool(named) and not fields[named[0]].startswith("CPU")  # how many of them were added up
        if value is None or (named and at - 1 != named[0] + 1 + counted):
            return None
        if counted and not fields[named[0] + 1].isdecimal():
            return None
        first = number_ns(fields[0], NS) if at > 1 and re.fullmatch(r"\d+\.\d+", fields[0]) else None
        return _Read(None if first is None else first / NS, fields[named[0]] if named else "", value / NS)
    return None


def _record(line: str) -> _Read | None:
    """Return what `_line` does of a line that `perf stat -j` printed."""
    try:
        record = json.loads(line.strip().rstrip(","))
        value = float(str(record["counter-value"]).replace(",", "."))
        time = float(record["interval"]) if "interval" in record else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    socket = next((str(record[name]) for name in ("socket", "node", "cpu") if name in record), "")
    return _Read(time, socket, value) if 0 <= value < 1e15 and (time is None or 0 < time < 1e10) else None


def _digits(socket: str) -> str:
    found = re.search(r"\d+", socket)
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
