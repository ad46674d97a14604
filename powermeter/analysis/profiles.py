"""What short events draw over time, and what follows them, seen by a meter that averages over longer.

No reading resolves such an event, but where its windows cut many of them at different places, least squares tell what is drawn
inside and what after:

    window's energy = idle × its length + Σ (seconds of the window in part b of an event) × h_b

with parts inside the events and, behind their ends, parts that grow with distance.  What follows an event (a radio's tail, a
regulator that settles) belongs to no event, and yet is in every whole window that holds one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LEAST_EVENTS = 30
_PARTS_INSIDE = 4
_PARTS_AFTER = 5
_MOST_WINDOWS = 200_000
_SIGNIFICANT = 4.0
_WORTH = 0.02
_MANY = 100
_MODEL = 0.03  # of the tail: what steps leave of a shape that they do not follow


@dataclass(frozen=True, slots=True)
class Profile:
    """What an event draws above idle, and what follows it.

    Attributes:
        idle: W.
        above, above_u: J of the mean event above idle, and its standard uncertainty.
        tail, tail_u: J that follow an event.
        freedom: Degrees of freedom.
        rest: Standard deviation of what a window holds besides, J.
    """

    idle: float
    above: float
    above_u: float
    tail: float
    tail_u: float
    freedom: float
    rest: float = 0.0


def after_effects(
    rates: Floats, tau: Floats, start_ns: Times, end_ns: Times, t: Times, blind: NDArray[np.bool_]
) -> Profile | None:
    """Return the profile of short events that something follows; None where nothing does, or windows cannot tell.

    Args:
        rates, tau: Of each window that ends at `t`, W and s.
        start_ns, end_ns: The events of one label, sorted by start.
        blind: The windows that nobody saw.
    """
    n = start_ns.size
    length = float(np.median(end_ns - start_ns))
    window = float(np.median(tau[1:])) * 1e9
    if n < _LEAST_EVENTS or length > window or t.size > _MOST_WINDOWS:
        return None
    following = np.concatenate([start_ns[1:], [end_ns[-1] + np.int64(10 * window)]])
    pause = np.maximum(following - end_ns, 0)
    reach = min(float(np.percentile(pause, 75)), 3 * window)
    if reach < length / 4:
        return None
    # A window tells parts of a fiftieth of its length apart, where many cut them.
    inside = int(min(max(20 * length / window, 1), _PARTS_INSIDE)) if n >= _MANY else 1
    found = [
        _profile(rates, tau, start_ns, end_ns, t, blind, inside, max(length, window / fine), reach)
        for fine in (16, 12, 9)
    ]
    sure = [one for one in found if one is not None]
    if len(sure) < len(found):
        return None
    # What depends on where the parts are cut, is not known.
    one = sure[0]
    apart = max(max(abs(one.above - other.above) for other in sure), _MODEL * abs(one.tail))
    tail_u = math.hypot(one.tail_u, max(abs(one.tail - other.tail) for other in sure))
    if abs(one.tail) < _SIGNIFICANT * tail_u or abs(one.tail) < _WORTH * abs(one.above):
        return None
    return replace(one, above_u=math.hypot(one.above_u, apart), tail_u=tail_u)


def _profile(
    rates: Floats,
    tau: Floats,
    start_ns: Times,
    end_ns: Times,
    t: Times,
    blind: NDArray[np.bool_],
    inside: int,
    width: float,
    reach: float,
) -> Profile | None:
    following = np.concatenate([start_ns[1:], [end_ns[-1] + np.int64(4 * reach)]])
    edges = [(start_ns + (end_ns - start_ns) * k // inside) for k in range(inside + 1)]
    far = 0.0
    for _ in range(_PARTS_AFTER):
        if far >= reach:
            break
        far = min(far + width, reach)
        width *= 2
        edges.append(np.minimum(end_ns + np.int64(far), following))
    columns = [_overlap(t, a, b) for a, b in itertools.pairwise(edges)]
    x = np.column_stack([tau, *columns])[1:]
    y = (rates * tau)[1:]
    good = ~blind[1 : t.size]
    x, y = x[good], y[good]
    if y.size < 4 * x.shape[1]:
        return None
    beta, covariance, rest = _fit(x, y)
    if beta is None:
        return None
    lengths = np.array([float(np.mean(b - a)) * 1e-9 for a, b in itertools.pairwise(edges)])
    weight_in = np.concatenate([[0.0], lengths[:inside], np.zeros(lengths.size - inside)])
    weight_after = np.concatenate([[0.0], np.zeros(inside), lengths[inside:]])
    above, tail = float(weight_in @ beta), float(weight_after @ beta)
    above_u = math.sqrt(max(float(weight_in @ covariance @ weight_in), 0.0))
    tail_u = math.sqrt(max(float(weight_after @ covariance @ weight_after), 0.0))
    return Profile(float(beta[0]), above, above_u, tail, tail_u, float(y.size - x.shape[1]), rest)


def _overlap(t: Times, start: Times, end: Times) -> Floats:
    """Return for each window the seconds that lie in any of some stretches, which do not overlap."""
    base = t[0]

    def ramp(edges: Times) -> Floats:
        relative = np.sort(edges - base) * 1e-9
        sums = np.concatenate([[0.0], np.cumsum(relative)])
        stamps = (t - base) * 1e-9
        k = np.searchsorted(relative, stamps, side="right")
        total: Floats = k * stamps - sums[k]
        return total

    active = ramp(start) - ramp(end)
    found: Floats = np.diff(active, prepend=active[0])
    return found


def _fit(x: Floats, y: Floats) -> tuple[Floats | None, Floats, float]:
    """Return least squares, the covariance of Newey and West (Econometrica 55, 1987), and the rests' deviation."""
    scale = np.sqrt(np.mean(x * x, axis=0))
    if (scale <= 0).any():
        return None, np.empty(0), 0.0
    xs = x / scale
    gram = xs.T @ xs
    if np.linalg.cond(gram) > 1e8:
        return None, np.empty(0), 0.0
    bread = np.linalg.inv(gram)
    beta = bread @ (xs.T @ y)
    left = y - xs @ beta
    scores = xs * left[:, None]
    meat = scores.T @ scores
    reach = max(1, int(4 * (y.size / 100) ** (2 / 9)))
    for lag in range(1, reach + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (reach + 1.0)) * (cross + cross.T)
    freedom = max(y.size - x.shape[1], 1)
    robust = bread @ meat @ bread * (y.size / freedom)
    plain = bread * float(left @ left) / freedom
    covariance = robust if np.trace(robust) > np.trace(plain) else plain
    return beta / scale, covariance / np.outer(scale, scale), float(np.std(left))
