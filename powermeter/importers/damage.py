"""What looks damaged in any log: cut within a line, times far from today, a counter against its powers, characters of no text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.errors import plural
from powermeter.importers.files import HEAD, Peek, ends_whole
from powermeter.importers.implausible_readings import notes_of_rows
from powermeter.importers.log import LogRows
from powermeter.importers.log_end import LogEnd, log_end
from powermeter.importers.other_table import ends_unlike, rows_of_numbers, rows_under_a_header, two_logs
from powermeter.importers.part_limits import beyond_parts
from powermeter.result.notes import Note
from powermeter.units import NS, format_quantity

Floats = NDArray[np.floating[Any]]

_CONTROL = bytes({*range(32), 127} - {9, 10, 12, 13, 27})
_BLOCK = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_YEAR_S = 31_556_952
_EARLIEST_NS = 20 * _YEAR_S * NS  # 1990

_APART = 3.0
"""Energies of one rail that differ by more are not of one load."""


def damage_notes(
    peek: Peek,
    sources: Sequence[LogRows],
    *,
    has_rows_of_numbers: bool,
    is_table: bool = False,
    has_sections: bool = False,
    now_ns: int | None = None,
) -> list[Note]:
    """Return what looks damaged in any log: one reading alone or far above all others, another log's rows, characters of no text.

    Args:
        has_rows_of_numbers: Whether lines of nothing but numbers may be the log's own.
        is_table: Whether all its lines are accounted for where they are read.
        has_sections: Whether lines of other kinds follow its readings.
        now_ns: The time of day in UTC, where the log's stamps are; None where they are of a clock nobody knows.
    """
    lines = [] if is_table or peek.is_binary else peek.raw_lines
    end = log_end(peek) if lines and not has_sections else LogEnd()
    notes = ([] if has_rows_of_numbers else rows_of_numbers(lines)) or two_logs(lines, end.lines, end.between)
    notes = notes or ([] if has_rows_of_numbers else rows_under_a_header(lines))
    if all(rows.ends_ns[0] == rows.ends_ns[1] for rows in sources):
        text = "all its readings are of one moment: without a duration there is no energy; if it was cut, look for the rest"
        notes.append(Note.warning("one-moment", text))
    notes += [] if now_ns is None else _far_from_today(sources, now_ns)
    for rows in sources:
        judged = type(rows) is not LogRows  # a table's rows are, while they are read, block by block
        notes += (not judged and notes_of_rows(rows)) or beyond_parts(rows)
        notes += [] if judged else _counters_against_powers(rows)
    if lines and not peek.head.lstrip().startswith((b"{", b"[", b"<")) and _is_cut(peek):
        text = "its last line has no end, as of a log that was cut: what belongs to the readings before may be missing"
        notes.append(Note.warning("last-row-cut", text))
    odd = 0 if peek.is_binary or not peek.path.is_file() else _control_characters(peek.path)
    if odd:
        text = (
            f"{plural(odd, 'character')} in it that no text file contains (control codes): the file is damaged, and readings may be missing or "
            "wrong where they stand; copy it again from where it was written"
        )
        notes.append(Note.warning("damaged-text", text))
    return notes


def _far_from_today(sources: Sequence[LogRows], now_ns: int) -> list[Note]:
    """Return a note where stamps lie a year and more ahead, or before there were such logs."""
    first = min(rows.ends_ns[0] for rows in sources)
    last = max(rows.ends_ns[1] for rows in sources)
    years = [(_EPOCH + timedelta(seconds=ns // NS)).year for ns in (first, last)]
    if first >= _EARLIEST_NS and last <= now_ns + _YEAR_S * NS:
        return []
    if last - first < _YEAR_S * NS:
        text = f"all its times are of {years[0]}: a clock was wrong, which changes no energy; events and prices of the time of day fall elsewhere"
        return [Note.warning("far-times", text)]
    text = (
        f"its times reach from {years[0]} to {years[1]}: a clock was wrong, or a time is damaged, and then the energy is as well; look for rows "
        "whose times are far from the others', put them right and import again"
    )
    return [Note.warning("far-times", text)]


def _is_cut(peek: Peek) -> bool:
    """Return whether a text ends within a line, unlike all lines above."""
    whole = len(peek.head) < HEAD and peek.path.is_file()
    return whole and not ends_whole(peek.path) and ends_unlike(peek.raw_lines)


def _counters_against_powers(rows: LogRows) -> list[Note]:
    """Return a note on each rail whose counter and whose powers are several times apart: one of them is damaged."""
    notes = []
    seconds = np.diff(rows.times_ns) / NS
    by = {
        (c.rail, c.quantity): (c, np.asarray(codes))
        for c, codes in zip(rows.channels, rows.codes, strict=True)
    }
    for (rail, quantity), (counter, codes) in by.items():
        beside = by.get((rail, Quantity.POWER))
        if rail is None or quantity is not Quantity.ENERGY or beside is None:
            continue
        watts = beside[0].in_si(beside[1])
        read = float(np.nansum((watts[1:] + watts[:-1]) / 2 * seconds))
        counted = float(np.nansum(np.maximum(np.diff(counter.in_si(codes)), 0.0)))
        low, high = sorted((read, counted))
        if 0 <= low < high / _APART and high - low > abs(counter.scale):  # one code may be still to come
            text = (
                f"{counter.name} counts {format_quantity(counted, 'J')} where {beside[0].name} adds up to {format_quantity(read, 'J')}: one of the two is "
                "damaged; look for a row that does not go on from the one before, take it out and import again"
            )
            notes.append(Note.warning("power-against-energy", text))
    return notes


def _control_characters(path: Path) -> int:
    """Return how many control codes a plain file in one byte a character holds."""
    found = 0
    with path.open("rb") as file:
        head = file.read(4)
        if head[:2] in (b"\x1f\x8b", b"PK", b"\xff\xfe", b"\xfe\xff") or b"\0" in head:
            return 0
        block = head
        while block:
            found += len(block) - len(block.translate(None, _CONTROL))
            block = file.read(_BLOCK)
    return found
