"""Imports what SoSy-Lab's `cpu-energy-meter` printed: the joules of each RAPL domain since it began, as a list (`-r`) or in boxes.

Its README: it prints when it ends, and whenever it is sent `USR1` in between, each time the totals since it began.  So reports
whose lengths and joules never fall are either one run looked at again and again or runs of their own, which is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log
from powermeter.importers.perf_stat import RAPL_DOMAINS, Amount, rapl_rails, running_totals
from powermeter.importers.unread_lines import Unread
from powermeter.importers.whole_or_sum import decide
from powermeter.result.notes import Note

_NUMBER = r"(\d{1,12}(?:\.\d{1,9})?)"
_LENGTH = re.compile(rf"duration(?:_seconds)?={_NUMBER}\s*|Duration\s+{_NUMBER} sec\s*")
_SOCKET = re.compile(r"\| CPU-Energy-Meter\s+Socket (\d{1,3}) \|\s*")
_LISTED = re.compile(rf"cpu(\d{{1,3}})_(package|core|uncore|dram|psys)_[Jj]oules={_NUMBER}\s*")
_BOXED = re.compile(rf"(Package|Core|Uncore|DRAM|PSYS)\s+{_NUMBER} Joules?\s*")
_ALMOST = re.compile(
    r"(?i)duration|cpu\d{1,3}_\w{1,20}_joules|(?:Package|Core|Uncore|DRAM|PSYS)\s.{0,60}Joule"
)
_NAMES = {"package": "pkg", "core": "cores", "uncore": "gpu", "dram": "ram", "psys": "psys"}
_LONGEST_S = 1e9
_MOST = 1_000_000


@dataclass(slots=True)
class _Report:
    """The length of a run in s, and the joules of its domains."""

    length_s: float
    joules: dict[str, float] = field(default_factory=dict)


class CpuEnergyMeter(Importer):
    name = "cpu-energy-meter"
    title = "the output of cpu-energy-meter"
    takes = frozenset({"rail", "sum", "as"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = peek.lines[:200]
        return any(map(_LENGTH.fullmatch, lines)) and any(
            _LISTED.fullmatch(line) or _SOCKET.fullmatch(line) for line in lines
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        reports = [report for report in _reports(path, unread) if report.joules]
        counted = {rail for report in reports for rail, joules in report.joules.items() if joules}
        if not counted:
            raise DataError(f"{path}: no samples: no domain of cpu-energy-meter's in it counted any energy")
        for_all = choices.as_.get("")
        is_one_run = for_all == "counter"
        if _never_fall(reports) and for_all not in ("counter", "per-row"):
            raise ConfigurationError(
                f"{path}: {len(reports)} reports of cpu-energy-meter whose lengths and joules never fall: looks at one run (it prints its totals "
                "whenever it is sent USR1), or runs of their own? --as counter for one run, or --as per-row for runs"
            )
        if is_one_run and not _never_fall(reports):
            raise ConfigurationError(
                f"{path}: lengths or joules fall between its reports, so they are no looks at one run: --as per-row"
            )
        amounts, times = _amounts(reports, counted, is_one_run=is_one_run)
        whole = decide(rapl_rails(amounts), where=str(path), rail=choices.rail, add_up=choices.add_up)
        warnings = [whole.note, *unread.notes()]
        if len(times) > 1 and not is_one_run:
            text = f"{len(times)} reports were laid one after another, without the pauses between them, which were not measured"
            warnings.append(Note.info("pauses-unknown", text))
        rows = running_totals("cpu-energy-meter", amounts, times, whole.rails)
        log = Log(cls.name, RELATIVE, [rows], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _reports(path: Path, unread: Unread) -> Iterator[_Report]:
    """Yield the reports of a file; a box of another socket with the same length belongs to the report above it.

    Raises:
        DataError: A length is none of a run.
    """
    report: _Report | None = None
    socket = ""
    found = 0
    for number, line in enumerate(read_lines(path), 1):
        if length := _LENGTH.fullmatch(line[:200]):
            seconds = float(length[1] or length[2])
            if not 0 < seconds < _LONGEST_S or found >= _MOST:
                raise DataError(f"{path}: {seconds:g} s is not the length of a run")
            same = (
                report is not None
                and socket
                and seconds == report.length_s
                and not any(rail.endswith(socket) for rail in report.joules)
            )
            if not same:
                if report is not None:
                    yield report
                found += 1
                report = _Report(seconds)
        elif box := _SOCKET.fullmatch(line[:200]):
            socket = box[1]
        elif (read := _LISTED.fullmatch(line[:200])) and report is not None:
            report.joules.setdefault(_rail(read[2], read[1]), float(read[3]))
        elif (read := _BOXED.fullmatch(line[:200])) and report is not None and socket:
            report.joules.setdefault(_rail(read[1].lower(), socket), float(read[2]))
        elif _ALMOST.match(line):
            unread.add(number)
    if report is not None:
        yield report


def _rail(domain: str, socket: str) -> str:
    return f"{RAPL_DOMAINS[_NAMES[domain]][0]}{socket}"


def _never_fall(reports: list[_Report]) -> bool:
    """Return whether there are several reports, each longer than the one before and with no less of anything."""
    return len(reports) > 1 and all(
        after.length_s > before.length_s
        and all(after.joules.get(rail, 0.0) >= joules for rail, joules in before.joules.items())
        for before, after in pairwise(reports)
    )


def _amounts(
    reports: list[_Report], counted: set[str], *, is_one_run: bool
) -> tuple[list[Amount], list[float]]:
    """Return the amounts of all intervals, and when each ended in s."""
    amounts: list[Amount] = []
    times: list[float] = []
    before = _Report(0.0)
    for report in reports:
        times.append(report.length_s if is_one_run else (times[-1] if times else 0.0) + report.length_s)
        for rail, joules in report.joules.items():
            if rail in counted:
                amounts.append((times[-1], rail, joules - before.joules.get(rail, 0.0) * is_one_run))
        before = report
    return amounts, times
