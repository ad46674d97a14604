"""Holds the readings of a rail against the energy that a column of the same rail counts, and remarks where they differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.importers.column_store import Store
from powermeter.importers.hole_limits import hole_limit
from powermeter.importers.table_plan import Planned
from powermeter.importers.table_rows import Stream
from powermeter.importers.time_axis import Axis
from powermeter.result.notes import Note
from powermeter.units import NS, format_quantity

_ROWS = 1 << 20
_LEAST = 0.8
"""Energies of the same rows of which one is less than this of the other contradict each other."""

_ALIKE = 0.98
"""Energies nearer to each other are the same for a meter that states 1 % for each of them."""

_STEPS = 2.0
_FEWEST = 4


def contradicting_energy(
    columns: Sequence[Planned], beside: set[int], streams: Sequence[Stream], store: Store, found: Axis
) -> list[Note]:
    """Return a note on each energy whose rail's readings add up to another energy.

    Args:
        columns: All columns of the table.
        beside: Which of them are kept beside their rail.
        streams: What was made of them, one a column.
    """
    own = {int(stream.column[1:]): stream for stream in streams if stream.device is None}
    notes = []
    for i in sorted(own):
        if columns[i].quantity is not Quantity.ENERGY or columns[i].rail is None:
            continue
        read = _read_by(columns, columns[i].rail, own.keys() - beside)
        pair = _energies(read, i, columns, own, store, found) if read else None
        names = " × ".join(repr(columns[j].heading.text) for j in read)
        if read and i in beside:
            notes += _beyond(names, read, i, columns, own, store, found)
        if pair is not None:
            notes.append(_note(names, columns[i], columns[read[0]], pair, is_counted=i not in beside))
    return notes


def _read_by(columns: Sequence[Planned], rail: str | None, used: Collection[int]) -> tuple[int, ...]:
    """Return the column of a rail's power, or those of its voltage and current; nothing where it has neither."""
    by = {columns[j].quantity: j for j in sorted(used, reverse=True) if columns[j].rail == rail}
    if Quantity.POWER in by:
        return (by[Quantity.POWER],)
    parts = (Quantity.VOLTAGE, Quantity.CURRENT)
    return tuple(by[q] for q in parts) if by.keys() >= {*parts} else ()


def _energies(
    read: Sequence[int],
    energy: int,
    columns: Sequence[Planned],
    own: Mapping[int, Stream],
    store: Store,
    found: Axis,
) -> tuple[float, float] | None:
    """Return (joules of the readings, joules of the energy's column) in the rows that have both, where they differ."""
    kept = found.kept[:_ROWS]
    kept = kept[kept < _ROWS]
    times = found.times_ns[: len(kept)]
    if len(kept) < _FEWEST:
        return None
    stop = int(kept[-1]) + 1
    values = {
        j: own[j].clean(store.part(own[j].column, 0, stop)[kept]) * columns[j].heading.factor
        for j in (*read, energy)
    }
    watts, joules = np.prod([values[j] for j in read], axis=0), values[energy]
    is_level = columns[energy].heading.is_level
    joules = -joules if is_level else joules  # what is left falls by what was drawn
    steps = np.diff(times)
    good = np.isfinite(watts) & np.isfinite(joules)
    both = good[1:] & good[:-1] & (steps <= hole_limit(times)) & (steps > 0)
    rise = np.diff(joules)
    moves = np.abs(rise) > 0  # not where a cell is empty
    is_counter = int((rise < 0).sum()) * _FEWEST < int(moves.sum())  # and falls where it was reset
    if is_level and not is_counter:
        return None
    rows, both = both, both & (rise >= 0) if is_counter else both
    if int(both.sum()) < _FEWEST:
        return None
    seconds = steps / NS
    means = all(own[j].as_ == "mean" for j in read)
    between = (watts[1:] if means else (watts[1:] + watts[:-1]) / 2) * seconds
    total, of_rows = float(between[both].sum()), float(between[rows].sum())
    edge = 0.0 if means else float((np.abs(np.diff(watts)) / 2 * seconds)[both].mean())
    moved = np.abs(rise[both & (rise != 0)])
    if not moved.size:
        return None
    step = float(moved.min() if moved.size < 3 else np.percentile(moved, 90))
    slack = 0.0 if means else _STEPS * step + 2 * edge
    counted = float(rise[both].sum())
    amounts = [float(joules[1:][rows].sum()), float(joules[:-1][rows].sum())]
    if total <= 0 or _alike(total, counted, slack) or any(_alike(of_rows, a, slack) for a in amounts):
        return None
    return (total, counted) if is_counter else (of_rows, amounts[0])


def _beyond(
    names: str,
    read: Sequence[int],
    energy: int,
    columns: Sequence[Planned],
    own: Mapping[int, Stream],
    store: Store,
    found: Axis,
) -> list[Note]:
    """Return a note where a counter rises in the rows before the first reading of its rail, or behind the last one."""
    kept = found.kept
    if columns[energy].heading.is_level or store.rows > _ROWS or len(kept) < _FEWEST:
        return []
    values = {j: own[j].clean(store.part(own[j].column, 0, store.rows)[kept]) for j in (*read, energy)}
    joules = values[energy] * columns[energy].heading.factor
    have = np.flatnonzero(np.all([np.isfinite(values[j]) for j in read], axis=0))
    counts = np.flatnonzero(np.isfinite(joules))
    if not have.size or not counts.size or (np.diff(joules[counts]) < 0).any():
        return []
    before = counts[counts <= have[0]]
    behind = counts[counts >= have[-1]]
    gained = sum(float(joules[rows[-1]] - joules[rows[0]]) for rows in (before, behind) if rows.size > 1)
    if gained <= (1 - _ALIKE) * float(joules[counts[-1]] - joules[counts[0]]):
        return []
    typed = " ".join(f"--column {quote(f'{columns[j].heading.text}=-')}" for j in read)
    text = (
        f"{columns[energy].heading.text!r} counts {format_quantity(gained, 'J')} in rows before the first or behind the last reading of {names}, "
        f"which the energy of the readings leaves out; to count them, leave the readings out: {typed}"
    )
    return [Note.warning("energy-beyond-readings", text)]


def _alike(one: float, other: float, slack: float) -> bool:
    low, high = sorted((abs(one), abs(other)))
    return low >= _ALIKE * high or high - low <= slack


def _note(
    names: str, energy: Planned, first: Planned, pair: tuple[float, float], *, is_counted: bool
) -> Note:
    """Return the note on what readings add up to and what an energy counts.

    Args:
        names: Of the columns of readings.
        energy, first: The column of the energy, and the first one of the readings.
        pair: The energies.
        is_counted: Whether the energy is what counts for the rail.
    """
    read, counted = (format_quantity(value, "J") for value in pair)
    own = repr(energy.heading.text)
    if is_counted:
        return Note.info(
            "energy-differs",
            f"{names} add up to {read} where {own} counts {counted}: a product of means is not the mean of the products; the energy is counted",
        )
    typed = quote(f"{first.heading.text}=-")
    if min(pair) < _LEAST * max(pair):
        return Note.warning(
            "power-against-energy",
            f"the readings of {names} add up to {read} where {own} counts {counted}: one of the two is wrong, or they measure different "
            f"lines; the power is counted. To count the energy, leave it out: --column {typed}",
        )
    return Note.info(
        "energy-differs",
        f"the readings of {names} add up to {read} where {own} counts {counted}: the readings are counted. To count the energy, leave "
        f"them out: --column {typed}",
    )
