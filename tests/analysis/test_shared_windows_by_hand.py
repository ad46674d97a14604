"""Two labels in turns whose events share windows: level loads, so that each label's energy is its power times its time."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import FEW
from powermeter.analysis.integral import Integral
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import Truth

NS = 1_000_000_000
IDLE, READ, INFER = 2.0, 3.0, 6.0


def turns(
    count: int, lengths: tuple[float, float], pause: float, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of `count` pairs, in s: one label, the other at once behind it, then a pause; of varied lengths."""
    rng = np.random.default_rng(seed)
    first = lengths[0] * rng.uniform(0.8, 1.2, count)
    second = lengths[1] * rng.uniform(0.8, 1.2, count)
    rest = pause * rng.uniform(0.8, 1.2, count)
    begin = 2.0 + np.concatenate([[0.0], np.cumsum(first + second + rest)[:-1]])
    start = np.column_stack([begin, begin + first]).ravel()
    end = np.column_stack([begin + first, begin + first + second]).ravel()
    return start, end


def measured(
    start: np.ndarray,
    end: np.ndarray,
    watts: np.ndarray,
    kind: Kind = Kind.MEAN,
    tau: float = 0.1,
    **more: float,
) -> Windows:
    """What each event is said to have used, by a meter of one window in so many seconds; labels in turns."""
    steps = {round(s * NS): 0.0 for s in [0.0, *start.tolist(), *end.tolist(), float(end[-1]) + 2]}
    edges = np.array(sorted(steps)) / NS
    middle = (edges[:-1] + edges[1:]) / 2
    levels = np.full(middle.size, IDLE)
    for a, b, w in zip(start, end, watts, strict=True):
        levels[(middle > a) & (middle < b)] = w
    truth = Truth.steps(edges, levels)
    stamps = np.arange(0, edges[-1], tau)
    running = truth.integral(stamps)
    times = np.rint(stamps * NS).astype(np.int64)
    trace = (
        from_samples(times, running, Quantity.ENERGY, kind=kind, **more)
        if kind is Kind.COUNTER
        else from_samples(times[1:], np.diff(running) / np.diff(times * 1e-9), kind=kind, **more)
    )
    group = np.arange(start.size) % 2
    return measure(
        Integral.of(trace), np.rint(start * NS).astype(np.int64), np.rint(end * NS).astype(np.int64), group
    )


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
@pytest.mark.parametrize("lengths", [(0.06, 0.11), (0.25, 0.4), (0.3, 0.05)])
def test_level_neighbours_are_divided_exactly(kind: Kind, lengths: tuple[float, float]) -> None:
    start, end = turns(24, lengths, 0.33)
    watts = np.tile([READ, INFER], 24)
    found = measured(start, end, watts, kind)
    assert found.value == pytest.approx(watts * (end - start), rel=1e-6)
    for group, level in ((0, READ), (1, INFER)):
        assert found.groups[group].level == pytest.approx(level, rel=1e-6)
        assert found.groups[group].quiet == pytest.approx(IDLE, rel=1e-6)
        assert found.groups[group].why == ""


def test_a_label_whose_events_stand_alone_is_not_touched() -> None:
    """Pauses of a second between the two: nothing is shared."""
    start, end = turns(12, (0.3, 0.4), 1.0)
    start[1::2], end[1::2] = start[1::2] + 0.5, end[1::2] + 0.5
    watts = np.tile([READ, INFER], 12)
    found = measured(start, end, watts)
    assert found.value == pytest.approx(watts * (end - start), rel=1e-6)


@pytest.mark.parametrize(("count", "open_ended"), [(3, True), (4, False), (6, False)])
def test_four_events_of_each_label_show_their_levels(count: int, open_ended: bool) -> None:
    """Of fewer nobody knows whose the shared windows' energy is."""
    start, end = turns(count, (0.06, 0.11), 0.33)
    watts = np.tile([READ, INFER], count)
    found = measured(start, end, watts)
    assert [bool(group.why) for group in found.groups] == [open_ended, open_ended]
    if open_ended:
        assert (found.above > 0).all() and (found.below > 0).all()
        truth = watts * (end - start)
        assert (found.value - found.below <= truth + 1e-9).all()
        assert (truth <= found.value + found.above + 1e-9).all()
        for k, group in enumerate(found.groups):
            assert group.below_all == pytest.approx(found.below[k::2].sum())
            assert group.above_all == pytest.approx(found.above[k::2].sum())
    else:
        assert found.value == pytest.approx(watts * (end - start), rel=1e-6)


def test_what_a_long_neighbour_does_beside_the_edge_is_paid_for_where_its_parts_are_longer_than_windows() -> (
    None
):
    """Eight events of 60 ms before some of 1.1 s, windows of 0.1 s: two parts of the long ones last for 5.5 windows each."""
    start, end = turns(8, (0.06, 1.1), 0.33)
    found = measured(start, end, np.tile([READ, INFER], 8))
    short, long = found.groups
    assert (short.why, long.why) == (FEW, "")
    # A tenth of the 4 W that the neighbour is above idle, over half a window on average: 20 mJ, a limit.
    assert found.noise[::2] == pytest.approx(np.full(8, 0.02 / 3**0.5), rel=0.7)


def test_a_power_that_rises_evenly_inside_events_is_led_to_where_halving_would_end() -> None:
    """`infer` rises from 4 W to 8 W in 0.4 s, 2.4 J: at its start it is nearer to its neighbour than its mean is."""
    count = 40
    start, end = turns(count, (0.25, 0.4), 0.33)
    start, end = np.round(start, 3), np.round(end, 3)
    fine, watts = [start[0] - 2], [IDLE]
    for a, b in zip(start[::2], end[::2], strict=True):
        fine += [a]
        watts += [READ]
        cuts = np.linspace(b, end[1::2][start[::2].tolist().index(a)], 41)
        fine += cuts.tolist()
        watts += [*np.linspace(4.05, 7.95, 40), IDLE]
    truth = Truth.steps(np.append(fine, end[-1] + 2), np.array(watts))
    stamps = np.arange(fine[0], end[-1] + 2, 0.1)
    values = np.diff(truth.integral(stamps)) / 0.1
    trace = from_samples(np.rint(stamps[1:] * NS).astype(np.int64), values, kind=Kind.MEAN)
    found = measure(
        Integral.of(trace),
        np.rint(start * NS).astype(np.int64),
        np.rint(end * NS).astype(np.int64),
        np.arange(start.size) % 2,
    )
    for group, level in ((0, READ), (1, 6.0)):
        joules = level * float((end - start)[group::2].sum())
        assert float(found.value[group::2].sum()) == pytest.approx(joules, rel=0.01)


def test_all_energy_goes_to_somebody() -> None:
    """What both labels used and 2 W beside them add up to the run."""
    start, end = turns(24, (0.25, 0.4), 0.33)
    rng = np.random.default_rng(3)
    watts = np.tile([READ, INFER], 24) * rng.uniform(0.8, 1.2, 48)
    found = measured(start, end, watts)
    whole = float(found.integral.running[-1])
    beside = IDLE * ((found.integral.end_ns - found.integral.start_ns) / NS - float((end - start).sum()))
    assert float(found.value.sum()) + beside == pytest.approx(whole, rel=5e-3)
