"""What each label's events add to the power, and what that makes of the running integral between readings.

An integral that is interpolated spreads a step of the power over the interval it lies in.  Of one event that is put right at its own edges.  Where events overlap,
the edge of one lies inside of another, to which the spread step then is too much: before the step it ran alone, behind it half of the power is its.
With P(t) ≈ c + Σ w_l n_l(t), n_l the number of a label's events that run, the steps are known, and only what is left of the readings is spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_MOST_LABELS = 16
_MOST_READINGS = 500_000
_TIMES_READ = 4  # readings for each label, at least


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """How many events of each label run in each reading, and what a step of a watt would move the integral by at some moments.

    Attributes:
        of_one: Ones, and a row for each label, shape (labels + 1, readings).
        watts: What was read.
        off: Seconds, shape (labels, moments).
    """

    of_one: Floats
    watts: Floats
    off: Floats

    def added(self, use: NDArray[np.bool_] | None = None) -> Floats:
        """Return what one event of each label adds, W, by least squares over all readings or some of them."""
        of_one, watts = (self.of_one, self.watts) if use is None else (self.of_one[:, use], self.watts[use])
        found: Floats = np.linalg.lstsq(of_one @ of_one.T, of_one @ watts, rcond=1e-9)[0][1:]
        return found


def with_steps(
    integral: Integral, label: NDArray[np.int64], start_ns: Times, end_ns: Times, at_ns: Times
) -> Floats:
    """Return the integral from the first reading to some moments, steps at events' edges put where they are; as it is where labels are many.

    Args:
        label: Number of each event's label, 0 ….
        start_ns, end_ns: Of each, shape (n,).
        at_ns: The moments, rising.
    """
    found = integral.at(at_ns)
    steps = steps_at(integral, label, start_ns, end_ns, at_ns)
    if steps is not None:
        found += steps.added() @ steps.off
    return found


def steps_at(
    integral: Integral, label: NDArray[np.int64], start_ns: Times, end_ns: Times, at_ns: Times
) -> Steps | None:
    """Return the steps of events by label, at some rising moments; None where there are too many labels, or holes."""
    trace = integral.trace
    labels = int(label.max(initial=-1)) + 1
    t = trace.times_ns
    if labels > _MOST_LABELS or trace.kept is not None or integral.hole.size:
        return None
    if not _TIMES_READ * (labels + 1) <= t.size <= _MOST_READINGS:
        return None
    inside = (at_ns >= t[0]) & (at_ns <= t[-1])
    moments = at_ns[inside]
    k = np.clip(np.searchsorted(t, moments, side="right") - 1, 0, t.size - 2)
    off: Floats = np.zeros((labels, at_ns.size))
    instants = trace.kind is Kind.INSTANT
    tau = np.diff(t) * 1e-9
    rows = []
    for number in range(labels):
        mine = label == number
        edges, running, count = _runs(start_ns[mine], end_ns[mine])
        whole = _at(edges, running, count, t)
        if instants:
            seen = count[np.searchsorted(edges, t, side="right")]
            put = np.concatenate([[0.0], np.cumsum((seen[1:] + seen[:-1]) / 2 * tau)])
            share = (moments - t[k]) * 1e-9 / tau[k]
            spread = put[k] + tau[k] * share * (seen[k] + share / 2 * (seen[k + 1] - seen[k]))
        else:
            seen = np.diff(whole) / tau
            spread = np.interp(moments, t, whole)
        rows.append(seen)
        off[number, inside] = _at(edges, running, count, moments) - spread
    watts = trace.values if instants else np.diff(integral.running) / tau
    return Steps(np.stack([np.ones(watts.size), *rows]), watts, off)


def _runs(start_ns: Times, end_ns: Times) -> tuple[Times, Floats, Floats]:
    """Return the edges of events, the time that they have run together by each, s, and how many run before the first and behind each."""
    edges = np.concatenate([start_ns, end_ns])
    step = np.concatenate([np.ones(start_ns.size), -np.ones(end_ns.size)])
    order = np.argsort(edges, kind="stable")
    edges = edges[order]
    count = np.concatenate([[0.0], np.cumsum(step[order])])
    running = np.concatenate([[0.0], np.cumsum(count[1:-1] * np.diff(edges) * 1e-9)])
    return edges, running, count


def _at(edges: Times, running: Floats, count: Floats, at_ns: Times) -> Floats:
    """Return for how long events have run together by some moments, s."""
    behind = np.searchsorted(edges, at_ns, side="right")
    last = np.maximum(behind - 1, 0)
    found: Floats = np.where(behind > 0, running[last] + count[behind] * (at_ns - edges[last]) * 1e-9, 0.0)
    return found
