"""What short events draw over time, and what follows them, seen by a meter that averages over longer.

No reading resolves such an event, but where its windows cut many of them at different places, least squares show what is drawn
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

from powermeter.analysis.courses_inside import ByShare, Course, all_courses
from powermeter.analysis.event_estimate import TAIL, GroupEstimate
from powermeter.analysis.least_squares import fit, seconds_inside
from powermeter.analysis.other_labels import Others
from powermeter.analysis.quantiles import median
from powermeter.analysis.uncertainty import BY_EDGES

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LEAST_EVENTS = 30
_LEAST_REGRESSED = 8
_AS_GOOD = 1.5
_WIDER = (1.0, 1.2, 1.4)
"""Times the first part behind an event: ways to cut what follows it."""
_PARTS_INSIDE = 4
_PARTS_AFTER = 5
_PARTS_FURTHER = 7
_WORTH_A_LOOK = 1.3
_GONE = 0.01
_STILL = 0.1
MOST_WINDOWS = 200_000
_SIGNIFICANT = 4.0
_WORTH = 0.02
_CUT_FOR_A_PART = 6
_MODEL = 0.03  # of the tail: what steps leave of a shape that they do not follow
_MOVED = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the time between rows that repeat a reading
BETTER = 30.0
"""Of n ln(rest²), by which one explanation of the windows excludes another."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What an event draws above idle, and what follows it.

    Attributes:
        idle: W.
        above, above_u: J of the mean event above idle, and its standard uncertainty.
        tail, tail_u: J that follow an event.
        freedom: Degrees of freedom.
        rest: Standard deviation of what a window holds besides, J.
        model_u: What the steps leave of `above`, which other recordings' steps leave too, J.
        used, used_u: J of the mean event with the idle power that goes on in it, and its standard uncertainty.
        score: n ln(rest²) and two for each column (Akaike): the lower, the better it explains the windows.
        doubted: Whether events that nothing follows explain the windows about as well.
    """

    idle: float
    above: float
    above_u: float
    tail: float
    tail_u: float
    freedom: float
    rest: float = 0.0
    model_u: float = 0.0
    used: float = 0.0
    used_u: float = 0.0
    score: float = 0.0
    doubted: bool = False

    @property
    def loss(self) -> float:
        """What a window left out would be off by, squared, but for a factor (generalised cross-validation)."""
        return (self.rest / self.freedom) ** 2


@dataclass(frozen=True, slots=True)
class Regressed:
    """What least squares over all windows make of the mean event, where hardly any window lies beside events.

    Attributes:
        used, used_u: J of the mean event, idle power included, and its standard uncertainty.
        unlike: Variance of what the windows hold besides, W².
        freedom: Degrees of freedom.
    """

    used: float
    used_u: float
    unlike: float
    freedom: float


def after_effects(
    rates: Floats,
    tau: Floats,
    start_ns: Times,
    end_ns: Times,
    t: Times,
    blind: NDArray[np.bool_],
    others: Others | None = None,
    row_ns: float = 0.0,
) -> Profile | None:
    """Return the profile of short events that something follows; None where nothing does, or windows cannot show it.

    Args:
        rates, tau: Of each window that ends at `t`, W and s.
        start_ns, end_ns: The events of one label, sorted by start.
        blind: The windows that nobody saw.
        others: The events of other labels: where one of them runs, nothing is a tail.
        row_ns: How late each may be shown: the time between rows that repeat a reading until the next; 0 where none does.
    """
    scene = Scene(rates, tau, start_ns, end_ns, t, blind, others)
    how = _cuts(scene) if start_ns.size >= _LEAST_EVENTS else None
    if how is None:
        return None
    inside, first, reach = how
    courses = all_courses(inside)
    fitted = [(one, fitted_profile(scene, one, first, reach)) for one in courses]
    sure = [(course, profile) for course, profile in fitted if profile is not None]
    if fitted[0][1] is None:
        return None  # of the others, events of one length do not distinguish all
    course, best = min(sure, key=lambda s: s[1].score)
    parts, reach, goes_on = _as_far_as_it_goes(scene, course, first, reach)
    others_as_good = [c for c, profile in sure if c is not course and profile.score < best.score + BETTER]
    found = _settled(scene, (course, *others_as_good), first, reach, parts)
    if found is None or _only_late(scene, courses, (first, reach, parts), found.score, row_ns):
        return None
    alone = [fitted_profile(scene, one, first, reach, 0) for one in courses]
    doubted = any(one is not None and one.score < found.score + BETTER for one in alone)
    return replace(found, tail_u=math.hypot(found.tail_u, goes_on), doubted=doubted)


def _only_late(
    scene: Scene, courses: tuple[Course, ...], tail: tuple[float, float, int], score: float, row_ns: float
) -> bool:
    """Return whether events that nothing follows, moved by less than the time between rows, explain windows clearly better than a tail does, and as well as both.

    A refresh is seen in the first row behind it: readings show behind an event what they lack at its start, which no tail does.

    Args:
        tail: The first part behind events in s, how far they reach in s, and their number.
        score: Of the profile with the tail.
        row_ns: The time between rows that repeat a reading; 0 where none does.
    """
    first, reach, parts = tail
    for share in _MOVED:
        late = np.int64(share * row_ns)
        if not late:
            continue
        moved = replace(scene, start_ns=scene.start_ns + late, end_ns=scene.end_ns + late)
        for course in courses:
            alone = fitted_profile(moved, course, first, 0.0, 0)
            if alone is None or alone.score >= score - BETTER:
                continue
            both = fitted_profile(moved, course, first, reach, parts)
            if both is None or both.score >= alone.score - BETTER:
                return True
    return False


def _settled(
    scene: Scene, courses: tuple[Course, ...], first: float, reach: float, parts: int
) -> Profile | None:
    """Return the profile with parts that reach so far, None where it depends on the cuts too much or nothing stands out.

    Args:
        courses: The one that explains the windows best, and those that do about as well.
    """
    course = courses[0]
    found = [fitted_profile(scene, course, first * wider, reach, parts) for wider in _WIDER]
    more = [ByShare(course.parts + 1, course.alike)] if isinstance(course, ByShare) else []
    found += [fitted_profile(scene, one, first, reach, parts) for one in (*more, *courses[1:])]
    sure = [one for one in found if one is not None]
    if len(sure) < len(found):
        return None
    # What depends on where the parts are cut, or on what is taken to change inside, is not known.
    one = sure[0]
    apart = max(max(abs(one.above - other.above) for other in sure), _MODEL * abs(one.tail))
    tail_u = math.hypot(one.tail_u, max(abs(one.tail - other.tail) for other in sure))
    if abs(one.tail) < _SIGNIFICANT * tail_u or abs(one.tail) < _WORTH * abs(one.above):
        return None
    return replace(one, model_u=apart, tail_u=tail_u)


def _as_far_as_it_goes(scene: Scene, inside: Course, first: float, reach: float) -> tuple[int, float, float]:
    """Return into how many parts what follows is cut, how far they reach, ns, and what the last doubling of that added to it, J.

    What dies slowly goes on behind them and passes for idle power there: they reach twice as far each time for as long as
    that adds to it, up to half the usual pause; where it does not end in that, they stay where they are.
    """
    room = _usual_pause(scene, np.int64(4 * reach)) / 2
    nearest, parts, goes_on = reach, _PARTS_AFTER, 0.0
    one = fitted_profile(scene, inside, first, reach)
    while one is not None and min(2 * reach, room) > _WORTH_A_LOOK * reach:
        further = min(2 * reach, room)
        longer = fitted_profile(scene, inside, first, further, _PARTS_FURTHER)
        if longer is None:
            break
        added = abs(longer.tail - one.tail)
        ended = added <= max(2 * longer.tail_u, _GONE * abs(one.tail))
        goes_on = added if parts == _PARTS_FURTHER or not ended else 0.0
        if ended:
            break
        parts, reach, one = _PARTS_FURTHER, further, longer
    if one is not None and goes_on > _STILL * abs(one.tail):
        return _PARTS_AFTER, nearest, 0.0
    return parts, reach, goes_on


def take_tail_out(found: GroupEstimate, profile: Profile, seconds: Floats) -> None:
    """Take what follows the events out of their energies; where it may be theirs, let the interval reach to what is left."""
    n = seconds.size
    each = profile.above * seconds / max(float(seconds.mean()), 1e-30) + profile.idle * seconds
    if profile.doubted:
        found.why = TAIL
        less = found.value - each
        found.below, found.above = found.below + np.maximum(less, 0.0), found.above + np.maximum(-less, 0.0)
        found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
        return
    found.own = np.full(n, math.hypot(profile.above_u, profile.rest))
    found.value = each
    found.tail, found.alike = (profile.tail, profile.tail_u), True
    doubt = profile.above_u
    found.factor = (n * doubt) ** 2 / max(float(np.sum(found.own**2)), 1e-300)
    found.freedom = profile.freedom
    found.shared[BY_EDGES] = np.full(n, profile.model_u)


def regressed(scene: Scene) -> Regressed | None:
    """Return what all windows make of the mean event, what follows it left out; None where they cannot show it.

    The number of parts inside is the one that predicts windows best; what numbers that predict them about as well, and other
    cuts behind the events, make of it differently is not known.
    """
    how = _cuts(scene) if scene.start_ns.size >= _LEAST_REGRESSED else None
    if how is None:
        return None
    inside, first, reach = how
    courses = [*(ByShare(parts) for parts in range(1, _PARTS_INSIDE + 1)), *all_courses(inside)[1:]]
    by_course = [(fitted_profile(scene, course, first, reach), course) for course in courses]
    fitted = [(one, course) for one, course in by_course if one is not None]
    if not fitted:
        return None
    one, course = min(fitted, key=lambda f: f[0].loss)
    wider = [fitted_profile(scene, course, first * w, reach) for w in _WIDER[1:]]
    sure = [f for f, _ in fitted if f.loss < _AS_GOOD * one.loss] + [f for f in wider if f is not None]
    window = median(scene.tau[1:])
    return Regressed(
        one.used,
        math.hypot(max(f.used_u for f in sure), max(abs(one.used - f.used) for f in sure)),
        (one.rest / window) ** 2,
        one.freedom,
    )


def _cuts(scene: Scene) -> tuple[int, float, float] | None:
    """Return how many parts inside windows distinguish, how long the first behind an event is and how far they reach, ns."""
    if scene.t.size > MOST_WINDOWS:
        return None
    length = median(scene.end_ns - scene.start_ns)
    window = median(scene.tau[1:]) * 1e9
    if length > window:
        return None
    reach = min(_usual_pause(scene, np.int64(10 * window)), 3 * window)
    if reach < length / 4:
        return None
    return parts_inside(scene), max(min(length, window / 6), window / 16), reach


def parts_inside(scene: Scene) -> int:
    """Return how many parts of an event its windows distinguish.

    Those of a twentieth of a window, where enough of them end inside events; what an event draws in one half and not in the other must
    not pass for what follows it.
    """
    length, window = median(scene.end_ns - scene.start_ns), median(scene.tau[1:]) * 1e9
    cut = scene.start_ns.size * length / window
    return int(np.clip(min(20 * length / window, cut / _CUT_FOR_A_PART), 1, _PARTS_INSIDE))


def _usual_pause(scene: Scene, last: np.int64) -> float:
    """Return how long all but a quarter of the pauses behind events last at most, ns; the last one is taken to last so long."""
    following = _following(scene.start_ns, scene.end_ns, scene.others, last)
    return float(np.percentile(np.maximum(following - scene.end_ns, 0), 75))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a profile is fitted to.

    Attributes:
        rates, tau: Of the intervals between readings at `t`: W and s.
        start_ns, end_ns: Of the events.
        t: Of the readings, in ns.
        blind: Intervals that hold a gap.
        others: What other labels' events do meanwhile, or None.
    """

    rates: Floats
    tau: Floats
    start_ns: Times
    end_ns: Times
    t: Times
    blind: NDArray[np.bool_]
    others: Others | None


