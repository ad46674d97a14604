"""Counters of energy beside the power that they count: one line, where the two are called alike and their numbers agree.

`GPU Energy Consumed (J)` beside `GPU Power (W)`, `WP123[Wh]` beside `P123[W]`: two columns of one line, which must not be added up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Quantity
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.result.notes import Note
from powermeter.units import NS

_ROWS = 1 << 20
_AGREE = 0.05  # of the energy: gains of two registers of one meter, and readings between which power changes
_COARSE = 0.2  # of it, at most, for a counter of few steps, which is off by one at either end
_FEWEST = 4  # rows
_WORDS = re.compile(
    r"consum\w*|usage|used|use|energ\w*|power|active|import\w*|accum\w*|count\w*|total", re.IGNORECASE
)
_LETTERS = re.compile(r"(?:rail|p|e|w|ep|wp|wh)?(\d+)")


def on_their_rails(plan: TablePlan, store: Store) -> list[Note]:
    """Put counters on the rails they count, in place, and return a note on each."""
    if plan.signature is not None or "key" in store or not plan.time.indexes:
        return []
    powers = [c for c in plan.columns if c.rail is not None and c.quantity is Quantity.POWER]
    taken = {c.rail for c in powers}
    notes = []
    for i, column in enumerate(plan.columns):
        if column.rail is None or column.quantity is not Quantity.ENERGY or column.rail in taken:
            continue
        own = [p for p in powers if _alike(p, column, len(powers)) and _agrees(plan, store, p, i)]
        if len(own) == 1:
            column.rail = own[0].rail
            text = f"{column.heading.text!r} counts what {own[0].heading.text!r} reads: kept beside it"
            notes.append(Note.info("kept-beside", text))
    return notes


def _alike(power: Planned, energy: Planned, powers: int) -> bool:
    """Return whether two rails are called alike but for the words of their quantities, or neither has a name and no other power is there."""
    unnamed = all(
        re.fullmatch(r"rail \d+", c.rail or "") and c.heading.name.isdigit() for c in (power, energy)
    )
    return _bare(power.rail) == _bare(energy.rail) or (unnamed and powers == 1)


def _bare(rail: str | None) -> str:
    text = re.sub(r"[^a-z0-9]", "", _WORDS.sub("", (rail or "").lower()))
    match = _LETTERS.fullmatch(text)
    return match[1] if match is not None else text


def _agrees(plan: TablePlan, store: Store, power: Planned, at: int) -> bool:
    """Return whether a column rises, from the first of its rows to the last, by what a power adds up to between them."""
    stop = min(store.rows, _ROWS)
    times = store.part("stamp", 0, stop)
    watts = store.part(f"c{_place(plan.columns, power)}", 0, stop) * power.heading.factor
    joules = store.part(f"c{at}", 0, stop) * plan.columns[at].heading.factor
    good = (times != MISSING) & np.isfinite(watts) & np.isfinite(joules)
    times, watts, joules = times[good], watts[good], joules[good]
    if len(times) < _FEWEST or (np.diff(times) < 0).any() or (np.diff(joules) < 0).any():
        return False
    read = _integral(times, watts)
    moved = np.diff(joules)
    slack = 2 * float(moved.max()) if moved.any() else 0.0
    return read > 0 and abs(float(joules[-1] - joules[0]) - read) <= max(
        _AGREE * read, min(slack, _COARSE * read)
    )


def _place(columns: Sequence[Planned], one: Planned) -> int:
    return next(i for i, column in enumerate(columns) if column is one)


def _integral(times: NDArray[np.int64], watts: NDArray[np.float64]) -> float:
    return float(((watts[1:] + watts[:-1]) / 2 * np.diff(times)).sum()) / NS
