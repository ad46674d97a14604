"""Power between short events, where no whole window of the meter lies between them.

What is drawn before the first event and behind the last is then all that windows show by itself, and a pipeline that waits need not draw
that between two frames.  How windows differ that hold more or less of the events shows it as a coefficient of least squares; where all hold
the same (a loop in step with the meter), nothing does.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.courses_inside import all_courses
from powermeter.analysis.event_estimate import BETWEEN, GroupEstimate
from powermeter.analysis.least_squares import seconds_inside
from powermeter.analysis.profiles import BETTER, Scene, fitted_profile, parts_inside
from powermeter.analysis.quantiles import median

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_SELDOM = 0.1
"""Of events, behind which a whole window lies before the next one: where more have one, those windows show what is drawn there."""
_FEWEST = 16  # windows that hold nothing but events and what lies between them
_IN_STEP = 4  # of the same, that show whether all hold as much of events
_LONG = 2.0  # windows: a longer pause is none between two events
_NOTHING = 1e-6  # of a window
_ALIKE = 0.03  # of the mean: standard deviation of what windows hold of events
_SURE = 2.0  # standard uncertainties
_WORTH = 0.005  # of the energy


def open_to_what_is_drawn_between(
    found: GroupEstimate, scene: Scene, ends: Indices, beside: Indices, error: float
) -> None:
    """Open the interval of short events to what they used if power between them is not what it is before and behind all of them.

    Args:
        found: What they used at the power of windows beside events; changed in place.
        ends: The windows that hold each event's end.
        beside: The whole windows beside events, sorted.
        error: Standard uncertainty of the mean event, J.
    """
    n = ends.size
    following = ends[ends < ends.max()] + 1  # behind the last, what is outside begins
    if not beside.size or not following.size or float(np.mean(np.isin(following, beside))) >= _SELDOM:
        return
    only, share = _hold_only_these(scene)
    windows = int(only.sum())
    if windows < _IN_STEP:
        return
    mean = float(found.value.mean())
    seconds = (scene.end_ns - scene.start_ns) * 1e-9
    if float(share[only].std()) < _ALIKE * float(share[only].mean()):
        other = float(np.average(scene.rates[only], weights=scene.tau[only])) * float(seconds.mean())
        low, high = min(other, mean), max(other, mean)
    elif windows < _FEWEST or found.alike:
        return  # least squares do not show it, or what follows events was found by the same least squares
    else:
        shown = _by_least_squares(replace(scene, blind=np.append(~only, True)))
        if shown is None:
            return
        used, u = shown
        if abs(used - mean) <= _SURE * math.hypot(u, error):
            return
        low, high = min(used - _SURE * u, mean), max(used + _SURE * u, mean)
    if high - low <= _WORTH * abs(mean):
        return
    weight = seconds / float(seconds.mean())
    found.why = BETWEEN
    found.below = np.maximum(found.below, (mean - low) * weight)
    found.above = np.maximum(found.above, (high - mean) * weight)
    found.below_all = max(found.below_all, (mean - low) * n)
    found.above_all = max(found.above_all, (high - mean) * n)


def _hold_only_these(scene: Scene) -> tuple[NDArray[np.bool_], Floats]:
    """Return which windows hold nothing but events and short pauses between them, and what share of each lies in events."""
    t, tau = scene.t, scene.tau
    inside = seconds_inside(t, scene.start_ns, scene.end_ns)
    pause = scene.start_ns[1:] - scene.end_ns[:-1]
    short = (pause > 0) & (pause < _LONG * median(tau[1:]) * 1e9)
    between = seconds_inside(t, scene.end_ns[:-1][short], scene.start_ns[1:][short])
    only = (inside > 0) & (inside + between >= (1 - _NOTHING) * tau) & ~scene.blind[: t.size]
    only[0] = False
    if scene.others is not None:
        only &= np.sum(scene.others.columns(t), axis=0) <= _NOTHING * tau
    return only, inside / tau


def _by_least_squares(scene: Scene) -> tuple[float, float] | None:
    """Return what such windows make of the mean event, J, and its standard uncertainty: what courses that fit about as well differ by included."""
    scene = replace(scene, others=None)
    width = median(scene.end_ns - scene.start_ns) / 4
    tried = [fitted_profile(scene, one, width, width, 0) for one in all_courses(parts_inside(scene))]
    fits = [one for one in tried if one is not None]
    if not fits:
        return None
    best = min(fits, key=lambda one: one.score)
    as_good = [one for one in fits if one.score < best.score + BETTER]
    apart = max(abs(one.used - best.used) for one in as_good)
    return best.used, math.hypot(max(one.used_u for one in as_good), apart)
