"""The same energy in every known place: best, worst, here; one basis at a time: what it promises."""

from __future__ import annotations

import pytest

from powermeter.footprint.place import parse_place
from powermeter.footprint.place_ranking import best_here_worst, standing
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_places_are_ranked_within_one_basis_only() -> None:
    world = standing()
    assert world.basis == "lifecycle" and len(world.ranked) > 200
    assert all(place.region is None for place, _ in world.ranked)
    california = standing(parse_place("USA-CA"))
    assert california.basis == "direct_co2e" and california.here is not None
    assert {place.country for place, _ in california.ranked} == {"USA"}
    best, here, worst = (
        item.carbon.value for _, item in best_here_worst(KWH, parse_place("DEU"), losses=False)
    )
    assert best < here < worst
    assert here == pytest.approx(380.95)
