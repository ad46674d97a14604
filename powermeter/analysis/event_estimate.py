"""What a way to event energies hands over: values, uncertainties and what the data could not show."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.steady_wave import Wave

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

UNSEEN = "unseen"
"""No reading lies in any event of the label."""
FEW = "few"
"""Hardly any reading does: what scatter there is cannot be distinguished from what was never seen."""
BEAT = "beat"
"""The readings always fall on the same part of an event."""
LOST = "lost"
"""A gap took about half of an event or more, from one of its ends, and no other event was read whole."""
RIPPLE = "ripple"
"""Inside events power changes between two levels, slowly and whenever they begin: a fast ripple nearly in step looks like that."""
IN_STEP = "in-step"
"""Events stand at levels that lie far apart, or power inside follows how late readings are: a loop in step with the readings looks like that."""
EQUAL = "equal"
"""Few readings lie in the events, and all agree: they show no scatter."""

LAG = "lag"
"""What readings miss at the start of events follows their end: an instrument that lags, or a load that does."""

LEAD = "lead"
"""What readings miss at the end of events comes ahead of their start: stamps that are early, or a load that is."""

LATE = "late"
"""Some readings behind ends still show the events, and some behind starts do not yet: stamps that are late at random, or a load that is."""

OFF_MARKS = "off-marks"
"""Power begins and ends beside its marks, by the same time at both: two clocks that disagree, or a load that is late and has a tail."""

HELD = "held"
"""Readings stand for a refresh: whether each is a snapshot or the mean since the one before, nothing shows."""

TAIL = "tail"
"""Something follows few events: how much of it lies in the windows that their ends cut, nothing shows."""

SOME = "some"
"""Power stays up behind some of the events: how much of the windows that ends cut follows them, nothing shows."""

CROWDED = "crowded"
"""Events shorter than a window share theirs with more labels than windows can distinguish."""

BETWEEN = "between"
"""No window lies between events alone: whether as much is drawn there as before and behind all of them, they do not show."""

PACE = "pace"
"""The load decides how long its reader waits, and events begin with what a long wait leaves out."""

PAUSES = "pauses"
"""More than a quarter of the events lies in pauses between readings that are no sample of them."""

BEYOND = "beyond"
"""What was found lies outside of what the readings that touch the events hold."""


@dataclass(frozen=True, slots=True, eq=False)
class InHoles:
    """What events are taken to have used in holes; one item for each hole and event that touch, shape (m,).

    Attributes:
        hole: Which hole of the trace.
        event: Which event of the label.
        seconds: How long both last together.
        joules, variance: What was used then, and its variance in J².
    """

    hole: Indices
    event: Indices
    seconds: Floats
    joules: Floats
    variance: Floats


@dataclass(slots=True, eq=False)
class GroupEstimate:
    """The energies of one group's events; arrays of shape (n,).

    Attributes:
        value: J (C); NaN where nothing is known.
        own: Standard uncertainty of each, in J.
        gaps: What lay in holes, standard uncertainty in J.
        seen: Readings inside (means and counters: whole intervals inside).
        lean: Skewness of each one's error.
        below, above: By how much each may be lower or higher besides, in J.
        factor: The group's variance over the sum of its events' variances: events that share readings are not independent.
        freedom: Degrees of freedom behind it.
        lean_all: Skewness of the sum's error.
        below_all, above_all: Of the sum, in J.
        below_lost, above_lost: What of that lies in holes, J.
        level: Mean power inside, W; None where no reading shows it.
        quiet: Power beside the events, W.
        quiet_variance: Of a window beside events against the next one, and against `quiet`, W²; None where nothing shows it.
        beat: Variance of the sum that readings which nearly keep step with the load leave, J².
        ripple: Frequency that such a load shows inside events, Hz; 0 where none does.
        wave: The sine under everything that it was found to be, or None.
        in_holes: What lies in holes of it, where that was found hole by hole (means).
        why: A code of this module; empty where all is well.
        blind: Share of an event that no reading ever fell on (`BEAT`).
        tail: What follows an event, J, and its standard uncertainty; None where nothing was found to.
        alike: Whether least squares yield the mean event only, so that every event has the same energy.
        shared: Part name → signed standard uncertainty of each event that all of the group's share, and other recordings like this one, J.
        steady: Whether readings inside all agree, at regular moments far apart: a load in step with them would look the same.
        averages_s: Time constant over which the instrument averages exponentially, as edges show, s; 0 where they do not.
        offset_s: By how much power begins and ends behind its marks, where it does so at both (`OFF_MARKS`), s.
        marks_step_ns: In what steps marks are written, where the interval holds what those leave open already, ns; 0 where none are.
        levelled: Whether levels of all events divided what each shares with other labels: what is left of their differences is too small.
    """

    value: Floats
    own: Floats
    gaps: Floats
    seen: Indices
    lean: Floats
    below: Floats
    above: Floats
    factor: float = 1.0
    freedom: float = float("inf")
    lean_all: float = 0.0
    below_all: float = 0.0
    above_all: float = 0.0
    below_lost: float = 0.0
    above_lost: float = 0.0
    level: float | None = None
    quiet: float | None = None
    quiet_variance: tuple[float, float] | None = None
    beat: float = 0.0
    ripple: float = 0.0
    wave: Wave | None = None
    in_holes: InHoles | None = None
    why: str = ""
    blind: float = 0.0
    tail: tuple[float, float] | None = None
    alike: bool = False
    levelled: bool = False
    steady: bool = False
    averages_s: float = 0.0
    offset_s: float = 0.0
    marks_step_ns: int = 0
    shared: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def empty(cls, size: int) -> GroupEstimate:
        """Return an estimate in which nothing is known yet."""
        return cls(
            np.full(size, np.nan),
            np.zeros(size),
            np.zeros(size),
            np.zeros(size, np.int64),
            np.zeros(size),
            np.zeros(size),
            np.zeros(size),
        )

    @classmethod
    def of_one_event(cls) -> GroupEstimate:
        """Return an estimate of a label's single event, of which nothing is held here and no hole took anything."""
        return cls(_NOTHING, _NOTHING, _ZEROS[:1], _NO_COUNT, _NOTHING, _NOTHING, _NOTHING)

    def forget_events(self) -> None:
        """Drop what is known of single events, but for `gaps`: `Windows` holds it from here on."""
        self.gaps = zeros_held_once(self.gaps)
        self.value = self.own = self.lean = self.below = self.above = _NOTHING
        self.seen = _NO_COUNT
        self.shared = {}


_NOTHING, _NO_COUNT = np.empty(0), np.empty(0, np.int64)
_ZEROS = np.broadcast_to(np.zeros(1), sys.maxsize // 16)  # in bytes, half of what an address can count


def zeros_held_once(column: Floats) -> Floats:
    """Return a column; where it is 0 throughout, as one that takes no memory and cannot be written to."""
    return column if column.any() else _ZEROS[: column.size]


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """The events of one label, for what they show about the run: when, and what was found of them."""

    start_ns: Times
    end_ns: Times
    found: GroupEstimate
