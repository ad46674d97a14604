"""Labels whose events no reading fell into, bounded all at once: a recording of thousands of names holds thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.bounds import beside, most_of_unseen
from powermeter.analysis.event_estimate import UNSEEN, GroupEstimate, zeros_held_once
from powermeter.analysis.integral import Integral
from powermeter.analysis.quantiles import median
from powermeter.analysis.readings_inside import ReadingsInside

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_KEPT_OUT = 8.0
"""Readings that were to be expected in a label's events: where none fell into any, they keep step, and what was seen elsewhere limits nothing."""

_NONE, _NO_INDEX = np.empty(0), np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class UnseenLabels:
    """What the labels that no reading shows have used.

    Attributes:
        of_label: What was found of each, without what is known of its single events.
        index: Positions of all their events.
        value, below, above: Of these events, J (C), and by how much each may be lower or higher; NaN and 0 where nothing is known.
    """

    of_label: dict[int, GroupEstimate]
    index: Indices
    value: Floats
    below: Floats
    above: Floats

    @classmethod
    def of(
        cls, integral: Integral, inside: ReadingsInside, seconds: Floats, members: Sequence[Indices]
    ) -> UnseenLabels:
        """Return them; labels with a reading or a hole in any event are none.

        Args:
            inside: The readings inside all events.
            seconds: How long each lasts.
            members: The positions of each label's events that last.
        """
        seen = (inside.upto > inside.before) | (inside.gap_s != 0)
        labels = [g for g, mine in enumerate(members) if mine.size and not seen[mine].any()]
        index = np.concatenate([members[g] for g in labels]) if labels else np.empty(0, np.int64)
        left, right = beside(integral.trace.values, inside.before[index], inside.upto[index])
        sizes = np.array([members[g].size for g in labels], np.int64)
        begins = np.cumsum(sizes) - sizes
        lows = np.minimum.reduceat(np.minimum(left, right), begins) if labels else _NONE
        most = [most_of_unseen(integral, low) for low in lows.tolist()]
        middle = (left + right) / 2
        highs = np.array([np.nan if high is None else high for high in most], np.float64)
        high, low = np.repeat(highs, sizes), np.repeat(lows, sizes)
        known = np.isfinite(high)
        value = np.where(known, middle * seconds[index], np.nan)
        below = np.where(known, (middle - low) * seconds[index], 0.0)
        above = np.where(known, (high - middle) * seconds[index], 0.0)
        expected = np.add.reduceat(seconds[index], begins) if labels else _NONE
        kept_out = expected > _KEPT_OUT * integral.trace.interval_ns * 1e-9
        above = np.where(known & np.repeat(kept_out, sizes), np.inf, above)
        found = {
            g: _estimate(left[a:b], right[a:b], below[a:b], above[a:b])
            for g, a, b in zip(labels, begins.tolist(), (begins + sizes).tolist(), strict=True)
        }
        return cls(found, index, value, below, above)


def _estimate(left: Floats, right: Floats, below: Floats, above: Floats) -> GroupEstimate:
    """Return what was found of one label.

    Args:
        left, right: The readings beside each event, W (A).
        below, above: By how much each may be lower or higher, J (C).
    """
    found = GroupEstimate(_NONE, _NONE, zeros_held_once(np.zeros(left.size)), _NO_INDEX, _NONE, _NONE, _NONE)
    found.quiet = median(np.concatenate([left, right]))
    found.why = UNSEEN
    found.below_all, found.above_all = float(below.sum()), float(above.sum())
    return found
