"""What a whole recording is on one side of a comparison: energy, power or time, of the run or of one of its items."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.comparison.runs import read
from powermeter.comparison.sides import of_row, of_whole
from powermeter.events import Event
from powermeter.result import Result
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


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


def test_a_gain_is_as_much_of_a_power_as_of_an_energy_where_the_warm_up_counts() -> None:
    """Events of 0.1 s, three of 20 W before those of 10 W: two percent of a power were those of joules, a tenth as much."""
    rng = np.random.default_rng(1)
    start = 2 + np.arange(30) * 0.5
    end = start + 0.1
    busy = np.where(np.arange(30) < 3, 20.0, 10.0) + rng.normal(0, 0.1, 30)
    idle = np.full(30, 2.0)
    corners = np.column_stack([start, start, end, end]).ravel()
    watts = np.column_stack([idle, busy, busy, idle]).ravel()
    truth = Truth(np.r_[0.0, corners, end[-1] + 1], np.r_[2.0, watts, 2.0])
    marks = [
        Event("infer", round(a * NS), round(b * NS), uid=k)
        for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True))
    ]
    meter = SimulatedPowerMeter(1000, Kind.INSTANT, accuracy=Accuracy(noise=0.01, gain=0.02))
    found = read(analyse(meter.record(truth, marks, rng)))
    row = found.analysis.row("infer")
    assert row.warmup.count == 3
    for of in ("energy", "power"):
        mean = of_row(found, row, of, "a", None, warmup=False).mean
        assert mean is not None
        gain = next(part for name, part in mean.parts.items() if name.startswith("gain:"))
        assert gain / mean.value == pytest.approx(0.02 / math.sqrt(3), rel=0.01), of
    behind = of_row(found, row, "power", "a", None, warmup=True).mean
    assert behind is not None and row.power is not None
    assert behind.value == pytest.approx(10.0, rel=0.05), "10 W behind the warm-up, 11 W with it"
    assert row.power.value == pytest.approx(11.0, rel=0.05)
    gain = next(part for name, part in behind.parts.items() if name.startswith("gain:"))
    assert gain / behind.value == pytest.approx(0.02 / math.sqrt(3), rel=0.01)
