"""How many of the first events of a label are a warm-up: the one rule that everything which averages events asks.

A first call compiles, fills caches and wakes clocks; what it used belongs to the start and not to the next event.  An event
is left out where it stands apart from the steady rest by more than the rest itself ever does: a rare slow event that
happens to come first, a drift, or a load that wanders is not a warm-up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from powermeter.analysis.quantiles import median
from powermeter.analysis.student_t import t_quantile

Floats = NDArray[np.floating[Any]]

LEAST = 4
"""At least so many events are needed: one that may be left out, and three to compare it with."""

RELEVANT = 0.02
"""An excess of less than 2 % of the steady level is not worth leaving out."""

_APART = 2.5
"""A head stands apart by this times what equally long stretches of the rest stray from its level at most."""

_SETTLED = 5.0
"""The rest is settled where the head stands apart by this times the difference of its halves."""

_DECAYS = 1.5
"""A head whose first half stands this much farther apart than its second one is on its way to the rest."""

_BELOW = 0.1
"""Of the scatter of the rest: a decay that has come down to it is no longer followed."""

_ALIKE = 2.0
"""Standard deviations by which the standard errors of two cuts may differ and the earlier one is preferred."""

_DOUBT = 0.0025
"""Chance alone, in steady events, leaves some out this often (and again for the durations)."""


class WarmUpReason(str, Enum):
    """Why events are left out, or why none is."""

    STEADY = "steady"  # the first events are like the rest
    FIRST = "first"  # the first event alone stands apart
    SETTLING = "settling"  # several events until the rest is steady
    UNSETTLED = (
        "unsettled"  # it begins apart from the rest, but the rest does not settle: nothing is left out
    )
    FEW = "few"  # too few events to tell
    OFF = "off"  # not looked for, because the caller counts every event


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many leading events are left out.

    Attributes:
        count: Events to leave out, in order of their start.
        reason: Why.
    """

    count: int
    reason: WarmUpReason


def warm_up(
    energies: ArrayLike,
    durations: ArrayLike | None = None,
    starts: ArrayLike | None = None,
    *,
    open_ends: ArrayLike | None = None,
    looks: int = 1,
) -> WarmUp:
    """Return how many leading events do not belong to the steady state, by energy and by duration together.

    Args:
        energies: Of each event, per item, in any unit; NaN where it is not known.
        durations: Of each event, per item, in any unit; None where only the energy counts.
        starts: When each event began, in any unit; None where the events are in order.  `count` is of the
            events in order of their start.
        open_ends: What the meter leaves open of each energy: events that stand apart by no more do not.
        looks: Of how many such series one is looked at; chance alone finds a warm-up in one of many.
    """
    series = [np.asarray(one, np.float64) for one in (energies, durations) if one is not None]
    if starts is not None:
        order = np.argsort(np.asarray(starts), kind="stable")
        series = [one[order] for one in series]
    unknown = np.zeros(series[0].size) if open_ends is None else np.asarray(open_ends, np.float64)
    if starts is not None:
        unknown = unknown[order]
    if series[0].size < LEAST:
        return WarmUp(0, WarmUpReason.FEW)
    left_open = [unknown, *(np.zeros(series[0].size) for _ in series[1:])]
    found = [_leading(one, own, _DOUBT / max(looks, 1)) for one, own in zip(series, left_open, strict=True)]
    count = max(n for n, _ in found)
    if count:
        return WarmUp(count, WarmUpReason.FIRST if count == 1 else WarmUpReason.SETTLING)
    reasons = {reason for _, reason in found}
    for reason in (WarmUpReason.UNSETTLED, WarmUpReason.STEADY):
        if reason in reasons:
            return WarmUp(0, reason)
    return WarmUp(0, WarmUpReason.FEW)


def _leading(series: Floats, left_open: Floats, doubt: float) -> tuple[int, WarmUpReason]:
    place = np.flatnonzero(np.isfinite(series))
    values = series[place]
    if values.size < LEAST:
        return 0, WarmUpReason.FEW
    reason = WarmUpReason.STEADY
    cut = int(cuts(values[np.newaxis])[0])
    for length in dict.fromkeys((cut, _run(values, cut), min(cut, 1))):
        if length:
            more, reason = _judge(values, length, doubt)
            if more and _is_known(values, length, left_open[place]):
                return int(place[more - 1]) + 1, WarmUpReason.SETTLING
    return 0, reason


def _is_known(values: Floats, cut: int, left_open: Floats) -> bool:
    """Return whether the meter knows that the first `cut` values stand apart."""
    apart = np.abs(values[:cut] - median(values[cut:]))
    return bool(median(apart) > _APART * median(left_open[:cut]))


