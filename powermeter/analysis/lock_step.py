"""Whether the moments of readings have anything to do with the events' edges.

Readings at moments that nobody chose fall anywhere between an event's start and the next interval.  A loop in step with the
meter puts them always at the same place: then no number of repeats shows what happens elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_levels import ranges
from powermeter.analysis.quantiles import median
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_LEAST = 10
FEWEST = 8  # events that show what places explain
_MOST = 20_000
_RARE = 6.9  # −ln 0.001
_HARMONICS = 4
_MOSTLY_UNMET = 0.6
_WORTH = 0.15  # clocks of both sides tick in steps: places that are a few hundredths apart are not a beat
_LIKELY = 2.0  # −ln 0.135: a beat that is not finished leaves a stretch that is no rarity for so many places
_LATE = 1.5  # intervals: a next reading that is further away lies behind a hole
_UNMET = (
    3.0  # usual distances between neighbouring places: a wider one is a stretch that the beat has not come to
)
_MET = 0.25  # of all places lie between neighbours closer than this share's width

_ONE_PLACE = 0.02  # of an interval, that readings of one place of events are apart from the next at most
_BLIND = 0.35  # of an event, that lies between places at which readings meet it
_PLACES, _AGAIN = 4, 5  # of events, each met so many times
_LEVEL, _SPREAD, _UNEVEN = (
    0.02,
    4.0,
    0.1,
)  # of what events add; standard errors; of what they add, whatever those
_SELDOM = 2.8  # standard deviations that one of 400 exceeds on one side
_CHANCE = 0.0025  # of either of two waves
_SLOW, _RIPPLES = 2, 10  # turns in an interval
_CHANCE_OF_FAST = 0.0003  # of each of the others


@dataclass(frozen=True, slots=True)
class Phase:
    """Where the first readings after events' starts fell.

    Attributes:
        blind: The longest stretch without any, as a share of what they could have fallen on; 0 where chance leaves as much.
        coherent: The share of events' errors that all have in common, 0 to 1.
    """

    blind: float = 0.0
    coherent: float = 0.0


def unseen_part(
    times_ns: Indices,
    start_ns: Indices,
    end_ns: Indices,
    before: Indices,
    inside: Indices,
    interval_ns: int,
    steps_ns: tuple[int, int] = (0, 0),
) -> Phase:
    """Return how far the phases of events against readings are from what chance leaves.

    Among n places that chance chose, the longest stretch without any exceeds (ln n + 6.9)/n once in a thousand times
    (Devroye, Annals of Probability 9, 1981).

    Args:
        steps_ns: To what a place is known (`moments.place_known_to`), and what stamps and edges are all multiples of (`step_in_common`).
    """
    if interval_ns <= 0 or start_ns.size < _LEAST:
        return Phase()
    if start_ns.size > _MOST:
        pick = np.linspace(0, start_ns.size - 1, _MOST).astype(np.int64)
        start_ns, end_ns, before, inside = start_ns[pick], end_ns[pick], before[pick], inside[pick]
    reach = np.minimum(end_ns - start_ns, interval_ns)
    known_to, common = steps_ns
    arc = _unmet_arc(times_ns, start_ns, before, reach, interval_ns, known_to)
    use = (inside > 0) & (reach > 0)
    n = int(use.sum())
    if n < _LEAST:
        return Phase(arc)
    at = (times_ns[np.minimum(before[use], times_ns.size - 1)] - start_ns[use]) / reach[use]
    places = np.sort(np.clip(at, 0.0, 1.0))
    usual = median(reach[use])
    step = known_to / usual
    # A reading on an event's start lies before it, one on its end inside.
    ends = [0.0], places, [1.0 + min(common, known_to) / usual]
    hole = float(np.max(np.diff(np.concatenate(ends)))) - step
    chance = (math.log(n) + _RARE) / n
    harmonics = np.arange(1, _HARMONICS + 1)
    turns = np.exp(2j * math.pi * np.outer(harmonics, places))
    power = (np.abs(turns.mean(axis=1)) * np.sinc(harmonics * step)) ** 2
    coherent = max(0.0, (n * float(power.max()) - _RARE - math.log(_HARMONICS)) / max(n - 1, 1))
    return Phase(max(hole if hole > max(chance, _WORTH) else 0.0, arc), min(coherent, 1.0))


def _unmet_arc(
    times_ns: Indices, start_ns: Indices, before: Indices, reach: Indices, interval_ns: int, step_ns: int
) -> float:
    """Return what share of an event lies where no reading of any event fell, going by where the next reading lies behind each start.

    Events without a reading show their place as well.  Where one event's place follows from the one before, a beat has met
    what lies between, and what it has not come to is unmet, however few its events.
    """
    ahead = (times_ns[np.minimum(before, times_ns.size - 1)] - start_ns) / interval_ns
    near = (ahead > 0) & (ahead <= _LATE) & (reach > 0)
    n = int(near.sum())
    if n < _LEAST:
        return 0.0
    turned = np.mod(ahead[near], 1.0)
    places = np.sort(turned)
    gaps = np.diff(places, append=places[0] + 1.0)
    widest = int(np.argmax(gaps))
    gap, begin = float(gaps[widest]), float(places[widest])
    usual = _LIKELY if keep_step_nearby(turned) else _RARE
    if gap - step_ns / interval_ns <= max((math.log(n) + usual) / n, _WORTH):
        return 0.0
    part = median(reach[near]) / interval_ns
    inside = max(0.0, min(begin + gap, part) - begin) + max(0.0, min(begin + gap - 1.0, part))
    share = min(inside / part, 1.0)
    return share if share > _WORTH else 0.0


def level_throughout(
    trace: Trace, start_ns: Indices, readings: tuple[Indices, Indices], blind: float, adds: float
) -> bool:
    """Return whether events, of which no reading falls on a small share, show one level at four places and more that readings meet again and again.

    What lies between those places is then taken for as level, as what lies between the readings of a long event is.

    Args:
        readings: The first inside each event, and how many there are.
        blind: The share that no reading falls on.
        adds: What events add to what is beside them, W.
    """
    first, count = readings
    index = ranges(first, count)
    if blind > _BLIND or index.size > _MOST or trace.kept is not None:
        return False
    since = (trace.times_ns[index] - np.repeat(start_ns, count)) / trace.interval_ns
    order = np.argsort(since, kind="stable")
    watts = trace.values[index][order]
    place = np.concatenate([[0], np.cumsum(np.diff(since[order]) > _ONE_PLACE)])
    met = np.bincount(place)
    if met.size < _PLACES or int(met.min()) < _AGAIN:
        return False
    means = np.bincount(place, watts) / met
    left = watts - means[place]
    error = max(math.sqrt(float(left @ left) / max(left.size - met.size, 1)), trace.noise) / np.sqrt(met)
    span = float(means.max() - means.min())
    return span <= min(max(_LEVEL * abs(adds), _SPREAD * float(error.max())), _UNEVEN * abs(adds))


def keep_step_nearby(places: Floats) -> bool:
    """Return whether events one after the other meet the readings at places that have to do with each other.

    A loop a little off the meter's step wanders over all places, but slowly: as many readings as fall into its events show less
    than as many of random moments do.

    Args:
        places: Of each event in order: how far behind its start the next reading lies, in intervals, 0 to 1.
    """
    n = places.size - 1
    if n < _LEAST:
        return False
    turn = abs(complex(np.exp(2j * math.pi * np.diff(places)).mean()))
    return n * turn * turn > _RARE


def evenly(places: Floats, rests: Floats) -> tuple[float, float, float]:
    """Return the mean of what events' readings leave, taken evenly over all places, less their plain mean; its variance; and that of places not met.

    Each event stands for the places nearer to its own than to any other's.  What neighbouring places differ by is chance.

    Args:
        places: As for `keep_step_nearby`.
        rests: J, what an event's readings add to its label's level.
    """
    order = np.argsort(places, kind="stable")
    sorted_places, sorted_rests = places[order], rests[order]
    gap = np.diff(sorted_places, append=sorted_places[0] + 1.0)
    weight = (gap + np.roll(gap, 1)) / 2
    apart = np.diff(sorted_rests, append=sorted_rests[0])
    away = float(weight @ sorted_rests) - float(rests.mean())
    chance = float(np.mean(apart**2)) / 2 * float(weight @ weight)
    # Where the beat has not come to, events may leave anything from the least to the most that they left elsewhere.
    # A loop that comes back to a few places again and again has met each of them: as wide as a quarter of all gaps is not a stretch left out.
    widths = np.sort(gap)
    usual = float(widths[np.searchsorted(np.cumsum(widths), _MET)])
    wide = gap[gap > _UNMET * max(1 / places.size, usual)]
    unmet = float(wide @ wide) * float(np.ptp(rests)) ** 2 / 12
    return away, chance, unmet


def by_place(places: Floats, rests: Floats) -> float:
    """Return the variance of what events' readings leave that the places of their readings explain; 0 where chance explains as much once in 100 times.

    A ripple in step with the meter is met at one place of its period by all readings of an event: they agree, events differ, and what
    they differ by is the meter's.  Sines over the places, of up to ten turns, a line (of teeth that begin with their events), and what
    neighbours by place differ by are tried.

    Args:
        places: As for `keep_step_nearby`, of events that keep no step.
        rests: J, what each one's readings add to the label's level.
    """
    n = rests.size
    rest = rests - rests.mean()
    square = float(rest @ rest)
    if n < FEWEST or square <= 0:
        return 0.0
    order = np.argsort(places, kind="stable")
    apart = np.diff(rest[order], append=rest[order][0])
    ratio = float(apart @ apart) / 2 / square  # von Neumann's: 1 ± 1/√n by chance
    explained = 1 - ratio if (1 - ratio) * math.sqrt(n) > _SELDOM else 0.0
    for harmonic in range(1, _RIPPLES + 1):
        turns = 2 * math.pi * harmonic * places
        waves = np.stack([np.ones(n), np.cos(turns), np.sin(turns)], axis=1)
        left = rest - waves @ np.linalg.lstsq(waves, rest, rcond=None)[0]
        share = 1 - float(left @ left) / square
        # The share that two waves explain of n independent values exceeds x with chance (1 − x)^((n − 3)/2).
        if (1 - share) ** ((n - 3) / 2) < (_CHANCE if harmonic <= _SLOW else _CHANCE_OF_FAST):
            explained = max(explained, share)
    line = places - places.mean()
    spread = float(line @ line)
    share = float(line @ rest) ** 2 / (spread * square) if spread > 0 else 0.0
    if (1 - share) ** ((n - 2) / 2) < _CHANCE:
        explained = max(explained, share)
    return explained * square / (n - 1)


def always_alike(places: Floats) -> bool:
    """Return whether events always meet the windows at about the same place: over half an interval that none of ten or more met."""
    if places.size < _LEAST:
        return False
    turned = np.sort(np.mod(places, 1.0))
    return float(np.max(np.diff(turned, append=turned[0] + 1.0))) > _MOSTLY_UNMET
