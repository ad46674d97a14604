"""No event, label or sum of events is said to use more than what it lies inside of can have used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.upper_limits import containers, ends, most
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


def nested(seed: int) -> Analysis:
    """Return requests of 0.3 s at 8 W, each with a part of 30 ms, idle at 2 W, read at 10 Hz."""
    rng = np.random.default_rng(seed)
    edges, levels, events, at = [0.0], [], [], 1.0
    for i in range(4):
        edges += [at, at + 0.3]
        levels += [2.0, 8.0]
        events.append(Event("request", round(at * NS), round((at + 0.3) * NS), uid=2 * i + 1))
        events.append(
            Event("part", round((at + 0.01) * NS), round((at + 0.04) * NS), uid=2 * i + 2, parent=2 * i + 1)
        )
        at += 0.3 + rng.uniform(0.3, 0.6)
    truth = Truth.steps([*edges, at + 1], [*levels, 2.0])
    return analyse(SimulatedPowerMeter(10, Kind.INSTANT, Accuracy(offset=0.01)).record(truth, events, rng))


@pytest.mark.parametrize("seed", range(8))
def test_a_part_is_bounded_by_what_holds_it_in_every_place(seed: int) -> None:
    found = nested(seed)
    around, part = found.row("request"), found.row("part")
    assert around.energy is not None and part.energy is not None
    assert part.energy.high <= around.energy.high
    assert around.energy_per_item is not None and part.energy_per_item is not None
    assert part.energy_per_item.high <= around.energy_per_item.high
    low, high = ends(found.energies)
    around_each = found.energies.around
    assert around_each is not None and (around_each >= 0).sum() == 4
    for i in np.flatnonzero(found.energies.known).tolist():
        one = found.energies.result(i)
        assert one is not None and low[i] >= 0
        if (held := int(around_each[i])) >= 0 and (outer := found.energies.result(held)) is not None:
            assert one.high <= outer.high and high[i] <= high[held]


def test_what_outlasts_the_event_around_it_is_not_bounded_by_it() -> None:
    parents = np.array([-1, 0, 0, 0])
    start, end = np.array([10, 10, 12, 9]), np.array([20, 19, 21, 15])
    assert containers(parents, start, end).tolist() == [-1, 0, -1, -1]
    circle = np.array([1, 0])
    assert containers(circle, np.array([3, 3]), np.array([5, 5])).tolist() == [-1, -1]


def test_both_ends_of_every_event_by_hand() -> None:
    """An outer event of 4 ± 1 J, one inside of 3 ± 5 J, one inside of that of 6 ± 0.5 J, which contradicts both."""
    windows = nested(0).energies
    wanted = replace(
        windows,
        value=np.array([4.0, 3.0, 6.0, *windows.value[3:]]),
        around=np.array([-1, 0, 1, *np.full(len(windows) - 3, -1)]),
        noise=np.zeros(len(windows)),
        gaps=np.zeros(len(windows)),
        clock=np.zeros(len(windows)),
        shared={},
        below=np.array([1.0, 5.0, 0.5, *np.zeros(len(windows) - 3)]),
        above=np.array([1.0, 5.0, 0.5, *np.zeros(len(windows) - 3)]),
        integral=replace(windows.integral, trace=replace(windows.integral.trace, errors=())),
    )
    low, high = ends(wanted)
    assert low[:3] == pytest.approx([3.0, 0.0, 5.5])
    assert high[:3] == pytest.approx([5.0, 5.0, 6.5])


def test_an_end_that_is_open_above_leaves_the_lower_one() -> None:
    """Two events of 4 J with readings at the end of the range: at least 4 J − 1 J, and − 0.5 J."""
    windows = nested(0).energies
    rest = np.zeros(len(windows) - 2)
    nothing = np.zeros(len(windows))
    wanted = replace(
        windows,
        value=np.array([4.0, 4.0, *windows.value[2:]]),
        around=None,
        noise=nothing,
        gaps=nothing,
        clock=nothing,
        shared={},
        below=np.array([1.0, 0.5, *rest]),
        above=np.array([np.inf, np.inf, *rest]),
        integral=replace(windows.integral, trace=replace(windows.integral.trace, errors=())),
    )
    low, high = ends(wanted)
    assert low[:2] == pytest.approx([3.0, 3.5]) and np.isinf(high[:2]).all()


def test_the_run_bounds_neither_what_lies_beyond_it_nor_a_difference() -> None:
    found = nested(0).energies
    windows = replace(found, ceiling=100.0, around=None)
    first, last = windows.integral.start_ns, windows.integral.end_ns
    two = np.array([0, 2])
    assert most(windows, two, np.array([1.0, 0.5])) == 100.0
    assert most(windows, two, np.array([1.0, -0.5])) is None
    beyond = [
        replace(windows, start_ns=np.where(np.arange(len(windows)) == 0, first - 1, windows.start_ns)),
        replace(windows, end_ns=np.where(np.arange(len(windows)) == 2, last + 1, windows.end_ns)),
    ]
    assert [most(one, two, np.ones(2)) for one in beyond] == [None, None]


def test_parts_that_have_no_share_of_their_time_used_nothing() -> None:
    """Of each, threads beside it have all: weights of 0, as a tree of events under one process has them."""
    found = nested(0).energies
    parts = np.flatnonzero(found.around >= 0) if found.around is not None else np.empty(0, np.int64)
    assert parts.size == 4
    total = found.combine_of(parts, np.zeros(parts.size), "parts")
    assert (total.value, total.low, total.high) == (0.0, 0.0, 0.0)
