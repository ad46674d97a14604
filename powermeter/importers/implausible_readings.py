"""Which readings of a log no load can have caused, and what becomes of them: left out, kept with a note, or the log refused.

Tables are judged while they are read, column by column, by what `column_statistics.py` counts; other logs when they have been read.
What a part of a computer draws at most is in `part_limits.py`, units that hardly fit in `implausible_units.py`, what one instrument
cannot show in its own importer, and what is left out of any recording in `recording/impossible_readings.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.column_kinds import FLOWS
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.log import LogRows
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.table_rows import Stream
from powermeter.importers.unread_lines import lines_of
from powermeter.result.notes import Note
from powermeter.units import NS, format_short

Floats = NDArray[np.floating[Any]]

ABSURD = {
    Quantity.POWER: 100e6,
    Quantity.CURRENT: 1e6,
    Quantity.VOLTAGE: 10e6,
    Quantity.ENERGY: 1e16,
    Quantity.CHARGE: 1e14,
    Quantity.TEMPERATURE: 1e5,
    Quantity.LOAD: 1e9,
    Quantity.FREQUENCY: 1e15,
}
"""Magnitudes in SI that no supply of a computer has: what is above is not a reading."""

SPIKE = 1e5
"""A few readings this many times the next lower one are not readings."""

_MANY = 0.2  # share of readings that may be a mark with all bits set
_FULL_SCALES = frozenset(float(2**bits - 1) for bits in (15, 16, 24, 31, 32, 63, 64))
_FULL_SCALE_RATIO = 5.0
_DOUBTFUL = 1000.0

_RARE = 1e-3
_SHORT, _FEWEST_FAR = 12, 3
"""Of fewer readings one may be far above the others; of more, so many, or one in a thousand."""

_JUDGED = ("power", "mean", "held", "per-row")
"""Kinds of columns whose doubtful readings count for an energy."""

_FAR = 1000.0
_FEWEST = 4  # readings above 0 of which one can be far above the others


def limit_of(seen: Statistics, quantity: object, factor: float) -> float:
    """Return the magnitude above which readings are none: absurd for any supply, or far from all others."""
    limit = math.inf
    if isinstance(quantity, Quantity) and quantity in ABSURD:
        limit = ABSURD[quantity] / factor
    ordered = np.sort(seen.top)
    ordered = ordered[ordered > 0]
    few = _few(seen.count)
    if len(ordered) > 4:
        with np.errstate(over="ignore"):
            ratios = ordered[1:] / ordered[:-1]
        for at in np.flatnonzero(ratios > SPIKE).tolist():
            if len(ordered) - 1 - at <= few:
                return min(limit, float(ordered[at]) * SPIKE / 2)
        # All bits set is how an integer marks a missing value.
        for at in np.flatnonzero(ratios > _FULL_SCALE_RATIO).tolist():
            if (
                len(ordered) - 1 - at <= max(few, _MANY * seen.count)
                and float(ordered[at + 1]) in _FULL_SCALES
            ):
                return min(limit, float(ordered[at + 1]) * (1 - 1e-9))
    return limit


def _few(count: int) -> int:
    return 1 if count < _SHORT else max(_FEWEST_FAR, int(count * _RARE))


def doubtful(seen: Statistics, limit: float) -> tuple[float, float] | None:
    """Return (value, ratio to the next lower) of a few readings far above all others that are kept, or None."""
    ordered = np.sort(seen.top)
    ordered = ordered[(ordered > 0) & (ordered <= limit)]
    if len(ordered) < 5:
        return None
    few = _few(seen.count)
    with np.errstate(over="ignore"):
        ratios = ordered[1:] / ordered[:-1]
    for at in np.flatnonzero(ratios > _DOUBTFUL).tolist():
        if len(ordered) - 1 - at <= few:
            return float(ordered[at + 1]), float(ratios[at])
    return None


def reading_notes(stream: Stream, seen: Statistics) -> list[Note]:
    """Return notes on the readings of a table's column that are left out, and on those that are doubtful and kept."""
    channel, notes = stream.channel, []
    assert channel is not None
    in_unit = channel.scale / stream.grid.scale
    if stream.spikes:
        text = (
            f"{channel.name}: {plural(stream.spikes, 'implausible reading')} (spikes beyond {format_short(stream.limit * in_unit)} {channel.unit}, "
            f"far above all others or above what any supply delivers) left out{lines_of(stream.spike_lines)}"
        )
        notes.append(Note.warning("implausible-values", text))
    doubt = doubtful(seen, stream.limit)
    if doubt is not None and channel.rail is not None and stream.as_ in _JUDGED:
        text = (
            f"{channel.name}: a few readings from {format_short(doubt[0] * in_unit, 4)} {channel.unit} on are {format_short(doubt[1])} times the "
            "next lower one and were kept; if they are not readings, take their lines out and import again"
        )
        notes.append(Note.warning("doubtful-values", text))
    return notes


