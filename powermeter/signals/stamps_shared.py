"""Rows that share a stamp, two or more each time: a logger that writes what it has read since the last time, all with one moment.

Their median distance is nothing, and nothing is no interval to estimate with.  They are put evenly between the stamp before and their own; whether a block
was read up to its stamp or from it on, events' edges show, else nothing does.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace, median_interval_ns

Times = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

SHARED = "stamps-shared"
"""The code of the note on rows that share their stamps."""
_SHARE = 0.4  # of the distances, that are nothing
_LONGEST = 2.5  # usual distances between stamps: more is a pause
_FEWEST = 8  # stamps


def at_moments_of_their_own(trace: Trace) -> Trace:
    """Return rows that share stamps evenly spread from each stamp to the next one, whose place within that is in doubt; others as they are.

    A counter's last row of a stamp is its value then, and the ones before tell nothing more.
    """
    if trace.kept is not None or len(trace) < 2 * _FEWEST:
        return trace
    if np.count_nonzero(np.diff(trace.times_ns) == 0) < _SHARE * len(trace):
        return trace
    stamps, first, counts = np.unique(trace.times_ns, return_index=True, return_counts=True)
    if stamps.size < _FEWEST:
        return trace
    usual = float(np.median(np.diff(stamps)))
    rows = max(float(np.median(counts)), len(trace) / stamps.size)
    doubt = (1 - 1 / rows) * usual / math.sqrt(3)
    note = Note.warning(
        SHARED,
        f"rows share their stamps, {rows:.2g} each time: they are taken to have been read evenly in the {usual * 1e-6:.4g} ms up to it. "
        "The intervals allow for as much either way where no event shows when; stamp each reading when it is taken",
    )
    whole = replace(trace, clock_ns=math.hypot(trace.clock_ns, doubt), notes=(*trace.notes, note))
    if trace.kind is Kind.COUNTER:
        last = first + counts - 1
        return replace(whole, times_ns=stamps, values=trace.values[last], interval_ns=round(usual))
    spans = np.minimum(np.diff(stamps, prepend=stamps[0] - round(usual)), _LONGEST * usual)
    place = np.arange(len(trace)) - np.repeat(first, counts)
    back = np.repeat(spans / counts, counts) * (np.repeat(counts, counts) - 1 - place)
    times = trace.times_ns - np.rint(back).astype(np.int64)
    return replace(whole, times_ns=times, interval_ns=median_interval_ns(times))
