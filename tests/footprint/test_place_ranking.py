"""The same energy in every known place: best, worst, here; one basis at a time: what it promises."""

from __future__ import annotations

import pytest

from powermeter.footprint import footprint
from powermeter.footprint.place import parse_place
from powermeter.footprint.place_ranking import standing
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_places_are_ranked_within_one_basis_only() -> None:
    world = standing()
    assert world.basis == "lifecycle" and len(world.ranked) > 200
    assert all(place.region is None for place, _ in world.ranked)
    california = standing(parse_place("USA-CA"))
    assert california.basis == "direct_co2e" and california.here is not None
    assert {place.country for place, _ in california.ranked} == {"USA"}
    germany = parse_place("DEU")
    ranks = standing(germany)
    best, here, worst = (
        footprint(KWH, place, losses=False).carbon.value for place in (ranks.best, germany, ranks.worst)
    )
    assert best < here < worst
    assert here == pytest.approx(380.95)
