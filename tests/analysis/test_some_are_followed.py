"""What follows some of a label's events and not the others, on a meter that averages."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.some_are_followed import open_to_followed, some_are_followed
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 10**9


def events_of(seed: int, kind: Kind, *, tail_w: float, elsewhere: float = 0.0) -> tuple[Windows, float]:
    """Return what 40 events of 4 W use by 1 Hz readings, and the truth of their mean; 0.6 s of `tail_w` follow every seventh.

    `elsewhere` such blocks a second begin at random.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.4, 1.2, 40)
    starts = 4 + np.cumsum(lengths + 1.2 + rng.exponential(1.8, 40)) - lengths
    grid = np.arange(0, starts[-1] + 10, 1e-3)
    watts = np.full(grid.size, 1.5)
    for at in rng.uniform(0, grid[-1], rng.poisson(elsewhere * grid[-1])):
        watts[(grid >= at) & (grid < at + 0.6)] += 3
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        watts[(grid >= start) & (grid < start + length)] += 4
        if i % 7 == seed % 7:
            watts[(grid >= start + length) & (grid < start + length + 0.6)] += tail_w
    total = np.concatenate([[0.0], np.cumsum(watts) * 1e-3])
    times = np.arange(1 + rng.uniform(), grid[-1], 1.0)
    until = np.interp(times, np.arange(total.size) * 1e-3, total)
    noise = 0.002 if kind is Kind.MEAN else 0.0
    values = np.diff(until) + rng.normal(0, noise, until.size - 1) if noise else until[1:]
    trace = from_samples(np.rint(times[1:] * NS).astype(np.int64), values, noise=noise, kind=kind)
    edges = np.rint(starts * NS).astype(np.int64), np.rint((starts + lengths) * NS).astype(np.int64)
    truth = np.diff(
        np.interp(np.array([starts, starts + lengths]), np.arange(total.size) * 1e-3, total), axis=0
    )
    return measure(Integral.of(trace), *edges), float(truth.mean())


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_a_tail_behind_every_seventh_event_opens_the_label_downward(kind: Kind) -> None:
    """Six tails of forty show no shape: such labels held 58 to 85 % at up to ±6 %, measured."""
    held, graded, below = [], [], []
    for seed in range(16):
        windows, truth = events_of(seed, kind, tail_w=3)
        found = windows.combine(np.full(40, 1 / 40), "events")
        held.append(found.low <= truth <= found.high)
        graded.append(found.grade is Grade.ESTIMATED)
        below.append((found.value - found.low) / truth)
    assert sum(held) >= 15 and sum(graded) >= 15 and np.median(below) < 0.2


@pytest.mark.thorough
def test_nothing_is_paid_where_nothing_follows_or_the_load_beside_does_as_much_anywhere() -> None:
    for seed in range(6):
        windows, truth = events_of(seed, Kind.MEAN, tail_w=0)
        found = windows.combine(np.full(40, 1 / 40), "events")
        assert found.grade is Grade.MEASURED and found.high - found.low < 0.02 * truth
    graded = [
        events_of(seed, Kind.MEAN, tail_w=0, elsewhere=0.4)[0].combine(np.full(40, 1 / 40), "events").grade
        for seed in range(10)
    ]
    assert graded.count(Grade.MEASURED) >= 8


def test_the_events_are_found_and_how_many_more_there_may_be() -> None:
    """Ten ends of which each has a whole window behind it: 2 J above idle power behind the third, half a window behind its end.

    m = 1 is seen behind N = 10 ends up to x = 2 · 0.5 = 1 window: all places show one, and none of the others is followed.
    """
    rates = np.full(60, 1.0)
    ends = 3 + 5 * np.arange(10)
    rates[ends] = 5.0
    rates[ends[2] + 1] = 3.0
    beside = np.setdiff1d(np.arange(1, 60), ends)
    found = some_are_followed(rates, np.ones(60), np.full(10, 0.5), (ends, ends), beside, 0.01, 5.0)
    assert found is not None and found.others == 0
    assert np.flatnonzero(found.which).tolist() == [2] and found.behind[2] == pytest.approx(2.0)
    rates[ends[2] + 1] = 1.05  # five standard deviations of the noise
    assert some_are_followed(rates, np.ones(60), np.full(10, 0.5), (ends, ends), beside, 0.01, 5.0) is None
    # A quarter of a window: 5 places show one, 5 do not; once in twenty 4.74 are expected where one is seen (Garwood).
    rates[ends[2] + 1] = 3.0
    found = some_are_followed(rates, np.ones(60), np.full(10, 0.25), (ends, ends), beside, 0.01, 5.0)
    assert found is not None and found.others == pytest.approx(4.74, abs=0.05)


def test_what_stands_out_anywhere_is_not_laid_to_the_events() -> None:
    rates = np.full(60, 1.0)
    ends = 3 + 5 * np.arange(10)
    rates[ends] = 5.0
    rates[[ends[2] + 1, ends[4] + 3, ends[6] + 3, ends[7] + 2]] = 3.0
    beside = np.setdiff1d(np.arange(1, 60), ends)
    assert some_are_followed(rates, np.ones(60), np.full(10, 0.5), (ends, ends), beside, 0.01, 5.0) is None


def test_late_stamps_leave_what_follows_to_the_events() -> None:
    """Events of 5 W over 1 W from 4 to 9 s: stamps that are late put 2 J behind some ends and leave the first whole windows of others as low."""
    rates = np.full(200, 1.0)
    starts = 3 + 19 * np.arange(10)
    ends = starts + 6
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        rates[a + 1 : b] = 5.0
        rates[[a, b]] = 3.0
    beside = np.flatnonzero(rates == 1.0)[1:]
    rates[ends[:4] + 1] = 3.0
    for low, late in ((5.0, False), (3.0, True)):
        rates[starts[:4] + 1] = low
        found = some_are_followed(rates, np.ones(200), np.full(10, 0.5), (starts, ends), beside, 0.01, 5.0)
        assert found is not None and found.late is late
        estimate = GroupEstimate.empty(10)
        estimate.value, estimate.own = np.full(10, 20.0), np.full(10, 0.1)
        open_to_followed(estimate, found, np.full(10, 2.0), np.zeros(10), np.full(10, 0.5))
        assert estimate.above_all == pytest.approx(late * (4 * 2 + 10 * 0.5)) and estimate.below_all > 0