def refuse_all_implausible(
    streams: Sequence[Stream], seen: Sequence[Statistics], plan: TablePlan, where: str
) -> None:
    """Refuse a table none of whose readings can be one.

    Raises:
        DataError: All are beyond what any supply delivers.
    """
    counted = [
        s
        for s in streams
        if s.channel is not None and s.channel.rail is not None and s.channel.quantity in FLOWS
    ]
    if not counted or any(s.spikes < seen[int(s.column[1:])].count for s in counted):
        return
    named = [plan.columns[int(s.column[1:])].heading for s in counted]
    raise DataError(
        f"{where}: all readings of {', '.join(repr(h.text) for h in named[:4])} are beyond what any supply delivers, so nothing would be "
        f"left of it; if their unit is another, state it with --column {quote(f'{named[0].text}=UNIT')}"
    )


def _watts(rows: LogRows, shortest_s: float) -> Iterator[tuple[str, Floats, int]]:
    """Yield each rail's channel by its name, the size of its powers or of a counter's steps over their time in W, and the number of the first reading.

    Args:
        shortest_s: Steps count as no shorter: stamps may be equal.
    """
    seconds = np.maximum(np.diff(rows.times_ns) / NS, shortest_s)
    for channel, codes in zip(rows.channels, rows.codes, strict=True):
        if channel.rail is None or channel.quantity not in (Quantity.POWER, Quantity.ENERGY):
            continue
        values, is_energy = channel.in_si(np.asarray(codes)), channel.quantity is Quantity.ENERGY
        yield channel.name, np.abs(np.diff(values) / seconds if is_energy else values), 1 + is_energy


def _beyond_any_supply(rows: LogRows) -> list[Note]:
    """Return a note on each rail of rows that were read at once whose powers, or steps of a counter, no supply delivers."""
    notes = []
    for name, watts, first in _watts(rows, shortest_s=1.0):
        beyond = watts > ABSURD[Quantity.POWER]
        if beyond.any():
            text = (
                f"{name}: {plural(int(beyond.sum()), 'reading')} beyond what any supply delivers (100 MW), which count: the log is damaged "
                f"there (the first is reading {int(np.argmax(beyond)) + first}); take their lines out and import again"
            )
            notes.append(Note.warning("implausible-values", text))
    return notes


def _far_above_others(rows: LogRows) -> list[Note]:
    """Return a note on each rail one reading of which is most of its energy and far above all others."""
    notes = []
    for name, watts, first in _watts(rows, shortest_s=1 / NS):
        watts = np.where(np.isfinite(watts), watts, 0.0)
        if np.count_nonzero(watts) < _FEWEST:
            continue
        largest = int(np.argmax(watts))
        usual = float(np.percentile(np.delete(watts, largest), 90))
        if usual > 0 and watts[largest] >= _FAR * usual and watts[largest] > np.delete(watts, largest).sum():
            text = (
                f"{name}: reading {largest + first} is {watts[largest] / usual:,.0f} times what nine in ten of the others stay below, "
                "and most of the energy; if the log is damaged there, take its line out and import again"
            )
            notes.append(Note.warning("implausible-values", text))
    return notes


def notes_of_rows(rows: LogRows) -> list[Note]:
    """Return notes on the readings of rows that were read at once: beyond any supply, or else one far above all others."""
    return _beyond_any_supply(rows) or _far_above_others(rows)
