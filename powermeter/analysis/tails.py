"""What follows an event and does not belong to it (a radio's tail, a flush, a ramp-down), in windows that the event's end cuts.

The window that holds an event's end holds the first part of its tail, and nothing distinguishes the two there.  But what is left of
the tail behind that window is seen, and the end lies at another distance x before the window's end each time:

    R(x) = energy above idle in the windows behind the one that the end cuts = all of the tail but its first x seconds

So the first x seconds hold R(0) − R(x), and R(0), the whole tail, is where R(x) leads to at x = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import median

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

LEAST_WITH_TAILS = 10
"""Fewer events show no tail."""
_NEIGHBOURS = 64  # windows on either side of an end that are looked at for what neighbours differ by
_LEAST_FALLS = 6
_FALLS = 4.0
_MOST_WINDOWS = 30
_MOST_RISING = 5
_LEAST_AT_REST = 4  # windows between a tail and what comes ahead
_RISES = 0.05  # of what the event adds
_SIGNIFICANT = 3.0
_SUSPECT = 2.0
_WORTH = 0.005
_ENDED = 0.003
_BIN = 0.25
_FURTHEST = 3  # events of which nothing is seen behind their last window
_AS_GOOD = 1.5
_UNLIKE = 4.0  # times the variance
_STILL = 0.5  # of a tail, by which what remains of it a quarter of a window behind ends is scaled up at most
_MODEL = 0.02  # of what is taken off: what no shape follows
_ENDS = np.geomspace(0.15, 10.0, 40)  # of the window: when a block of constant power ends
_MIXED = np.array([0.15, 0.6, 4.0])
_SCALES = np.geomspace(0.1, 30.0, 40)  # of the window: how fast an exponential tail may die


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """What follows each event.

    Attributes:
        joules, error: Of the whole tail, and its standard uncertainty.
        first: What of it lies in the window that each event's end cuts, J, shape (n,).
        again: What of it lies in the window in which the next event begins, where that is another one.
        unlike: By how much `first` differs from event to event beyond where its end lies, standard deviation in J, shape (n,).
        doubt: Standard uncertainty of the mean of `first`, J.
        windows: So many windows behind that one hold some of it.
    """

    joules: float
    error: float
    first: Floats
    again: Floats
    unlike: Floats
    doubt: float
    windows: int


def follows_few(rates: Floats, t: Times, after_ns: Times, ends: Indices, beside: Indices) -> bool:
    """Return whether power falls behind the ends of events that are too few for `tail_of`.

    The whole window behind the one that an end cuts is held against the next one, where both lie beside events, and what they
    differ by against what other neighbours beside events do.

    Args:
        rates: Of each window that ends at `t`, W.
        after_ns: When the next event (of any label) begins behind each end.
        ends: The windows that hold each event's end.
        beside: The windows that lie beside events and were seen.
    """
    behind = ends + 1
    if beside.size > 2 * _NEIGHBOURS * behind.size:  # of many labels, each looks at its own surroundings
        near = np.searchsorted(beside, behind)[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS)
        beside = beside[np.unique(np.clip(near, 0, beside.size - 1))]
    pairs = beside[:-1][np.diff(beside) == 1]
    ruled = np.isin(behind, pairs) & (t[np.minimum(behind + 1, t.size - 1)] <= after_ns)
    others = pairs[~np.isin(pairs, behind)]
    if others.size < _LEAST_FALLS or not ruled.any():
        return False
    falls = rates[behind[ruled]] - rates[behind[ruled] + 1]
    usual = math.sqrt(float(np.mean((rates[others] - rates[others + 1]) ** 2)) / falls.size)
    inside = median(rates[np.clip(ends - 1, 1, None)])
    fall = float(falls.mean())
    return fall > _FALLS * usual and fall > _WORTH * abs(inside)


def tail_of(
    rates: Floats,
    tau: Floats,
    t: Times,
    end_ns: Times,
    after_ns: Times,
    ends: Indices,
    blind: NDArray[np.bool_],
) -> Tail | None:
    """Return what follows events, or None where the windows show nothing of the kind.

    Args:
        rates, tau: Of each window that ends at `t`, W and s.
        end_ns, after_ns: When each event ends, and when the next event (of any label) begins.
        ends: The windows that hold each event's end.
        blind: The windows that nobody saw.
    """
    n, top = end_ns.size, t.size - 1
    if n < LEAST_WITH_TAILS:
        return None
    free = np.minimum(np.searchsorted(t, after_ns, side="right") - 1, top) - ends
    # The window just before the next event may hold what comes ahead of that one.
    free = np.where(blind[np.clip(ends, 0, top)], 0, np.maximum(free - 1, 0))
    free = np.maximum(free - _rising(rates, ends, free), 0)
    resting = np.clip(ends + free, 1, top)
    rested = (free >= max(median(free), 2.0)) & ~blind[resting]
    if int(rested.sum()) < LEAST_WITH_TAILS // 2:
        return None
    calm = rates[resting[rested]]
    quiet, quiet_u = float(calm.mean()), float(calm.std(ddof=1)) / math.sqrt(calm.size)
    excess: list[Floats] = []
    most = (
        min(_MOST_WINDOWS, int(np.sort(free)[::-1][max(LEAST_WITH_TAILS, n // 2) - 1]))
        if n >= LEAST_WITH_TAILS
        else 0
    )
    for j in range(1, most + 1):
        use = (free >= j) & ~blind[np.minimum(ends + j, top)]
        if int(use.sum()) < max(LEAST_WITH_TAILS, n // 2):
            break
        excess.append(np.where(use, rates[np.minimum(ends + j, top)] - quiet, np.nan))
    if not excess:
        return None

    def seen(values: Floats) -> tuple[float, float]:
        some = values[np.isfinite(values)]
        return float(some.mean()), math.hypot(float(some.std(ddof=1)) / math.sqrt(some.size), quiet_u)

    first, first_u = seen(excess[0])
    inside = rates[np.clip(ends - 1, 1, top)] - quiet
    if abs(first) < _SUSPECT * first_u or abs(first) < _WORTH * abs(median(inside)):
        return None
    last = next(
        (
            j
            for j, values in enumerate(excess)
            if abs(seen(values)[0]) < max(2 * seen(values)[1], _ENDED * abs(first))
        ),
        len(excess),
    )
    last = max(last, 1)
    window = median(tau[ends])
    later = np.array(excess[:last]) * window
    rest = later.sum(axis=0)
    good = np.isfinite(rest)
    if int(good.sum()) < LEAST_WITH_TAILS:
        return None
    x = np.clip((t[np.clip(ends, 0, top)] - end_ns) * 1e-9, 0.0, None) / window
    _, error, model = _at_zero(x[good], rest[good])
    differs = _differs(x[good], rest[good], model)
    # The windows looked at end x further on: what the tail still held there is missing in R(0) − R(x).
    gone, gone_u = seen(excess[last] if last < len(excess) else _furthest(x, excess[-1]))
    gone = gone if gone * first > 0 else 0.0
    distance, remaining = _further(x[good], later[:, good], model, gone * window)
    pause = (after_ns - end_ns) * 1e-9 / window
    total = float(remaining[0])
    reach = np.minimum(x, pause)
    held = total - np.interp(reach, distance, remaining)
    # No shape holds more in the window that an event's end cuts than that window does (a dip: than idle power behind the end).
    behind = quiet * x * window
    most_held = np.maximum(rates[np.clip(ends, 1, top)] * tau[np.clip(ends, 1, top)] - behind, 0.0)
    within = np.clip(held, 0.0, most_held) if first > 0 else np.clip(held, -np.maximum(behind, 0.0), 0.0)
    total -= float(np.mean(held - within))
    held = within
    error = min(error, float(np.mean(most_held if first > 0 else np.abs(behind))) / math.sqrt(3))
    # The window in which the next event begins may hold the tail's last part.
    begun = np.maximum(np.searchsorted(t, after_ns, side="right"), ends)
    from_there = (t[np.clip(begun - 1, 0, top)] - end_ns) * 1e-9 / window
    again = np.interp(from_there, distance, remaining) - np.interp(pause, distance, remaining)
    # Nor more in that window than it does.
    held_there = np.maximum(rates[np.clip(begun, 1, top)] * tau[np.clip(begun, 1, top)], 0.0)
    idle = quiet * (pause - from_there) * window
    again = np.clip(again, 0.0, held_there) if first > 0 else np.clip(again, -np.maximum(idle, 0.0), 0.0)
    again = np.where(begun > ends, again, 0.0)
    late = float(np.mean(x)) * window * math.hypot(0.5 * gone, gone_u)
    late = math.hypot(late, _MODEL * float(np.mean(held)))
    whole_u = math.hypot(error, last * window * quiet_u, window * abs(gone))
    if abs(first) < _SIGNIFICANT * first_u:
        # Not seen well enough to be taken off, it is paid for.
        none = np.zeros(n)
        return Tail(
            0.0, 0.0, none, none, none, math.hypot(error, late, float(np.mean(np.where(x > 0, held, 0.0)))), 0
        )
    unlike = differs * np.clip(held / total, 0.0, 1.0) if total else np.zeros(n)
    return Tail(total, whole_u, np.where(x > 0, held, 0.0), again, unlike, math.hypot(error, late), last)


def head_of(
    rates: Floats,
    tau: Floats,
    t: Times,
    start_ns: Times,
    before_ns: Times,
    starts: Indices,
    blind: NDArray[np.bool_],
) -> Tail | None:
    """Return what comes ahead of events and belongs to none (a device that wakes), as a tail is found when time runs backwards.

    Args:
        before_ns: When the last event (of any label) before each start has ended.
        starts: The windows that hold each event's start.
    """
    if start_ns.size < LEAST_WITH_TAILS:
        return None
    top = t.size - 1
    backwards = np.concatenate([[0], np.arange(top, 0, -1)])
    unseen = np.concatenate([blind[backwards], [False]])
    return tail_of(
        rates[backwards],
        tau[backwards],
        -t[::-1],
        -start_ns[::-1],
        -before_ns[::-1],
        top - starts[::-1] + 1,
        unseen,
    )


def _differs(x: Floats, rest: Floats, model: tuple[Floats, Floats]) -> float:
    """Return the standard deviation of tails from event to event, J: what rests scatter by more next to ends than where tails are nearly over."""
    expected = np.interp(x, *model)
    left = (rest - expected) ** 2
    order = np.argsort(x)
    quarter = max(order.size // 4, 3)
    near, far = (float(np.mean(left[k])) for k in (order[:quarter], order[-quarter:]))
    remains = float(np.mean(expected[order[:quarter]])) / float(model[1][0]) if model[1][0] else 1.0
    return math.sqrt(near - far) / min(max(remains, _STILL), 1.0) if near > _UNLIKE * far else 0.0


def _rising(rates: Floats, ends: Indices, free: Indices) -> int:
    """Return in how many windows more power rises ahead of the next event: early readings, or a device that takes long to wake."""
    for skipped in range(_MOST_RISING):
        at = (ends + free - skipped)[free - skipped > _LEAST_AT_REST]
        if at.size < LEAST_WITH_TAILS // 2:
            return skipped
        rise = rates[at] - rates[at - 1]
        inside = median(rates[np.clip(ends - 1, 1, None)]) - median(rates[at - 1])
        sure = _FALLS * float(rise.std(ddof=1)) / math.sqrt(rise.size)
        if float(rise.mean()) < max(sure, _RISES * inside):
            return skipped
    return _MOST_RISING


def _furthest(x: Floats, excess: Floats) -> Floats:
    """Return the excess of the last windows looked at that lie furthest behind ends: nearest to what a tail goes on with behind them.

    All of them hold what the tail is about to lose inside of that window.
    """
    good = np.isfinite(excess)
    order = np.argsort(np.where(good, x, -1.0))[::-1][: max(int(good.sum()) // 4, _FURTHEST)]
    return excess[order[good[order]]]


def _further(x: Floats, later: Floats, model: tuple[Floats, Floats], gone: float) -> tuple[Floats, Floats]:
    """Return what is left of a tail against the distance behind the event's end, in windows.

    Args:
        x: How far behind its end the window that an event's end cuts ends, in windows.
        later: J in each window behind that one, shape (windows, events).
        model: R on a grid from 0 to 1.
        gone: J a window of what the windows looked at no longer reach.
    """
    count = later.shape[0]
    unseen = gone * (1 - x)
    left = np.cumsum(later[::-1], axis=0)[::-1]
    places = np.concatenate([(x + j) for j in range(1, count + 1)])
    values = np.concatenate([*(row + unseen for row in left[1:]), unseen])
    grid = np.arange(1.0, count + 1.01, _BIN)
    near = np.round((places - 1.0) / _BIN).astype(np.int64)
    counts = np.bincount(near, minlength=grid.size)[: grid.size]
    means = np.bincount(near, values, grid.size)[: grid.size] / np.maximum(counts, 1)
    use = (counts > 0) & (grid > 1.0)
    within = model[0] <= 1.0
    distance = np.concatenate([model[0][within], grid[use]])
    return distance, np.concatenate([model[1][within] + gone * (1 - model[0][within]), means[use]])


def _at_zero(x: Floats, rest: Floats) -> tuple[float, float, tuple[Floats, Floats]]:
    """Return what R(x) leads to at 0, its standard uncertainty, and R on a grid from 0 to 1.

    An exponential, one that stops, a block that ends, a parabola and a sum of exponentials are led to zero; what those that fit about as well as the best differ by there
    is a limit of what the shape leaves open.
    """
    # The places of the ends are on it: between points, what is led far beyond them is no part of what lies there.
    grid = np.unique([*np.linspace(0.0, max(1.0, float(x.max())), 33), float(x.min()), float(x.max())])
    fits = [
        _fitted(np.exp(-x / scale)[:, None], np.exp(-grid / scale)[:, None], rest, 2)
        for scale in _SCALES.tolist()
    ]
    blocks = [
        _fitted(np.maximum(1 - x / end, 0.0)[:, None], np.maximum(1 - grid / end, 0.0)[:, None], rest, 2)
        for end in _ENDS.tolist()
    ]
    # An exponential that stops within the windows looked at lacks at every place what it would have gone on with.
    ended = [
        _fitted(_and_one(np.exp(-x / scale)), _and_one(np.exp(-grid / scale)), rest, 3)
        for scale in _SCALES.tolist()
    ]
    powers = np.arange(3)
    fits = [
        min(fits, key=lambda fit: fit[0]),
        min(blocks, key=lambda fit: fit[0]),
        min(ended, key=lambda fit: fit[0]),
        _fitted(x[:, None] ** powers, grid[:, None] ** powers, rest, 3),
        _fitted(np.exp(-x[:, None] / _MIXED), np.exp(-grid[:, None] / _MIXED), rest, _MIXED.size),
    ]
    best = min(fits, key=lambda fit: fit[0])
    heights = [height for square, height, *_ in fits if square <= _AS_GOOD * best[0]]
    apart = max(heights) - min(heights)
    return best[1], math.hypot(best[3], apart / math.sqrt(3.0)), (grid, best[2])


def _and_one(shape: Floats) -> Floats:
    return np.column_stack([shape, np.ones(shape.size)])


def _fitted(basis: Floats, on_grid: Floats, rest: Floats, lost: int) -> tuple[float, float, Floats, float]:
    """Return (mean squared rest, height at 0, curve on the grid, standard uncertainty of the height) of a model."""
    beta, *_ = np.linalg.lstsq(basis, rest, rcond=1e-6)
    left = rest - basis @ beta
    variance = float(left @ left) / max(rest.size - lost, 1)
    bread = np.linalg.pinv(basis.T @ basis, rcond=1e-6)
    at_zero = bread @ on_grid[0]
    # What follows some events and others not scatters most next to their ends, where it counts most (White, Econometrica 48, 1980).
    uneven = float((basis @ at_zero) ** 2 @ left**2) * rest.size / max(rest.size - lost, 1)
    error = math.sqrt(max(variance * float(on_grid[0] @ at_zero), uneven, 0.0))
    return variance, float(on_grid[0] @ beta), on_grid @ beta, error
