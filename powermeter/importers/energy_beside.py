"""Holds the readings of a rail against the energy that a column beside them counts, and remarks where they contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.importers.axis import Axis
from powermeter.importers.column_store import Store
from powermeter.importers.holes import hole_limit
from powermeter.importers.plan import Planned
from powermeter.importers.table_rows import Stream
from powermeter.result.notes import Note
from powermeter.units import NS, format_quantity

_ROWS = 1 << 20
_LEAST = 0.8
"""The least that one of two energies of the same rows may be of the other."""

_STEPS = 2.0
_FEWEST = 4


def contradicting_energy(
    columns: Sequence[Planned], beside: set[int], streams: Sequence[Stream], store: Store, found: Axis
) -> list[Note]:
    """Return a note on each energy kept beside a power whose rows add up to another energy.

    Args:
        columns: All columns of the table.
        beside: Which of them are kept beside their rail.
        streams: What was made of them, one a column.
    """
    own = {int(stream.column[1:]): stream for stream in streams if stream.device is None}
    notes: list[Note] = []
    for i in sorted(beside & own.keys()):
        if columns[i].quantity is not Quantity.ENERGY:
            continue
        power = next(
            (
                j
                for j, c in enumerate(columns)
                if c.rail == columns[i].rail and c.quantity is Quantity.POWER and j in own
            ),
            None,
        )
        if power is None or power in beside:
            continue
        pair = _energies(
            own[power], own[i], store, found, (columns[power].heading.factor, columns[i].heading.factor)
        )
        if pair is not None:
            notes.append(_note(columns[power].heading.text, columns[i].heading.text, pair))
    return notes


def _energies(
    power: Stream, energy: Stream, store: Store, found: Axis, factors: tuple[float, float]
) -> tuple[float, float] | None:
    """Return (joules of the readings, joules of the column beside them) in the rows that have both, where they contradict."""
    kept = found.kept[:_ROWS]
    kept = kept[kept < _ROWS]
    times = found.times_ns[: len(kept)]
    if len(kept) < _FEWEST:
        return None
    stop = int(kept[-1]) + 1
    watts = power.clean(store.part(power.column, 0, stop)[kept]) * factors[0]
    joules = energy.clean(store.part(energy.column, 0, stop)[kept]) * factors[1]
    steps = np.diff(times)
    good = np.isfinite(watts) & np.isfinite(joules)
    both = good[1:] & good[:-1] & (steps <= hole_limit(times)) & (steps > 0)
    rise = np.diff(joules)
    moves = np.abs(rise) > 0  # not where a cell is empty
    is_counter = int((rise < 0).sum()) * _FEWEST < int(moves.sum())  # and falls where it was reset
    both &= rise >= 0 if is_counter else True
    if int(both.sum()) < _FEWEST:
        return None
    seconds = steps / NS
    read = float((((watts[1:] + watts[:-1]) / 2) * seconds)[both].sum())
    edge = float((np.abs(np.diff(watts)) / 2 * seconds)[both].mean())
    moved = np.abs(rise[both & (rise != 0)])
    if not moved.size:
        return None
    slack = _STEPS * float(moved.min() if moved.size < 3 else np.percentile(moved, 90)) + 2 * edge
    counted = [float(rise[both].sum()), float(joules[1:][both].sum()), float(joules[:-1][both].sum())]
    if any(_alike(read, other, slack) for other in counted) or read <= 0:
        return None
    return read, counted[0 if is_counter else 1]


def _alike(one: float, other: float, slack: float) -> bool:
    low, high = sorted((abs(one), abs(other)))
    return low >= _LEAST * high or high - low <= slack


def _note(power: str, energy: str, pair: tuple[float, float]) -> Note:
    read, counted = (format_quantity(value, "J") for value in pair)
    return Note.warning(
        "power-against-energy",
        f"the readings of {power!r} add up to {read} where {energy!r} counts {counted}: one of the two is wrong, or they measure different "
        f"lines; the power is counted. To count the energy, leave it out: --column {quote(f'{power}=-')}",
    )
