"""What further items of a label will use above the baseline: the mean of further ones less idle power, with the repeats' scatter above idle."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.uncertainty import beyond, budget, limit_names
from powermeter.analysis.windows import Windows
from powermeter.result import Result

Floats = NDArray[np.floating[Any]]

_REPEATS = "repeats:"
_BY_CHANCE = ("noise:", "gaps:")


def above_of_next(
    energy: Windows,
    rest: NDArray[np.int64],
    counts: Floats,
    baseline: Baseline | None,
    further: Result | None,
    these: Result | None,
) -> Result | None:
    """Return what a further item would use above a baseline, in J; None where there is no baseline or none is known.

    Items of unlike length differ by less above idle than in all: what repeats leave open is scaled by how much they scatter above
    idle for how much they scatter in all, to no less than what the meter alone leaves open by chance.

    Args:
        rest, counts: The events after the warm-up, and their items.
        further: What one would use in all (`next_item.expected`).
        these: What one of these used in all.
    """
    if baseline is None or further is None or these is None:
        return None
    errors, joules, seconds = energy.integral.trace.errors, energy.value[rest], energy.seconds[rest]
    each = float(seconds.sum() / counts.sum())
    repeats = {name: part for name, part in further.parts.items() if name.startswith(_REPEATS)}
    if not repeats:
        return baseline.above(further, each, errors)
    share = 1.0
    if not any(name.startswith(f"{_REPEATS}trend") for name in repeats):
        in_all = _scatter(joules, counts)
        above = _scatter(joules - baseline.power.value * seconds, counts)
        chance = math.sqrt(sum(p * p for name, p in these.parts.items() if name.startswith(_BY_CHANCE)))
        whole = math.sqrt(sum(part * part for part in repeats.values()))
        share = max(above / in_all, min(chance / whole, 1.0)) if in_all else 1.0
    without = {name: part for name, part in further.parts.items() if name not in repeats}
    others = budget(further.value, further.unit, without, grade=further.grade, limits=limit_names(errors))
    found = baseline.above(others, each, errors)
    low, high = (
        math.hypot(own, share * beyond(reach, others.half_width))
        for own, reach in (
            (found.value - found.low, further.value - further.low),
            (found.high - found.value, further.high - further.value),
        )
    )
    parts = dict(found.parts) | {name: share * part for name, part in repeats.items()}
    return replace(found, low=found.value - low, high=found.value + high, parts=parts)


def _scatter(joules: Floats, counts: Floats) -> float:
    return float(np.std(joules - joules.sum() / counts.sum() * counts))
