"""Rows a little faster than the instrument's refresh: every reading is shown once or twice, and when the refreshes were follows from which.

Rows each τ of an instrument that refreshes each R, τ < R < 2τ, repeat the one before where no refresh lies between them: all those, and by
chance some others.  So no refresh lies between two rows that repeat, one lies between two that differ; of hundreds of rows, whose places
in R slide, only one R and hardly a stretch of R are left where the refreshes can have been.  Rows at scattered times of a counter show the same
of refreshes that are no longer than they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Times = NDArray[np.int64]

_FEWEST_TWICE = 10  # rows that repeat the one before
_TWICE = 0.04  # of the rows, that they are at least
_MOST = 0.4  # of the rows
_TWICE_OF_COUNTERS = 0.02
_SHORTEST, _LONGEST = 0.45, 1.7  # rows, of a counter's refresh
_STEPS = 3.0  # of a counter, from which on what it moves by is no matter of steps
_MOSTLY = 0.8  # of the energy, moved by so many
_EXPLAINED = 0.8  # of a counter's rows that stand, and of those that should
_OFTEN = 0.5  # of them, that show one value
_OFTEN_OF_MEANS = 0.2
_ONE_STEP, _ALL_ALIKE = 1.5, 0.6  # of the smallest change; share of such changes
_BLOCK = 1000  # rows
_MOST_BLOCKS = 200
_PLACES = 256  # of R
_CHANCE = 6.9  # beyond the logarithm of what was tried: one in 1000
_WRONG = 0.02  # of the rows between which no refresh lies differ: stamps that are a little off
_COARSE, _FINE = 0.25, 0.025  # of a turn in a block
_TRIED_BESIDE = 10
_WAVES = 40
_LOOKED_AT = 40  # intervals at which rows that repeat come in waves most
_AS_WELL = 2.0  # of the logarithm of a likelihood: two standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Beat:
    """Refreshes of a stretch of rows.

    Attributes:
        refresh_ns: How far apart they are.
        first_ns: When one was.
        room_ns: How long the stretch is in which that one can have been.
    """

    refresh_ns: float
    first_ns: float
    room_ns: float

    def last_before(self, times_ns: Times) -> Floats:
        """Return when the last refresh before each moment was, ns."""
        turns = np.floor((times_ns - self.first_ns) / self.refresh_ns)
        found: Floats = self.first_ns + turns * self.refresh_ns
        return found


def beat_of(trace: Trace) -> Beat | None:
    """Return the refreshes of readings that are shown once or twice, as their first thousand rows have them; None where they are not."""
    if "beat" not in trace.looked_for:
        trace.looked_for["beat"] = _found(trace)
    found = trace.looked_for["beat"]
    return found if isinstance(found, Beat) else None


def _found(trace: Trace) -> Beat | None:
    twice = np.append(False, np.diff(trace.values[:_BLOCK]) == 0)
    count = int(twice.sum())
    if (
        count == twice.size - 1
        or trace.kind not in (Kind.INSTANT, Kind.MEAN, Kind.COUNTER)
        or count < _FEWEST_TWICE
        or trace.kept is not None
    ):
        return None
    if trace.kind is Kind.COUNTER:
        return _of_counter(trace, twice)
    # A level without noise is shown again, too, once in each turn of a loop.
    recurs = int(np.unique(trace.values[:_BLOCK][twice], return_counts=True)[1].max())
    often = _OFTEN if trace.kind is Kind.INSTANT else _OFTEN_OF_MEANS
    if not count / twice.size >= _TWICE or recurs > max(often * count, _FEWEST_TWICE / 2):
        return None
    changes = np.abs(np.diff(trace.values[:_BLOCK]))
    # A ramp in steps repeats a value as regularly.
    if float(np.mean(changes[changes > 0] < _ONE_STEP * changes[changes > 0].min())) > _ALL_ALIKE:
        return None
    return _searched(trace, twice, 1 - _MOST, 1 - _TWICE / 2)


def _of_counter(trace: Trace, twice: Bools) -> Beat | None:
    """Return the refreshes of a counter of which some rows stand; None where its own steps are what it waits for."""
    if not _TWICE_OF_COUNTERS <= twice.mean() <= _MOST or not moves_by_more_than_steps(trace):
        return None
    found = _searched(trace, twice, 1 / _LONGEST, 1 / _SHORTEST)
    if found is None:
        return None
    # Of a counter that moves, nothing but a refresh that is yet to come explains a row that stands.
    together = np.diff(found.last_before(trace.times_ns[: twice.size])) < found.refresh_ns / 2
    stood = twice[1:]
    right = np.mean(together[stood]) > _EXPLAINED and np.mean(stood[together]) > _EXPLAINED
    return found if right else None


def moves_by_more_than_steps(trace: Trace) -> bool:
    """Return whether a counter hardly ever moves by so few of its steps that these are what it waits for."""
    moved = np.diff(trace.values[:_BLOCK])
    large = moved >= _STEPS * max(trace.step, trace.code)
    return not (moved < 0).any() and float(moved[large].sum()) >= _MOSTLY * float(moved.sum())


def _searched(trace: Trace, twice: Bools, fewest: float, most: float) -> Beat | None:
    """Return the refreshes that explain which rows repeat, of all with that many to a row."""
    rows = twice.size
    per_row = np.arange(fewest, most, _COARSE / rows)
    t = trace.times_ns[:rows]
    at = (t - t[0]) / trace.interval_ns
    power = _periodogram(at, twice - twice.mean(), per_row)
    if (
        trace.kind is Kind.COUNTER
    ):  # at scattered times, the rows that are repeated lie together, where those that repeat do not
        power = power + _periodogram(at[:-1], twice[1:] - twice[1:].mean(), per_row)
    likely = np.sort(np.argsort(power)[-_LOOKED_AT:])
    found = _best(t, twice, trace.interval_ns / per_row[likely], per_row.size)
    return found and _best(t, twice, _near(found.refresh_ns, rows))


def _periodogram(times: Floats, values: Floats, frequencies: Floats) -> Floats:
    """Return the squared size of a sum of waves at frequencies one step apart: each is one of few coarse waves times one of few fine."""
    turns = 2j * math.pi * times
    fine = np.exp(np.outer(turns, frequencies[:_WAVES] - frequencies[0]))
    sums = [(np.exp(coarse * turns) * values) @ fine for coarse in frequencies[::_WAVES].tolist()]
    power: Floats = np.abs(np.concatenate(sums))[: frequencies.size] ** 2
    return power


def moments(trace: Trace, beat: Beat) -> tuple[Times, float] | None:
    """Return when each row's reading was refreshed and how far that is open, ns; None where the beat does not go on to the end."""
    t = trace.times_ns
    if t.size > _MOST_BLOCKS * _BLOCK:
        return None
    twice = np.append(False, np.diff(trace.values) == 0)
    found, room = [], 0.0
    edges = np.append(np.arange(0, max(t.size - _BLOCK // 2, 1), _BLOCK), t.size)
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        one = beat if not a else _best(t[a:b], twice[a:b], _near(beat.refresh_ns, b - a))
        if one is None:
            return None
        found.append(np.rint(one.last_before(t[a:b])).astype(np.int64))
        room = max(room, one.room_ns)
    # Between two blocks the moment of one refresh may be put down twice, a little apart.
    in_order: Times = np.maximum.accumulate(np.concatenate(found))
    return one_each(in_order, twice, round(beat.refresh_ns)), room


def one_each(at_ns: Times, twice: Bools, refresh_ns: int) -> Times:
    """Return the refreshes of rows of which none that differ have the same one: a row next to a refresh is put to the one beside it, where that has none.

    Args:
        at_ns: Of each row, in order.
        twice: Which rows show the reading of the row before.
        refresh_ns: How far refreshes are apart.
    """
    at: Times = at_ns.copy()
    half = refresh_ns // 2
    for k in (np.flatnonzero((np.diff(at) < half) & ~twice[1:]) + 1).tolist():
        if at[k] - at[k - 1] >= half:
            continue
        if k > 1 and (twice[k - 1] or at[k - 1] - at[k - 2] > refresh_ns + half):
            at[k - 1] = at[k - 2] if twice[k - 1] else at[k - 1] - refresh_ns
        elif k + 1 < at.size and (twice[k + 1] or at[k + 1] - at[k] > refresh_ns + half):
            at[k] += refresh_ns
    return at


def _near(interval_ns: float, rows: int) -> Floats:
    beside: Floats = interval_ns * (1 + np.arange(-_TRIED_BESIDE, _TRIED_BESIDE + 1) * _FINE / rows)
    return beside


def _best(times_ns: Times, twice: Bools, intervals_ns: Floats, of: int = 0) -> Beat | None:
    """Return the refreshes that explain best which rows repeat, or None where chance explains it as well.

    Args:
        intervals_ns: That are tried.
        of: How many these are the likeliest of; 0 of none but these.
    """
    gains = np.array([_gains(times_ns - times_ns[0], twice, one) for one in intervals_ns.tolist()])
    if gains.max() < math.log(max(of, intervals_ns.size) * _PLACES) + _CHANCE:
        return None
    # Of all that explain it as well, the middle one.
    alike = gains > gains.max() - _AS_WELL
    rows = np.flatnonzero(alike.any(axis=1))
    row = int(rows[rows.size // 2])
    places = np.flatnonzero(alike[row])
    best = int(gains[row].argmax())
    apart = np.sort((places - best + _PLACES // 2) % _PLACES - _PLACES // 2)
    of_place = float(intervals_ns[row]) / _PLACES
    first = float(times_ns[0]) + (best + 0.5 + (int(apart[0]) + int(apart[-1])) / 2) * of_place
    return Beat(float(intervals_ns[row]), first, (int(apart[-1] - apart[0]) + 1) * of_place)


def _gains(since_ns: Times, twice: Bools, interval_ns: float) -> Floats:
    """Return the logarithm of how much better than chance each place of refreshes so far apart explains which rows repeat."""
    t, step = since_ns[1:].astype(np.float64), np.diff(since_ns).astype(np.float64)
    equal = twice[1:]
    same = _without_refresh(t[equal], step[equal], interval_ns)
    other = _without_refresh(t[~equal], step[~equal], interval_ns)
    left = np.maximum(equal.size - same - other, 1.0)
    chance = np.clip((np.count_nonzero(equal) - same) / left, 0.5 / equal.size, 0.9)
    found: Floats = same * np.log((1 - _WRONG) / chance) + other * np.log(_WRONG / (1 - chance))
    return found


def _without_refresh(t: Floats, step: Floats, interval: float) -> Floats:
    """Return for each place of a refresh how many rows it does not lie between and the rows before them."""
    begin = np.ceil((t / interval % 1) * _PLACES).astype(np.int64)
    end = np.floor((t / interval % 1 + 1 - step / interval) * _PLACES).astype(np.int64)
    some = end > begin
    turns = np.bincount(begin[some], minlength=2 * _PLACES + 1) - np.bincount(
        end[some], minlength=2 * _PLACES + 1
    )
    held = np.cumsum(turns[: 2 * _PLACES])
    found: Floats = (held[:_PLACES] + held[_PLACES:]).astype(np.float64)
    return found
