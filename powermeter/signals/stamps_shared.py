"""Rows that share a stamp, two or more each time: a logger that writes what it has read since the last time, all with one moment.

Their median distance is nothing, and nothing is no interval to estimate with.  They are put evenly between the stamp before and their own; whether a block
was read up to its stamp or from it on, events' edges show, else nothing does.

Rows that are stamped as a buffer of them arrives are a little apart, and were read before: where their values show that they were read evenly
(`recording/rows_together.py`), they are put between the buffer before and their own.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.recording.rows_together import blocks_of, evenly_measured
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace, median_interval_ns

Times = NDArray[np.int64]

SHARED = "stamps-shared"
"""The code of the note on rows that share their stamps."""
BUFFERED = "rows-arrive-together"
"""The code of the note on rows that are stamped as a buffer of them arrives."""
_SHARE = 0.4  # of the distances, that are nothing
_LONGEST = 2.5  # usual distances between stamps: more is a pause
_FEWEST = 8  # stamps
_AT_ONCE = 0.5  # of their mean distance, that the usual one is at most where rows come by buffers


def at_moments_of_their_own(trace: Trace) -> Trace:
    """Return rows that share stamps, or are stamped as a buffer of them arrives, evenly spread between two such moments; others as they are.

    A counter's last row of a stamp is its value then, and the ones before tell nothing more.
    """
    if trace.kept is not None or len(trace) < 2 * _FEWEST:
        return trace
    if np.count_nonzero(np.diff(trace.times_ns) == 0) < _SHARE * len(trace):
        return _read_before_they_came(trace)
    stamps, first, counts = np.unique(trace.times_ns, return_index=True, return_counts=True)
    if stamps.size < _FEWEST:
        return trace
    usual = float(np.median(np.diff(stamps)))
    rows = max(float(np.median(counts)), len(trace) / stamps.size)
    doubt = (1 - 1 / rows) * usual / math.sqrt(3)
    note = Note.warning(
        SHARED,
        f"rows share their stamps, {rows:,.4g} each time: they are taken to have been read evenly in the {usual * 1e-6:,.6g} ms up to it. "
        "The intervals allow for as much either way where no event shows when; stamp each reading when it is taken",
    )
    whole = replace(trace, clock_ns=math.hypot(trace.clock_ns, doubt), notes=(*trace.notes, note))
    if trace.kind is Kind.COUNTER:
        last = first + counts - 1
        return replace(whole, times_ns=stamps, values=trace.values[last], interval_ns=round(usual))
    return _spread(whole, stamps, counts, usual)


def _read_before_they_came(trace: Trace) -> Trace:
    """Return rows that were read evenly and are stamped as a buffer of them arrives where they were read: up to its last stamp; others as they are."""
    times = trace.times_ns
    if trace.interval_ns * (len(trace) - 1) > _AT_ONCE * int(times[-1] - times[0]):
        return trace
    blocks = blocks_of(times)
    if (
        blocks is None
        or evenly_measured(blocks, trace.values, counted=trace.kind is Kind.COUNTER) is not True
    ):
        return trace
    note = Note.info(
        BUFFERED,
        f"rows arrive {blocks.rows} at a time, each {blocks.period_ns * 1e-6:,.6g} ms, while the load changes within them and not between: they were "
        "put at even times up to their arrival, and an edge of an event is known to about that; stamp each reading when it is taken",
    )
    clock = math.hypot(trace.clock_ns, blocks.period_ns / math.sqrt(12))
    counts = np.diff(np.append(blocks.first, len(trace)))
    stamps = times[blocks.first + counts - 1]
    return _spread(
        replace(trace, clock_ns=clock, notes=(*trace.notes, note)), stamps, counts, float(blocks.period_ns)
    )


def _spread(trace: Trace, stamps: Times, counts: NDArray[np.intp], usual: float) -> Trace:
    """Return rows at even times from each stamp to the next.

    Args:
        counts: The rows of each stamp.
        usual: From one to the next.
    """
    spans = np.minimum(np.diff(stamps, prepend=stamps[0] - round(usual)), _LONGEST * usual)
    place = np.arange(len(trace)) - np.repeat(np.cumsum(counts) - counts, counts)
    back = np.repeat(spans / counts, counts) * (np.repeat(counts, counts) - 1 - place)
    times = np.repeat(stamps, counts) - np.rint(back).astype(np.int64)
    return replace(trace, times_ns=times, interval_ns=median_interval_ns(times))
