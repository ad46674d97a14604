"""Imports what `likwid-powermeter` printed: the joules of each RAPL domain over one run, or over one run after another.

A report begins with `Runtime: 2.00012 s`; every `Energy consumed:` belongs to the domain and the socket named last
(likwid's source: `%g`, so six digits).  Several reports are laid one after another: the pauses were not measured.
"""

from __future__ import annotations

import re
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log
from powermeter.importers.perf_stat import RAPL_DOMAINS, Amount, rapl_rails, running_totals
from powermeter.importers.unread_lines import Unread
from powermeter.importers.whole_or_sum import decide
from powermeter.result.notes import Note

_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_RUNTIME = re.compile(rf"Runtime: {_NUMBER} s\s*\Z")
_SOCKET = re.compile(r"Measure for socket (\d+) on CPU \d+")
_DOMAIN = re.compile(r"Domain (PKG|PP0|PP1|DRAM|PLATFORM|CORE):")
_ENERGY = re.compile(rf"Energy consumed: {_NUMBER} Joules")
_NAMES = {"PKG": "pkg", "PP0": "cores", "CORE": "cores", "PP1": "gpu", "DRAM": "ram", "PLATFORM": "psys"}
_ALMOST = re.compile(r"Runtime|Measure f|Domain |Energy c|.{0,80}Joules")
_MOST = 1_000_000


class Likwid(Importer):
    name = "likwid"
    title = "the output of likwid-powermeter"
    takes = frozenset({"rail", "sum"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return any(_ENERGY.match(line) for line in peek.lines[:200]) and any(
            _RUNTIME.match(line) for line in peek.lines[:200]
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        amounts, times = _amounts(path, unread)
        if not any(joules for _, _, joules in amounts):
            raise DataError(f"{path}: no samples: no domain of likwid-powermeter's in it counted any energy")
        whole = decide(rapl_rails(amounts), where=str(path), rail=choices.rail, add_up=choices.add_up)
        warnings = [whole.note, *unread.notes()]
        if len(times) > 1:
            text = f"{len(times)} reports were laid one after another, without the pauses between them, which were not measured"
            warnings.append(Note.info("pauses-unknown", text))
        log = Log(
            cls.name, RELATIVE, [running_totals("likwid", amounts, times, whole.rails)], warnings=warnings
        )
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _amounts(path: Path, unread: Unread) -> tuple[list[Amount], list[float]]:
    """Return the amounts of all reports, domains that never count left out, and when each report ended in s.

    Lines of a report that cannot be read, and energies whose domain could not be, are counted.
    """
    amounts: list[Amount] = []
    times: list[float] = []
    socket = rail = ""
    for number, line in enumerate(read_lines(path), 1):
        if match := _RUNTIME.match(line):
            length = float(match[1])
            if not 0 < length < 1e9 or len(times) >= _MOST:
                raise DataError(f"{path}: {length:g} s is not the length of a run")
            times.append((times[-1] if times else 0.0) + length)
            rail = ""
        elif match := _SOCKET.match(line):
            socket, rail = match[1], ""
        elif match := _DOMAIN.match(line):
            rail = f"{RAPL_DOMAINS[_NAMES[match[1]]][0]}{socket}"
        elif (match := _ENERGY.match(line)) and rail and times:
            amounts.append((times[-1], rail, float(match[1])))
            rail = ""  # a domain has one energy
        elif _ALMOST.match(line):
            unread.add(number)
            rail = "" if "Domain" in line else rail
    counted = {rail for _, rail, joules in amounts if joules}
    return [amount for amount in amounts if amount[1] in counted], times
