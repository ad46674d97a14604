"""Why no number of repeats would do: by what the difference is made of, not by what it is not."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from powermeter.comparison.obstacles import Obstacle, obstacle_of
from powermeter.comparison.repeats_to_show_difference import RepeatPlan
from powermeter.result import Result

REPEATS, METER = {"repeats:decode": 0.05}, {"unseen:decode": 0.05}


@pytest.mark.parametrize(
    ("parts", "sides", "margin", "plan", "obstacle"),
    [
        (
            {"bound of a": 0.06, "gain:i": 0.001, "repeats:a and b": 0.07},
            REPEATS,
            0.0,
            (0.3, 0.06),
            Obstacle.ORDER,
        ),
        ({"bound of a": 0.06, "gain:i": 0.001}, METER, 0.0, (0.3, 0.06), Obstacle.BOUND),
        ({"gain:i of a": 0.05, "gain:i of b": 0.05}, REPEATS, 0.0, (0.001, 0.07), Obstacle.SENSORS),
        ({"gain:i of a": 0.05}, REPEATS, 0.2, (0.3, 0.05), Obstacle.MARGIN),
        ({"repeats:a and b": 0.07}, REPEATS, 0.0, (900.0, 0.0), Obstacle.NO_DIFFERENCE),
    ],
)
def test_the_largest_of_what_no_repeat_narrows(parts, sides, margin, plan, obstacle) -> None:
    """A of 150 mJ, B of 135 mJ, and what their difference of 15 mJ is unsure of."""
    row = SimpleNamespace(
        left="a",
        right="b",
        mean_left=Result(0.15, "J", 0.05, 0.3, parts=sides),
        mean_right=Result(0.135, "J", 0.04, 0.25, parts=sides),
        difference=Result(-0.015, "J", -0.2, 0.17, parts=parts),
        margin=margin,
        plan=RepeatPlan(*plan, math.inf, 60),
        repeats_needed=None,
    )
    assert obstacle_of(row) is obstacle
    row.repeats_needed = 40
    assert obstacle_of(row) is None
