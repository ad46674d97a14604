"""What a device that writes rows on a change has read at each of its looks: the row before, wherever it wrote none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.rows_on_change import look_of, rows_on_change
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]

LOOKS = "rows-of-looks"
"""The code of the note on looks that wrote no row."""
_MOST = 2_000_000  # looks, each of which becomes a reading
_LEAST = 5  # rows that no change brought
_WHOLE = 0.8  # of the longest wait
_BY_CHANCE = 0.25  # of the changes may come when a row was due anyway


def at_looks(trace: Trace) -> Trace | None:
    """Return a reading for each look of a device that wrote rows on change; None where it looks at no even times, at very many, or a change ended no wait.

    Its noise is that of a row for as many looks as it stands for: where no row comes they all err together.
    """
    standing, look = rows_on_change(trace), look_of(trace)
    if standing is None or look is None or standing.band:
        return None
    steps, changes = np.diff(trace.times_ns), np.diff(trace.values)
    turns = np.where(steps <= standing.longest_ns, np.rint(steps * 1e-9 / look), 1).astype(np.int64)
    turns = np.maximum(turns, 1)
    if int(turns.sum()) > _MOST:
        return None
    due, sizes = steps >= _WHOLE * standing.longest_ns, np.abs(changes)
    least = float(sizes[~due & (sizes > 0)].min(initial=np.inf))
    brought = ~due | (sizes >= least)
    if np.count_nonzero(~brought) < _LEAST or np.count_nonzero(due & brought) > _BY_CHANCE * np.count_nonzero(
        ~due
    ):
        return None
    rows = np.repeat(np.arange(steps.size), turns)
    place = np.arange(rows.size) - np.repeat(np.cumsum(turns) - turns, turns)
    # What a look held of an edge and the next one the rest of, too little for a row of its own, the row that was due shows.
    late = np.append(False, brought[:-1]) & ~brought
    noise = _noise_of_rows(sizes, brought, least) * float(np.sqrt(np.sum(turns**2) / turns.sum()))
    return replace(
        trace,
        times_ns=np.append(
            trace.times_ns[rows] + np.rint(place / turns[rows] * steps[rows]).astype(np.int64),
            trace.times_ns[-1],
        ),
        values=np.append(trace.values[rows + (late[rows] & (place > 0))], trace.values[-1]),
        gaps=tuple(g for g in trace.gaps if g.end_ns - g.start_ns > standing.longest_ns),
        interval_ns=round(look * 1e9),
        noise=max(trace.noise, noise),
        notes=(*trace.notes, _note(look)),
    )


def _noise_of_rows(sizes: Floats, brought: NDArray[np.bool_], least: float) -> float:
    """Return by how much rows that no change brought differ from the ones before, or what rests of edges leave that were too small for a row.

    An edge of size c leaves a rest below the least change that brings a row, δ, with the chance δ/c.
    """
    rests = least**3 / max(float(np.median(sizes[brought])), least) / 3
    unbrought = sizes[~brought]
    return math.sqrt(max(float(np.mean(unbrought**2)) if unbrought.size else 0.0, rests))


def _note(look: float) -> Note:
    return Note.info(
        LOOKS,
        f"rows come at once where power changes, at one of the device's own looks each {format_duration(look)}: where none came the one before stood",
    )