def _judge(values: Floats, cut: int, doubt: float) -> tuple[int, WarmUpReason]:
    """Return how many values to leave out where the first `cut` stand apart, 0 where they do not, and why."""
    head, rest = values[:cut], values[cut:]
    # A decay goes on below the noise: what follows the cut for as long again is not asked to be steady.
    steady = rest[min(cut - 1, rest.size // 3) :]
    level = median(steady)
    apart = (head - level) * math.copysign(1.0, float(head.mean()) - level)
    # At least half of a head stands apart: one rare slow event among the first is not a warm-up.
    excess = median(apart) if cut > 2 else float(apart.min())
    if excess < RELEVANT * abs(level) or excess <= _noise(rest, cut, _step(values, level), doubt):
        return 0, WarmUpReason.STEADY
    half = steady.size // 2
    trend = abs(float(steady[:half].mean() - steady[half:].mean())) if half else 0.0
    if excess <= _APART * _wandering(steady, cut) or excess <= _SETTLED * trend:
        return 0, WarmUpReason.UNSETTLED if cut > 1 else WarmUpReason.STEADY
    return min(cut + _tail(apart, rest), max(values.size // 2, cut)), WarmUpReason.SETTLING


def _tail(apart: Floats, rest: Floats) -> int:
    """Return how many values after a head still carry its decay: until it is far below what the rest scatters."""
    cut = apart.size
    early, late = float(apart[: (cut + 1) // 2].mean()), float(apart[cut // 2 :].mean())
    scatter = float(rest.std())
    if cut < 2 or late <= 0 or early <= _DECAYS * late or scatter <= 0:
        return 0
    each = math.log(early / late) / (cut / 2)  # the decay from one value to the next, were it exponential
    end = late * math.exp(-each * cut / 4)
    return min(math.ceil(max(math.log(end / (_BELOW * scatter)), 0.0) / each), 2 * cut)


def _run(values: Floats, longest: int) -> int:
    """Return how many of the first values lie on one side of the rest, each by more than the rest scatters."""
    rest = values[longest:]
    away = values[:longest] - median(rest)
    outside = np.abs(away) > np.ptp(rest) / 2
    outside &= np.sign(away) == np.sign(away[0]) if longest else outside
    return int(np.argmin(outside)) if not outside.all() else longest


def cuts(values: Floats) -> NDArray[np.int64]:
    """Return where to cut each of some series so that its rest has about the least standard error (MSER: White, Simulation 69, 1997).

    Of cuts that chance alone makes better, the earliest is taken: its minimum lies at random places behind a head.

    Args:
        values: Shape (series, events), all known.
    """
    n = values.shape[1]
    places = np.arange(0, max(n // 3, 1) + 1)
    back = values[:, ::-1] - np.median(values, axis=1, keepdims=True)
    count = np.arange(1, n + 1)
    mean = np.cumsum(back, axis=1) / count
    square = np.maximum(np.cumsum(back * back, axis=1) / count - mean * mean, 0.0)
    rest = n - places
    found = square[:, rest - 1] / rest
    best = found.argmin(axis=1, keepdims=True)
    further = np.maximum(best - places, 0)
    chance = 1 + _ALIKE * np.sqrt(2.0 * further) / rest + further / rest
    first: NDArray[np.int64] = (found <= np.take_along_axis(found, best, axis=1) * chance).argmax(axis=1)
    return first


def _noise(rest: Floats, cut: int, least: float, doubt: float) -> float:
    """Return by how much a head of `cut` values may differ from the rest by chance (prediction interval)."""
    if rest.size < 3:
        return math.inf
    t = t_quantile(1 - doubt / 2, rest.size - 1)
    return t * max(float(rest.std(ddof=1)), least) * math.sqrt(1 / cut + 1 / rest.size)


def _step(values: Floats, level: float) -> float:
    """Return the standard deviation of the rounding, where the values are so few and coarse that they look alike."""
    apart = np.diff(np.unique(values))
    step = float(apart.min()) if apart.size else 0.0
    return step / math.sqrt(12.0) if step < 0.2 * abs(level) else 0.0


def _wandering(steady: Floats, length: int) -> float:
    """Return by how much the mean of `length` successive events strays from the level of the rest at most."""
    total = np.concatenate([[0.0], np.cumsum(steady)])
    length = min(length, max(steady.size // 2, 1))
    means = (total[length:] - total[:-length]) / length
    return float(np.abs(means - median(steady)).max())
