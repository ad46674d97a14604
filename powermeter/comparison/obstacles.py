"""Why no number of repeats would show the difference seen: what of it no repeat narrows."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from powermeter.comparison.contrast import BOUND_OF, Contrast
from powermeter.result.formatting import repeats_differ


class Obstacle(Enum):
    """What stands in the way of a verdict, however often it is repeated."""

    MARGIN = "margin"
    SENSORS = "sensors"
    ORDER = "order of the repeats"
    BOUND = "bound of a side"
    NO_DIFFERENCE = "no difference"


def obstacle_of(row: Contrast) -> Obstacle | None:
    """Return the largest part of what no repeat narrows; None where repeats would do, or too little is known to plan any."""
    if row.plan is None or row.repeats_needed is not None:
        return None
    beyond = abs(row.difference.value) - row.margin * abs(row.mean_left.value)
    if row.margin and beyond <= 0:
        return Obstacle.MARGIN
    if replace(row.plan, fixed=0.0).repeats(beyond) is None:
        return Obstacle.NO_DIFFERENCE
    parts = row.difference.parts
    bounds = sum(part**2 for name, part in parts.items() if name.startswith(BOUND_OF))
    if bounds < row.plan.fixed**2 / 2:
        return Obstacle.SENSORS
    sides = {f"{BOUND_OF}{row.left}": row.mean_left, f"{BOUND_OF}{row.right}": row.mean_right}
    widest = max(sides, key=lambda name: abs(parts.get(name, 0.0)))
    return Obstacle.ORDER if repeats_differ(sides[widest].parts) else Obstacle.BOUND
