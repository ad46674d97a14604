"""What a whole recording is on one side of a comparison: energy, power or time, of the run or of one of its items."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.comparison.sides import of_whole
from powermeter.result import Result


def run(items: float | None, above: float | None):
    """Twenty seconds at 3 W, 2 W of which are above idle where one is subtracted."""
    energy, duration = Result.of(60.0, "J"), Result.of(20.0, "s")
    more = None if above is None else Result.of(above, "J")
    each = None if items is None else (more or energy).scaled(1 / items)
    analysis = SimpleNamespace(
        energy=energy,
        power=Result.of(3.0, "W"),
        duration=duration,
        run_items=items,
        run_per_item=each,
        baseline=None if above is None else object(),
        above=more,
    )
    return SimpleNamespace(analysis=analysis)


@pytest.mark.parametrize(
    ("items", "above", "energy", "power", "time"),
    [
        (None, None, 60.0, 3.0, 20.0),
        (8.0, None, 7.5, 3.0, 2.5),
        (None, 40.0, 40.0, 2.0, 20.0),
        (8.0, 40.0, 5.0, 2.0, 2.5),
    ],
)
def test_a_whole_run_or_one_of_its_items(items, above, energy: float, power: float, time: float) -> None:
    side = run(items, above)
    for of, value, unit in (("energy", energy, "J"), ("power", power, "W"), ("time", time, "s")):
        found = of_whole(side, of)
        assert (found.value, found.unit) == (pytest.approx(value), unit), of
