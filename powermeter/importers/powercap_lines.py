"""What a loop of `date; grep . /sys/class/powercap/intel-rapl*/energy_uj` wrote: a time, and below it a counter of each zone behind its path.

The zones of the top are packages, or the platform, which holds them (kernel: Documentation/power/powercap/powercap.rst).  What is below a zone
(cores, graphics, memory) has its name in another file, so that it is not known whether the zone above holds it: such zones are read where asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import ends_whole, read_lines
from powermeter.importers.log import Choices, Log
from powermeter.importers.stamps import is_stamp
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_COUNTER = re.compile(
    r"(?:\S{0,200}/)?(intel-rapl(?:-[a-z]{1,8})?(?::\d{1,3}){1,3})/energy_uj:(\d{1,19})", re.ASCII
)
_FEWEST = 2


def are_counters(lines: Sequence[str]) -> bool:
    """Return whether lines are times with counters of zones below each; one other line is taken for a cut or refused one."""
    kinds = [is_stamp(line) for line in lines if line]
    counters = sum(_COUNTER.fullmatch(line) is not None for line in lines)
    return (
        bool(kinds)
        and kinds[0]
        and sum(kinds) >= _FEWEST <= counters
        and sum(kinds) + counters >= len(kinds) - 1
    )


def read_counters(path: Path, choices: Choices) -> Log:
    """Return the log of such lines.

    Raises:
        ConfigurationError: It has several zones of the top, and none is stated as the whole.
        DataError: It has no counter.
    """
    zones = list(
        dict.fromkeys(found[1] for line in read_lines(path) if (found := _COUNTER.fullmatch(line.strip())))
    )
    tops = [zone for zone in zones if zone.count(":") == 1]
    chosen = [zone for zone in zones if zone == choices.rail] or tops or zones
    if not zones:
        raise DataError(f"{path}: no line of it is a counter of a zone")
    if len(chosen) > 1 and choices.rail is None and not choices.add_up:
        raise ConfigurationError(
            f"{path}: {len(chosen)} zones ({', '.join(chosen[:8])}), and one may hold the others or count the same energy, as psys does: the "
            f"file `name` of each states what it is; which one is the whole? --rail {chosen[0]} (or another), or --sum where all are packages"
        )
    if len(chosen) == 1 and choices.rail == chosen[0]:
        choices = replace(choices, rail=None)
    if not choices.as_:
        choices = replace(choices, as_={"": "counter"})
    unread = Unread()
    log = read_as_table(
        path, ["time", *(f"{zone} (uJ)" for zone in chosen)], _rows(path, chosen, unread), choices
    )
    log.warnings += unread.notes()
    left = [zone for zone in zones if zone not in chosen]
    if left:
        text = f"not read: {', '.join(left[:8])}, whose names are not in the log; --rail {left[0]} reads one of them"
        log.warnings.append(Note.info("column-left-out", text))
    return log


def _rows(path: Path, zones: Sequence[str], unread: Unread) -> Iterator[list[str]]:
    """Yield each time with the counters below it; lines that are neither are counted, and so is a last one that may be cut."""
    stamp, row = "", dict.fromkeys(zones, "")
    for number, text, whole in _numbered(read_lines(path), ends_whole(path)):
        counter = _COUNTER.fullmatch(text)
        if whole and is_stamp(text):
            if any(row.values()):
                yield [stamp, *row.values()]
            stamp, row = text, dict.fromkeys(zones, "")
        elif not whole or counter is None or not stamp or row.get(counter[1]):
            unread.add(number)
        elif counter[1] in row:
            row[counter[1]] = counter[2]
    if any(row.values()):
        yield [stamp, *row.values()]


def _numbered(lines: Iterable[str], ended: bool) -> Iterator[tuple[int, str, bool]]:
    """Yield the number and the text of each line that is not blank, and whether it is known to be whole."""
    last: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            if last is not None:
                yield *last, True
            last = number, text
    if last is not None:
        yield *last, ended
