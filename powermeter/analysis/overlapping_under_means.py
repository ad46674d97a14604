"""Events that overlap each other, seen by a meter that averages over its windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.steps_of_overlapping import with_steps

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_FEWEST = 6  # events, from which levels are taken from the number that run


def measure_overlapping(
    integral: Integral, start_ns: Times, end_ns: Times, bridges: Bridges | None
) -> GroupEstimate:
    """Return what events used that overlap each other: the windows' sums, divided by how many events run.

    What lies beside an event is another one: no power beside it is known.  Where holes or few events leave the levels open, windows are
    divided by time: one that an edge cuts to the share p misses p (1 − p) τ of the step there, of which the label's mean is estimated.
    """
    trace = integral.trace
    t, running = trace.times_ns, integral.running
    n, top = start_ns.size, t.size - 1
    found = GroupEstimate.empty(n)
    ks = np.clip(np.searchsorted(t, start_ns, side="right"), 1, top)
    ke = np.clip(np.searchsorted(t, end_ns, side="left"), ks, top)
    tau = np.maximum(np.diff(t, prepend=t[0]) * 1e-9, 1e-9)
    rates = np.diff(running, prepend=running[0]) / tau
    share_s = np.clip((t[ks] - start_ns) * 1e-9 / tau[ks], 0.0, 1.0)
    share_e = np.clip((end_ns - t[ke - 1]) * 1e-9 / tau[ke], 0.0, 1.0)
    plain = integral.between(start_ns, end_ns)
    missed_s, missed_e = share_s * (1 - share_s) * tau[ks], share_e * (1 - share_e) * tau[ke]
    step_s = rates[np.minimum(ks + 1, top)] - rates[np.maximum(ks - 1, 1)]
    step_e = rates[np.maximum(ke - 1, 1)] - rates[np.minimum(ke + 1, top)]
    both = np.concatenate([step_s, step_e])
    mean, error = (
        float(both.mean()),
        float(both.std(ddof=1)) / math.sqrt(max(both.size, 2)) if n > 1 else abs(float(both[0])),
    )
    step = mean if abs(mean) > 2 * error else 0.0
    found.value = plain + step * (missed_s + missed_e)
    jumps = np.diff(rates[1:])
    wander = float(np.mean(jumps**2)) / 2 if jumps.size else 0.0
    # Windows on both sides of an edge lie up to a window and a half away from it: a course of the load inside is in their difference.
    course = min(1.0, float(np.median(tau[1:])) / max(float(np.median(end_ns - start_ns)) * 1e-9, 1e-9))
    doubt = max(error, abs(mean - step), course * abs(step))
    root_s, root_e = np.sqrt(share_s * (1 - share_s)) * tau[ks], np.sqrt(share_e * (1 - share_e)) * tau[ke]
    by_number, unlike = _by_number(integral, start_ns, end_ns) if n >= _FEWEST else (None, 0.0)
    if by_number is not None:
        found.value = by_number
        doubt = unlike / max(float((missed_s + missed_e).sum()), 1e-30)
    found.own = np.sqrt(
        (root_s**2 + root_e**2) * (wander + trace.noise**2) + (doubt * (missed_s + missed_e)) ** 2
    )
    # Edges in one window are off together.
    window = np.concatenate([ks, ke])
    together = np.bincount(window, np.concatenate([root_s, root_e])) ** 2
    total = (
        float(together.sum()) * (wander + trace.noise**2) + (doubt * float((missed_s + missed_e).sum())) ** 2
    )
    found.factor = total / max(float(np.sum(found.own**2)), 1e-300)
    found.seen = np.maximum(ke - 1 - ks, 0)
    found.level = float(found.value.sum()) / max(float((end_ns - start_ns).sum()) * 1e-9, 1e-30)
    if bridges is not None:
        held_u = bridges.inside(start_ns, end_ns)[1]
        found.gaps = np.sqrt(held_u)
    return found


def _by_number(integral: Integral, start_ns: Times, end_ns: Times) -> tuple[Floats | None, float]:
    """Return the energies if power rises in proportion to how many events run, and by how much their sum is off if it does not, J.

    The middle halves of events may draw other power than their ends, and one that runs beside another may add less: each is fitted with one more level.
    """
    edges = np.unique(np.concatenate([start_ns, end_ns]))
    first, last = np.searchsorted(edges, start_ns), np.searchsorted(edges, end_ns)

    def with_levels(*levels: tuple[Times, Times]) -> Floats:
        label = np.repeat(np.arange(len(levels)), [a.size for a, _ in levels])
        a, b = (np.concatenate(one) for one in zip(*levels, strict=True))
        running = with_steps(integral, label, a, b, edges)
        found: Floats = running[last] - running[first]
        return found

    value = with_levels((start_ns, end_ns))
    if np.array_equal(value, (plain := integral.at(edges))[last] - plain[first]):
        return None, 0.0
    quarter = (end_ns - start_ns) // 4
    a, b = start_ns + quarter, end_ns - quarter
    shaped = with_levels((a, b), (np.concatenate([start_ns, b]), np.concatenate([a, end_ns])))
    number = np.cumsum(np.bincount(first, minlength=edges.size) - np.bincount(last, minlength=edges.size))
    several = np.flatnonzero(number[:-1] > 1)
    crowded = with_levels((start_ns, end_ns), (edges[several], edges[several + 1]))
    total = float(value.sum())
    return value, math.hypot(float(shaped.sum()) - total, float(crowded.sum()) - total)
