"""An instrument's times put on the clock of the events, by the `alignment` fact that a recording keeps.

`calibration/` finds such facts; this file applies them when a trace is read.  Nothing stored changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap
from powermeter.errors import DataError
from powermeter.signals.trace import Trace


def shifted(trace: Trace, fact: Mapping[str, Any]) -> Trace:
    """Return a trace on the events' clock, by a recording's `alignment` fact.

    The clock's uncertainty is the fact's `offset_u_ns` and, at the sample farthest from its origin, what
    `drift_u` makes of that distance.

    Raises:
        DataError: The fact lacks a number.
    """
    times = host_times(trace.times_ns, fact)
    origin, spread = int(fact.get("origin_ns", 0)), float(fact.get("offset_u_ns", 0.0))
    far = max(abs(trace.start_ns - origin), abs(trace.end_ns - origin)) if len(trace) else 0
    spread = math.hypot(trace.clock_ns, spread, far * float(fact.get("drift_u", 0.0)))
    over = None if trace.saturated_ns is None else host_times(trace.saturated_ns, fact)
    # Times that pass faster make each reading stand for longer.
    kept = None if trace.kept is None else trace.kept.scaled(1 + float(fact.get("drift", 0.0)))
    return replace(
        trace,
        times_ns=times,
        gaps=tuple(shifted_gaps(trace.gaps, fact)),
        clock_ns=spread,
        saturated_ns=over,
        kept=kept,
    )


def instrument_times(times_ns: NDArray[np.int64], fact: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the instrument's times of moments on the events' clock: the inverse of `host_times`.

    Raises:
        DataError: The fact lacks a number.
    """
    apart = host_times(np.zeros(1, np.int64), {**fact, "drift": 0.0})[0]
    drift, origin = float(fact.get("drift", 0.0)), int(fact.get("origin_ns", 0))
    moved: NDArray[np.int64] = origin + np.rint((times_ns - apart - origin) / (1 + drift)).astype(np.int64)
    return moved


def shifted_gaps(gaps: Sequence[Gap], fact: Mapping[str, Any]) -> list[Gap]:
    """Return gaps on the events' clock, by a recording's `alignment` fact."""
    ends = np.array([[g.start_ns, g.end_ns] for g in gaps], np.int64).reshape(-1, 2)
    moved = host_times(ends, fact).tolist()
    return [replace(g, start_ns=start, end_ns=end) for g, (start, end) in zip(gaps, moved, strict=True)]


def host_times(times_ns: NDArray[np.int64], fact: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return t + `offset_ns` + `drift` × (t − `origin_ns`): an instrument's times on the events' clock.

    Raises:
        DataError: The fact lacks a number.
    """
    try:
        offset, drift = float(fact["offset_ns"]), float(fact.get("drift", 0.0))
        origin, spreads = (
            int(fact.get("origin_ns", 0)),
            (fact.get("offset_u_ns", 0.0), fact.get("drift_u", 0.0)),
        )
        usable = math.isfinite(offset) and math.isfinite(drift) and all(float(s) >= 0 for s in spreads)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"the recording's alignment is not usable: {error}") from None
    if not usable:
        raise DataError("the recording's alignment is not usable: a number in it is none")
    moved: NDArray[np.int64] = times_ns + np.rint(offset + drift * (times_ns - origin)).astype(np.int64)
    return moved


def of_cut_stamps(info: Any) -> dict[str, Any] | None:
    """Return where rows lie whose stamps were cut to whole seconds or the like, as an `alignment` fact; None where none were.

    Args:
        info: A source's plain facts; `stamp_resolution_ns` states what was cut, `stamp_late_ns` by how much rows lie later where they
            were put on a line that shows it.

    A stamp of "12:00:01" was taken between then and 12:00:02 where its fraction was dropped, up to half a second earlier where it was
    rounded: uniform over the resolution behind it covers both, half of it later on average.  All rows are off alike.
    """
    cut = info.get("stamp_resolution_ns") if isinstance(info, Mapping) else None
    if not isinstance(cut, int) or isinstance(cut, bool) or cut <= 0:
        return None
    late = info.get("stamp_late_ns")
    known = isinstance(late, int) and not isinstance(late, bool) and abs(late) <= 2 * cut
    return {"offset_ns": late if known else cut / 2, "offset_u_ns": cut / math.sqrt(12)}