def fitted_profile(
    scene: Scene, course: Course, width: float, reach: float, parts: int = _PARTS_AFTER
) -> Profile | None:
    """Return the profile of events that take a course inside, with so many parts behind them; None where windows do not show it."""
    rates, tau, t = scene.rates, scene.tau, scene.t
    start_ns, end_ns, others = scene.start_ns, scene.end_ns, scene.others
    inside, lengths = course.columns(t, start_ns, end_ns, width)
    following = _following(start_ns, end_ns, others, np.int64(4 * reach))
    edges = [end_ns]
    far = 0.0
    for _ in range(parts):
        if far >= reach:
            break
        far = min(far + width, reach)
        width *= 2
        edges.append(np.minimum(end_ns + np.int64(far), following))
    after = [seconds_inside(t, a, b) for a, b in itertools.pairwise(edges)]
    beside = [] if others is None else others.columns(t)
    x = np.column_stack([tau, *inside, *after, *beside])[1:]
    y = (rates * tau)[1:]
    good = ~scene.blind[1 : t.size]
    x, y = x[good], y[good]
    if y.size < 4 * x.shape[1]:
        return None
    beta, covariance, rest = fit(x, y)
    if beta is None:
        return None
    weight_in = np.zeros(x.shape[1])
    weight_in[1 : 1 + len(lengths)] = lengths
    weight_after = np.zeros(x.shape[1])
    behind = [float(np.mean(b - a)) * 1e-9 for a, b in itertools.pairwise(edges)]
    weight_after[1 + len(lengths) : 1 + len(lengths) + len(behind)] = behind
    above, tail = float(weight_in @ beta), float(weight_after @ beta)
    above_u = math.sqrt(max(float(weight_in @ covariance @ weight_in), 0.0))
    tail_u = math.sqrt(max(float(weight_after @ covariance @ weight_after), 0.0))
    weight_in[0] = float(np.mean(end_ns - start_ns)) * 1e-9
    used_u = math.sqrt(max(float(weight_in @ covariance @ weight_in), 0.0))
    freedom = float(y.size - x.shape[1])
    return Profile(
        float(beta[0]),
        above,
        above_u,
        tail,
        tail_u,
        freedom,
        rest,
        used=float(weight_in @ beta),
        used_u=used_u,
        score=2.0 * (y.size * math.log(max(rest, 1e-300)) + x.shape[1]),
    )


def _following(start_ns: Times, end_ns: Times, others: Others | None, longest: np.int64) -> Times:
    """Return the latest end of what may follow each event: where the next event begins, be it of another label."""
    following: Times = np.concatenate([start_ns[1:], [end_ns[-1] + longest]])
    return following if others is None else np.minimum(following, others.next_start(end_ns, following))
