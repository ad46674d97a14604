"""Whether the sampling resolves one event of a label, and how many more repeats would bring its mean to a wanted precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import (
    BEAT,
    BETWEEN,
    BEYOND,
    CROWDED,
    EQUAL,
    FEW,
    HELD,
    IN_STEP,
    LAG,
    LATE,
    LEAD,
    LOST,
    OFF_MARKS,
    PACE,
    PAUSES,
    RIPPLE,
    SOME,
    TAIL,
    UNSEEN,
)
from powermeter.analysis.quantiles import quantile
from powermeter.analysis.regular_or_random import REMEDIES, chosen_by
from powermeter.analysis.repeats_for_precision import IN_REACH, more_repeats
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.errors import plural
from powermeter.result import Result
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.signals.trace import Trace
from powermeter.units import format_duration, format_percent, format_quantity

WANTED_PRECISION = 0.05
"""Repeats are counted out for a mean known to ±5 %."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whether the sampling resolves one event of a label.

    Attributes:
        resolved: False where one event is too short for its sampling rate.
        samples: Median number of samples inside one event.
        repeats_needed: How many *more* events would bring the label's mean to `WANTED_PRECISION`, as
            far as repeats can; 0 where it is there; None where it is not known.
        text: One sentence for people; empty where all is well.
        length_s: Median length of an event, where `text` begins with it.
        outcome: The rest of that text, which labels of other lengths may share; empty where it does not begin so.
    """

    resolved: bool
    samples: float
    repeats_needed: int | None
    text: str
    length_s: float = 0.0
    outcome: str = ""


def verdict(
    energy: Windows, known: NDArray[np.int64], total: Result | None, covered: NDArray[np.int64]
) -> Resolution:
    """Return whether the sampling resolves one event, and how many more would settle the mean."""
    if total is None or not known.size:
        return Resolution(False, 0.0, None, _nothing_seen(energy, covered))
    trace = energy.integral.trace
    samples = quantile(energy.samples[known], 0.5)
    length = quantile(energy.seconds[known], 0.5)
    more = repeats_needed(energy, known, total)
    why = _why(energy, known)
    cause = _cause(trace, why, total) + _offset(energy, known) if why else ""
    if not is_short(trace, samples, length):
        return Resolution(True, samples, more, cause if why in _STATED_OF_LONG else "")
    text = f"a sample comes every {format_duration(energy.integral.pace_s)}: too short to resolve"
    relative = total.relative
    known_to = f"± {format_percent(relative)}" if relative and math.isfinite(relative) else "a bound"
    if why:
        text += f"; {cause}"
    elif more and more > IN_REACH * known.size:
        text += f"; it would take {plural(more, 'more repeat')} to bring the mean to ± 5 %: make each event longer, or sample faster"
    elif more:
        text += f"; {plural(more, 'more repeat brings', 'more repeats bring')} the mean to ± 5 %"
    elif known.size > 1:
        text += f" one by one; what the {known.size:,} used together is known to {known_to}"
    else:
        text += f"; what it used is known to {known_to}"
    return Resolution(False, samples, more, f"{lasts(length)} and {text}", length, text)


def remarked(
    energy: Windows, known: NDArray[np.int64], covered: NDArray[np.int64], total: Callable[[], Result]
) -> tuple[bool, str, float]:
    """Return whether `verdict` has a text, with its outcome and length; the total of some events is asked for where only that decides.

    Args:
        total: Returns what these events used.
    """
    if not energy.seconds[known].any():
        return bool(energy.seconds[covered].any()), "", 0.0
    samples, length = (quantile(column[known], 0.5) for column in (energy.samples, energy.seconds))
    if not is_short(energy.integral.trace, samples, length):
        return _why(energy, known) in _STATED_OF_LONG, "", 0.0
    found = verdict(energy, known, total(), covered)
    return bool(found.text), found.outcome, found.length_s


def is_one_by_one(energy: Windows, known: NDArray[np.int64]) -> bool:
    """Return whether each of these events has an energy of its own: it is the only one, or the sampling resolves one."""
    if known.size < 2:
        return True
    samples, length = (quantile(column[known], 0.5) for column in (energy.samples, energy.seconds))
    return not is_short(energy.integral.trace, samples, length)


def stated_of_long(why: str) -> bool:
    """Return whether what was found of a label is stated also where its events are long enough to be resolved."""
    return why in _STATED_OF_LONG


def is_short(trace: Trace, samples: Any, length_s: Any) -> Any:
    """Return whether an event of so many samples is too short to resolve, or which of several are."""
    window = trace.interval_ns * 1e-9 if trace.kind is not Kind.INSTANT else (trace.window_ns or 0) * 1e-9
    return (samples < 2) | (length_s < window)


def _why(energy: Windows, known: NDArray[np.int64]) -> str:
    return next((energy.groups[g].why for g in energy.group[known].tolist() if energy.groups[g].why), "")


def _offset(energy: Windows, known: NDArray[np.int64]) -> str:
    """Return by how much power is off its marks, and what that would add, where it is."""
    groups = (energy.groups[g] for g in np.unique(energy.group[known]).tolist())
    off = next((g for g in groups if g.why == OFF_MARKS), None)
    if off is None:
        return ""
    value = float(energy.value[known].sum())
    moves, way = (off.above_all, "more") if off.above_all >= off.below_all else (off.below_all, "less")
    more = f", {format_percent(moves / value)} {way} by the readings' clock" if value > 0 else ""
    side = "behind" if off.offset_s > 0 else "ahead of"
    return f" ({format_quantity(abs(off.offset_s), 's', 2)} {side} both marks{more})"


def lasts(shortest_s: float, longest_s: float | None = None) -> str:
    """Return `one event lasts 20 ms`, of several labels `one event lasts 20 ms to 90 ms`."""
    ends = dict.fromkeys(format_duration(s) for s in (shortest_s, longest_s or shortest_s))
    return f"one event lasts {' to '.join(ends)}"


_WHY = {
    UNSEEN: "no reading fell into any of them, so that only a bound is known: sample faster, or make each event longer",
    FEW: "so few readings fell into them that only a bound is known: measure more repeats, or sample faster",
    CROWDED: "their windows hold events of other labels too, more than can be distinguished: leave two windows between events, mark longer "
    "ones, or sample faster",
    EQUAL: "few readings fell into them, all alike, and what the load does between them may have been missed: the interval covers what it "
    "does elsewhere; sample faster, or measure for longer",
    BEAT: "readings keep step with them and always fall on the same part: sample at a rate that is not a multiple of the loop's",
    LOST: "a gap took about half of them or more, and none was read whole: repeat the run without the gap",
    PAUSES: "much of them lies in pauses of the log, and what decides when its rows come may be the load: the interval reaches from nothing drawn then to the "
    "highest reading all the time; log at an even rate",
    LAG: "readings lag behind the events' edges, as those of an instrument that smooths do: power that follows each event may be its "
    "own, which the interval covers; make each event longer, or use an instrument that does not smooth",
    LEAD: "readings rise ahead of the events and fall before they end, as those do whose stamps are early: power that comes ahead of each event may be "
    "its own, which the interval covers; align the clocks, or make each event longer",
    LATE: "some readings stamped behind their ends still show them, and some behind their starts do not yet, as those do whose stamps are late by chance: power that follows each event may be its own, which the interval covers; stamp each reading when it is taken, or make each event longer",
    OFF_MARKS: "power begins and ends beside their marks, by the same time, as it does where marks and readings come from two clocks; a load that starts late and has a tail looks the same, and the interval covers both: record the marks on the meter's clock, or align them with the readings",
    TAIL: "the readings cut by their ends hold more than those inside, or power falls only after them, and there are too few to show how much of it follows them: "
    "repeat them ten times or more, sample faster, or end the event where its power has fallen",
    SOME: "power stays up behind some of the events, not behind all: how much of it lies in the readings that their ends cut, nothing shows, and the interval covers that; "
    "sample faster, or end the event where its power has fallen",
    HELD: "each reading may be a snapshot or the mean since the one before: the interval covers both cases; make each event longer, or state which (`--as mean`)",
    BETWEEN: "no reading lies between two of them alone, and what is drawn there need not be what is drawn before the first and behind the last: the interval covers both; "
    "leave two readings' time between some of them, or sample faster",
    PACE: "the load affects how long the reader waits before it reads again, so that too few readings fell on their beginnings: the interval "
    "covers what that leaves out; read at a fixed rate",
    BEYOND: "what their edges and the readings show together is no energy that they can have used: the interval reaches from what readings inside of them hold to what all "
    "that touch them do; mark in finer steps than the readings come in, or make each event longer",
    RIPPLE: "power inside them changes slowly between two levels, or in slow teeth, whenever they begin: a fast ripple that readings nearly keep step with "
    "looks like that; sample at a rate that is not near a multiple of the ripple's",
    IN_STEP: "readings agree inside each and lie far apart between them, or follow how late they were taken: a loop whose period divides the time between readings looks "
    "like that, and so do jobs of different power, so that the interval covers the levels that were met; sample at a rate that is not near a multiple of the loop's",
}


_STATED_OF_LONG = (
    LOST,
    PAUSES,
    BEAT,
    RIPPLE,
    IN_STEP,
    LAG,
    LEAD,
    LATE,
    OFF_MARKS,
    EQUAL,
    HELD,
    TAIL,
    SOME,
    PACE,
    BETWEEN,
    FEW,
    BEYOND,
)
"""Why events of which one is resolved are known so poorly all the same."""

_STATED = {
    UNSEEN: "no reading fell into any of them, so that the interval is wide: sample faster, or make each event longer",
    FEW: "so few readings fell into them that the interval is wide: measure more repeats, or sample faster",
}
"""The same where a value is printed with its interval, not a bound."""


_BESIDE = "few readings fell into them, but most of the interval has another cause"
"""The same where something else does, whose remedy the headline names."""


def made_by_others(total: Result) -> bool:
    """Return whether most of an interval comes from what neither repeats nor faster sampling make smaller."""
    kinds = total.by_kind()
    sampled = sum(kinds.get(kind, 0.0) ** 2 for kind in ("noise", "edges", "unseen", "repeats"))
    return sampled < 0.5 * sum(size**2 for size in kinds.values())


def reason(trace: Trace, why: str) -> str:
    """Return why only a bound is known, and what to do; what varies moments depends on who chose them."""
    return f"{_WHY[why]}, {REMEDIES[chosen_by(trace)]}" if why in (BEAT, RIPPLE, IN_STEP) else _WHY[why]


def _cause(trace: Trace, why: str, total: Result) -> str:
    """Return why a label is known so poorly: as a bound, or with an interval."""
    if is_printed_as_bound(total):
        return reason(trace, why)
    return _BESIDE if why == FEW and made_by_others(total) else _STATED.get(why, reason(trace, why))


def _nothing_seen(energy: Windows, covered: NDArray[np.int64]) -> str:
    if not covered.size or not energy.seconds[covered].any():
        return ""
    length = quantile(energy.seconds[covered], 0.5)
    return (
        f"one event lasts {format_duration(length)} and a sample comes every {_pace(energy.integral.pace_s)}: no reading fell into any of them, and none elsewhere "
        "shows what they draw; sample faster, or make each event longer"
    )


@lru_cache(maxsize=8)
def _pace(seconds: float) -> str:
    return format_duration(seconds)


def repeats_needed(energy: Windows, known: NDArray[np.int64], total: Result) -> int | None:
    """Return how many more events would bring the label's mean to `WANTED_PRECISION`; None where repeats cannot.

    Only what is independent from event to event shrinks with their number.
    """
    groups = {int(g) for g in energy.group[known].tolist()}
    if any(energy.groups[g].why for g in groups) or not total.value or not known.size:
        return None
    own = sum(p * p for n, p in total.parts.items() if n.startswith(("noise:", "gaps:")))
    fixed = max(total.standard_uncertainty**2 - own, 0.0)
    freedom = min((energy.groups[g].freedom for g in groups), default=math.inf)
    return more_repeats(
        total.value, math.sqrt(own), math.sqrt(fixed), int(known.size), WANTED_PRECISION, max(freedom, 1.0)
    )
