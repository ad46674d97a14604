"""Events that still lie in the rings of a recording whose recorder and program both died.

Nothing is changed: opening such a recording shows them, and `powermeter repair` writes them down.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from powermeter.marking import recordings, ring
from powermeter.marking.assembly import COLUMNS, Assembly, EventsEndedByName, Row
from powermeter.marking.intake import MAX_RINGS
from powermeter.marking.ring_reader import RingReader
from powermeter.recording.event_batches import EventTable, decode, encode

_PIECE = 1 << 15
_MOST_NOTED = 4096


def tables(marks: object, path: Path, written: Callable[[], Iterable[EventTable]]) -> Iterator[EventTable]:
    """Yield the events in the rings of a recording that nobody writes any more, a table for each process.

    Args:
        marks: The folder of marks that the recording names; only one of our own is looked into.
        path: The recording.
        written: Yields the events that the recording holds itself: the begins of some ends.
    """
    marks = _folder(marks, path)
    if marks is None:
        return
    rows: dict[int, list[Row]] = {}
    ends: dict[tuple[int, int], tuple[int, Any, bytes]] = {}
    named = EventsEndedByName()
    now = time.monotonic_ns()
    for name in sorted(os.listdir(marks))[:MAX_RINGS]:
        try:
            reader = RingReader(f"{marks}/{name}") if name.endswith(ring.SUFFIX) else None
        except (OSError, ValueError):
            continue
        if reader is None:
            continue
        assembly = Assembly(reader.process, reader.program, 0, named)
        found = assembly.add(reader.left_over(), now)
        found += assembly.announced()
        for process, row in found:
            rows.setdefault(process, []).append(row)
        ends.update({(reader.process, uid): end for uid, *end in assembly.ends})  # type: ignore[misc]
        reader.close()
    for process, row in named.mended():
        rows.setdefault(process, []).append(row)
    for table in written() if ends else ():
        for process, begun in zip(table.numbers["process"].tolist(), _rows(table), strict=True):
            end = ends.get((process, begun[1]))
            if end is not None and begun[5] is None:
                at_ns, count, _ = end
                whole = (*begun[:5], at_ns, begun[6] if count is None else count, *begun[7:])
                rows.setdefault(process, []).append(whole)
    for process, own in rows.items():
        for first in range(0, len(own), _PIECE):
            part = own[first : first + _PIECE]
            yield decode(encode(part, COLUMNS), len(part), process)


def _folder(marks: object, path: Path) -> str | None:
    """Return the folder of marks that a recording names, where it is there and one of our own."""
    home = recordings.home()
    if isinstance(marks, str) and marks and "/" not in marks:  # of a private recording
        marks = (
            f"{path.absolute()}{recordings.BESIDE}" if marks == recordings.BESIDE else f"{home or ''}/{marks}"
        )
    allowed = marks == f"{path.absolute()}{recordings.BESIDE}" or (
        home is not None and os.path.dirname(str(marks)) == home
    )
    return marks if isinstance(marks, str) and allowed and os.path.isdir(marks) else None


def end_of(marks: object, path: Path) -> tuple[int, str] | None:
    """Return (moment in ns, why) as `board.note_end` left it; None where nothing is noted.

    Args:
        marks, path: As for `tables`.
    """
    folder = _folder(marks, path)
    if folder is None:
        return None
    with suppress(OSError, ValueError):
        where = os.open(f"{folder}/{recordings.END_FILE}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(where, "rb") as noted:
            found = noted.read(_MOST_NOTED) if stat.S_ISREG(os.fstat(where).st_mode) else b""
        at_ns, _, why = found.decode().partition(" ")
        if 0 < int(at_ns) < 1 << 62:
            return int(at_ns), why
    return None


def _rows(table: EventTable) -> Iterator[Row]:
    lacking = [name for name in COLUMNS if name not in table.numbers and name not in table.places]
    known = [name for name in COLUMNS if name not in lacking]
    for row in table.rows(known):
        cells = dict(zip(known, row, strict=True))
        yield tuple(cells.get(name) for name in COLUMNS)
