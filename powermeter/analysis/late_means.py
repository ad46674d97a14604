"""Means and counters that show late, or early, what an instrument measured: what follows each event is then its own.

A tail of the load leaves the start of an event as sharp as it was.  An instrument that averages over more than its interval, that filters, or
whose stamps are late, misses at the start of an event what it shows behind its end.  So what events have used by a moment u behind their start is
held against an even share of what they show in all:

    y(u) = P u − S(u)        P: mean power shown inside, above what lies beside; S(u): the energy shown by then

which is 0 on average for a load that draws evenly, and above it all the way for whatever comes late.  A load that draws little at first
and has a tail looks the same: whether what follows is the events' is then not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LAG, LEAD, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.tails import Tail

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_LEAST = 6  # events with a window's end inside
_SURE = 2.0  # standard errors
_MISSING = 0.2  # of what follows, in the middle of events: where all of it comes late, 0.3 to 1
_OF_EVENT = 0.4  # of what events show themselves, which is the most that is missing in their middle
_DROPS = 0.7  # of the mean power inside: what comes late is as high behind ends as before them
_AS_MUCH = 0.7  # of what events show
_SHAPE = 0.05  # of what lies beside events: how well its shape leads to it
_APART = (5, 3, 1, 0)  # intervals between an event and the one before: as many as leave enough events


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What is missing of an even share of events' energies at the ends of the windows that lie inside them.

    Attributes:
        place: How far inside the event each lies, 0 to 1.
        lacks: J.
        event: Of which event.
    """

    place: Floats
    lacks: Floats
    event: Indices

    @property
    def events(self) -> int:
        """How many events have any."""
        return np.unique(self.event).size

    def in_the_middle(self) -> tuple[float, float]:
        """Return what is missing in the middle of events, J, and its standard error, from event to event."""
        shape = 4 * self.place * (1 - self.place)
        square = float(shape @ shape)
        if square <= 0:
            return 0.0, math.inf
        missing = float(shape @ self.lacks) / square
        left = np.bincount(self.event, shape * (self.lacks - missing * shape))
        n = self.events
        return missing, math.sqrt(float(left @ left) * n / max(n - 1, 1)) / square


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The energy that readings have shown by each of their stamps, and the events under them; or both turned round.

    Attributes:
        t, joules: Stamps in ns, and energy from the first reading on.
        hole: Intervals that nobody saw, by the reading at which each begins.
        start_ns, end_ns, before_ns: The events, and until when something may run ahead of each.
    """

    t: Times
    joules: Floats
    hole: Indices
    start_ns: Times
    end_ns: Times
    before_ns: Times

    @classmethod
    def of(cls, integral: Integral, start_ns: Times, end_ns: Times, before_ns: Times) -> Shown:
        """Return what an integral shows of events, sorted by start."""
        return cls(integral.trace.times_ns, integral.running, integral.hole, start_ns, end_ns, before_ns)

    @classmethod
    def turned_round(cls, integral: Integral, start_ns: Times, end_ns: Times, after_ns: Times) -> Shown:
        """Return the same when time runs backwards.

        Args:
            after_ns: From when on something may run behind each event.
        """
        t, running = integral.trace.times_ns, integral.running
        return cls(
            -t[::-1],
            running[-1] - running[::-1],
            t.size - 2 - integral.hole,
            -end_ns[::-1],
            -start_ns[::-1],
            -after_ns[::-1],
        )

    def course(self, quiet: float, power: float) -> Course | None:
        """Return the course of events that begin as far behind what runs before them as enough of them do, or None.

        Args:
            quiet, power: Beside events, and shown inside of them above that, W.
        """
        usual = int(np.median(np.diff(self.t)))
        for apart in _APART:
            course = self._course(self.before_ns + apart * usual, quiet, power)
            if course.events >= _LEAST:
                return course
        return None

    def _course(self, before_ns: Times, quiet: float, power: float) -> Course:
        t, joules, start_ns = self.t, self.joules, self.start_ns
        first = np.searchsorted(t, start_ns, side="right")
        inside = np.searchsorted(t, self.end_ns, side="left") - first
        use = (first >= 1) & (inside > 0) & (t[np.maximum(first - 1, 0)] >= before_ns)
        use &= ~np.isin(first - 1, self.hole)
        event = np.repeat(np.flatnonzero(use), inside[use])
        a = first[event]
        at = a + np.arange(event.size) - np.repeat(np.cumsum(inside[use]) - inside[use], inside[use])
        shown = joules[at] - joules[a - 1] - quiet * (t[at] - t[a - 1]) * 1e-9
        since = (t[at] - start_ns[event]) * 1e-9
        return Course(since / ((self.end_ns - start_ns)[event] * 1e-9), power * since - shown, event)


def shown_late(
    integral: Integral,
    events: tuple[Times, Times, Times, Times],
    found: GroupEstimate,
    tail: Tail | None,
    head: Tail | None,
) -> GroupEstimate:
    """Return an estimate whose interval reaches up to what follows the events, or comes ahead of them, where it may be theirs.

    Args:
        events: Their starts and ends, when the last event (of any label) before each has ended, and when the next one begins.
        found: Without what follows or comes ahead.
        tail, head: What follows the events, and what comes ahead of them (turned round), where windows showed it.
    """
    start_ns, end_ns, before_ns, after_ns = events
    seconds = (end_ns - start_ns) * 1e-9
    if found.why or found.quiet is None or (found.tail is None and head is None):
        return found
    joules = float(np.mean(found.value - found.quiet * seconds))
    power = joules / float(seconds.mean())
    if joules <= 0:
        return found
    t = integral.trace.times_ns
    if found.tail is not None and found.tail[0] > 0:
        follows, error = found.tail
        cut_s = (t[np.minimum(np.searchsorted(t, end_ns, side="left"), t.size - 1)] - end_ns) * 1e-9
        # Of a tail larger than the event, too little lies in the window that the end cuts.
        drops = not found.alike and follows < joules and _drops(tail, cut_s, power)
        shown = Shown.of(integral, start_ns, end_ns, before_ns)
        if not drops and may_be_theirs(shown.course(found.quiet, power), follows, joules):
            found.tail = None
            return _opened(found, LAG, (follows, error), seconds)
    if head is not None and head.joules > 0:
        cut_s = (start_ns - t[np.maximum(np.searchsorted(t, start_ns, side="right") - 1, 0)]) * 1e-9
        shown = Shown.turned_round(integral, start_ns, end_ns, after_ns)
        if not _drops(head, cut_s[::-1], power) and may_be_theirs(
            shown.course(found.quiet, power), head.joules, joules
        ):
            return _opened(found, LEAD, (head.joules, head.error), seconds)
    return found


def opened(found: GroupEstimate, why: str, most: float, each: Floats) -> GroupEstimate:
    """Return an estimate whose interval reaches up by so many joules an event, in the mean and of each one."""
    found.why = why
    found.above = found.above + each
    found.above_all += most * found.value.size
    return found


def _opened(found: GroupEstimate, why: str, beside: tuple[float, float], seconds: Floats) -> GroupEstimate:
    """Return an estimate that reaches up to what lies beside events, J, and its standard uncertainty.

    Of an instrument that averages over longer than events last, more of long ones comes late, by less than their length.
    """
    most = beside[0] * (1 + _SHAPE) + 2 * beside[1]
    return opened(found, why, most, most * np.sqrt(np.maximum(seconds / float(seconds.mean()), 1.0)))


def may_be_theirs(course: Course | None, beside: float, joules: float) -> bool:
    """Return whether so much is missing in the middle of events that what lies beside them, J, may be theirs.

    Where that is about as much as the events show themselves, it is believed to be none of theirs only where they are seen to begin sharply.

    Args:
        course: Of the events; None where too few show any.
        joules: Of the mean event, above what lies beside.
    """
    if course is None:
        return False
    missing, error = course.in_the_middle()
    enough = _MISSING * min(beside, _OF_EVENT * joules)
    if beside > _AS_MUCH * joules:
        return missing + _SURE * error > enough
    return missing > max(_SURE * error, enough)


def _drops(tail: Tail | None, cut_s: Floats, power: float) -> bool:
    """Return whether power drops at once to that of a tail, which what comes late does not.

    One that is over within a window of the end does not show how high it began.

    Args:
        cut_s: From each end to the end of the window that it cuts.
    """
    near = cut_s <= np.median(cut_s)
    if tail is None or tail.windows <= 1 or not float(cut_s[near].sum()):
        return False
    return float(tail.first[near].sum()) < _DROPS * power * float(cut_s[near].sum())
