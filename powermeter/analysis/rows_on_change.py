"""Logs that write a row at once when power changes, and else wait: a smart plug with its heartbeat, or one with a dead band.

A value stands until the next row there.  The straight line of instants would let power rise all through a wait that its rise has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]

_LEAST = 30  # readings
_LOOKED = 1 << 18
_ENDED, _FEW_ENDED = 5, 3  # waits that a change ended; the same among many heartbeats
_MOSTLY, _SOME = 0.5, 0.25  # of the waits with a change behind one without, that are shorter; the same
_WHOLE = 0.9  # of a heartbeat
_LONG = 1.5  # times the quick rows' interval
_CLEAR = 0.05  # of the largest change
_QUICK = 10  # percentile of the intervals
_HEARTBEATS = 0.9  # of the waits without a change behind one as long
_AS_A_CLOCK = 20  # of them
_NEAR = 0.1  # of a heartbeat
_EVEN, _USUAL = 0.6, 0.2
_CLOSE = 3.0  # times the least change
_MANY_CLOSE = 8  # changes
_CODES = 2.5
_LONGEST = 1.1  # heartbeats
_FEW_TURNS = 8  # events with a second row
_FREE = 3.0  # of events times their phases' resultant length squared, which chance exceeds in one of twenty
_AT_NEXT = 0.75  # of the starts, that a row follows within a look
_RARE = 0.001  # chance
_PARTS = 20  # looks in the quick rows' interval, at most
_ALL, _OFF, _DRIFTS = 0.95, 0.1, 0.003  # of the waits; looks by which they may be off; the same for each look
_RARELY = 2  # looks in the mean wait
_REACH = 1.25  # times what a change at either end of a wait leaves, where all are at the same


@dataclass(frozen=True, slots=True, eq=False)
class OnChange:
    """What rows that were written on change leave, of each interval between two.

    Attributes:
        moved: What a value that stood until the next row, but for the logger's own interval, held more than the straight line, J (C).
        variance: Of the sum of all, J²: of what the load does between two rows that come quickly, and where in a logger's interval it changed.
        doubt: By how much a wait may hold less, or more, over which power changed that way which ends none, J (C).
        band: By how much power may be off the row it had last all the time, W (A); 0 where rows come without a change as well.
        longest_ns: The longest interval that is still one of the logger's own.
    """

    moved: Floats
    variance: Floats
    doubt: Floats
    band: float
    longest_ns: float

    def over(self, first: int, last: int, seconds: float) -> tuple[float, float, float]:
        """Return what the sum of the intervals from reading `first` to `last` moves by, its variance, and how far it is open either way."""
        part = slice(first, last)
        return (
            float(self.moved[part].sum()),
            float(self.variance[part].sum()),
            float(self.doubt[part].sum()) + self.band * seconds,
        )


def rows_on_change(trace: Trace) -> OnChange | None:
    """Return what rows that come at once on a change leave, or None where the readings do not show that they do."""
    if "on_change" not in trace.looked_for:
        trace.looked_for["on_change"] = _found(trace)
    found = trace.looked_for["on_change"]
    return found if isinstance(found, OnChange) else None


def timer_runs_free(trace: Trace, start_ns: Indices, before: Indices, inside: Indices) -> bool:
    """Return whether rows on change meet events everywhere, although the first one in each lies at one place: those behind it come at any place of a wait.

    Args:
        before: The first reading inside each event.
        inside: How many lie in each.
    """
    if comes_at_the_next_look(trace, start_ns, before):
        return True
    standing = rows_on_change(trace)
    two = np.flatnonzero(inside >= 2)
    if standing is None or not np.isfinite(standing.longest_ns) or two.size < _FEW_TURNS:
        return False
    turns = (trace.times_ns[before[two] + 1] - start_ns[two]) * (_LONGEST / standing.longest_ns)
    together = float(np.abs(np.exp(2j * np.pi * turns).mean()))
    return two.size * together**2 < _FREE


def comes_at_the_next_look(trace: Trace, start_ns: Indices, before: Indices) -> bool:
    """Return whether a row follows each start at the next of a device's own looks, though rows come more rarely: power has changed, and it comes for that.

    Rows that come because a job begins are on no grid of their own, or always at one place behind the start.

    Args:
        before: How many readings lie at or before each start.
    """
    follows = before < len(trace)
    if trace.kind is not Kind.INSTANT or np.count_nonzero(follows) < _FEW_TURNS:
        return False
    look = look_of(trace)
    if look is None:
        return False
    ahead = (trace.times_ns[before[follows]] - start_ns[follows]) * 1e-9 / look
    near = ahead <= _LONGEST
    chance = min(look * (len(trace) - 1) / (float(trace.times_ns[-1] - trace.times_ns[0]) * 1e-9), 1.0)
    if float(near.mean()) < _AT_NEXT or chance ** np.count_nonzero(near) * 2.0**near.size > _RARE:
        return False
    together = float(np.abs(np.exp(2j * np.pi * ahead[near]).mean()))
    return bool(np.count_nonzero(near) * together**2 < -np.log(_RARE))


def look_of(trace: Trace) -> float | None:
    """Return the interval, s, of which all waits between rows are whole multiples, two on average or more; None where there is none, or stamps are written in such."""
    times = trace.times_ns[:_LOOKED]
    if times.size < _LEAST:
        return None
    steps, written = np.diff(times) * 1e-9, int(np.gcd.reduce(times)) * 1e-9
    quick = float(np.percentile(steps, _QUICK, method="lower"))
    if quick <= 0.0:  # rows of one moment are of no look each
        return None
    for part in range(1, _PARTS + 1):
        look = quick / part
        turns = steps / look
        whole = np.rint(turns)
        fits = np.abs(turns - whole) <= np.minimum(_OFF + _DRIFTS * whole, 2 * _OFF)
        if float(fits.mean()) >= _ALL:
            return (
                look
                if written * 2 < look and float(np.mean(whole)) >= _RARELY and np.unique(whole).size > 2
                else None
            )
    return None


def _found(trace: Trace) -> OnChange | None:
    if trace.kind is not Kind.INSTANT or trace.kept is not None or not _LEAST <= len(trace) <= _LOOKED:
        return None
    if trace.sampling == "dithered":
        return None
    steps, changes = np.diff(trace.times_ns) * 1e-9, np.diff(trace.values)
    changed = np.abs(changes) > _CLEAR * float(np.abs(changes).max(initial=0.0))
    if not changed.any():
        return None
    quick = look_of(trace) or _quick(steps, changed)
    waits = steps > _LONG * quick
    clear = waits & changed
    if (beat := _heartbeat(steps, waits & ~changed)) is not None:
        whole = np.concatenate([[False], steps[:-1] >= _WHOLE * beat[0]])
        # Behind a whole wait without a change, one that its reader timed is whole as well.
        at_rest = whole & np.concatenate([[False], ~changed[:-1]])
        short = steps < _WHOLE * beat[0]
        still = short[at_rest & ~changed]
        timed = np.count_nonzero(still) > (1 - _HEARTBEATS) * still.size
        ways = [
            way
            for way in (changes > 0, changes < 0)
            if _ended(steps, clear & way, whole, beat)
            or (not timed and _ended(steps, changed & way, at_rest, beat))
        ]
        if not ways:
            return None
        ended = clear & np.any(ways, axis=0)
        if np.count_nonzero(short & ~changed) <= (1 - _HEARTBEATS) * np.count_nonzero(~changed):
            ended |= clear & short  # each row starts the wait anew, so that nothing else ends one early
        return _standing(changes, steps, quick, (ended, clear & ~ended), (0.0, _LONGEST * 1e9 * beat[0]))
    band = _band(trace, steps, np.abs(changes))
    if band is None:
        return None
    return _standing(changes, steps, quick, (waits, np.zeros(waits.size, bool)), (band, np.inf))


def _quick(steps: Floats, changed: Mask) -> float:
    """Return the shortest interval that is usual, s; of rows that hardly come twice at the same one, the shortest with a change."""
    usual = float(np.percentile(steps, _QUICK))
    near = float(np.mean(np.abs(steps - usual) <= _USUAL * usual))
    return usual if near >= _QUICK / 100 else min(usual, float(steps[changed].min()))


def _standing(
    changes: Floats, steps: Floats, quick: float, waits: tuple[Mask, Mask], of_all: tuple[float, float]
) -> OnChange:
    """Return what rows on change leave.

    Args:
        waits: Those that a change ended; those over which power changed the other way.
        of_all: `band` and `longest_ns`.
    """
    ended, open_ = waits
    moved = np.where(ended, -changes * (steps - quick) / 2, 0.0)
    doubt = np.where(open_, np.abs(changes) * steps * _REACH / 2, 0.0)
    read = np.where(ended, (changes * quick) ** 2 / 12, np.where(open_, 0.0, (changes * steps) ** 2 / 2))
    return OnChange(moved, read, doubt, *of_all)


def _heartbeat(steps: Floats, quiet: Mask) -> tuple[float, int] | None:
    """Return the wait after which a row comes without a change, s, and how many waits behind one as long were as long again; None where few were."""
    if np.count_nonzero(quiet) < _ENDED:
        return None
    beat = float(np.percentile(steps[quiet], 90))
    again = steps[1:][quiet[1:] & (steps[:-1] >= _WHOLE * beat)]
    whole = int(np.count_nonzero(np.abs(again - beat) <= _NEAR * beat))
    return (beat, whole) if whole >= max(_ENDED, _HEARTBEATS * again.size) else None


def _ended(steps: Floats, mine: Mask, behind: Mask, beat: tuple[float, int]) -> bool:
    """Return whether waits with a change that follow a whole one are cut short: a reader that times its waits does not know of what comes."""
    longest, whole = beat
    fewest, part = (_FEW_ENDED, _SOME) if whole >= _AS_A_CLOCK else (_ENDED, _MOSTLY)
    ended = steps[mine & behind]
    return bool(np.count_nonzero(ended <= _WHOLE * longest) >= max(fewest, part * ended.size))


def _band(trace: Trace, steps: Floats, sizes: Floats) -> float | None:
    """Return the least change of rows at uneven times, W, where many are hardly larger and none is smaller; otherwise None."""
    usual = float(np.median(steps))
    if float(np.mean(np.abs(steps - usual) <= _USUAL * usual)) >= _EVEN:
        return None
    sizes = sizes[:-1]  # the last row may come because the log ends
    least = float(sizes.min())
    code = float(np.diff(np.unique(trace.values)).min(initial=np.inf))
    if not least > _CODES * code or np.count_nonzero(sizes <= _CLOSE * least) < _MANY_CLOSE:
        return None
    return least
