"""Items that use more and more, or less and less: what is a trend, what is chance, and what the next one may use then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.trend import trend_of
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

SECONDS = 0.5
Powers = Callable[[np.ndarray], np.ndarray]


def recorded(watts: np.ndarray, rng: np.random.Generator) -> Analysis:
    """Return the analysis of events of half a second at some powers, 1 W between them, on a 20 Hz mean."""
    edges, levels, events, at = [0.0], [], [], 1.0
    for i, power in enumerate(watts.tolist()):
        edges += [at, at + SECONDS]
        levels += [1.0, power]
        events.append(Event("infer", round(at * NS), round((at + SECONDS) * NS), uid=i + 1))
        at += SECONDS + rng.uniform(0.2, 0.5)
    truth = Truth.steps([*edges, at + 1], [*levels, 1.0])
    return analyse(SimulatedPowerMeter(20, Kind.MEAN, Accuracy(noise=0.005)).record(truth, events, rng))


def rising(k: np.ndarray) -> np.ndarray:
    """Return 10 % more power over 160 events."""
    watts: np.ndarray = 7 * (1 + 0.1 * k / 160)
    return watts


def warming(k: np.ndarray) -> np.ndarray:
    """Return a decay that is not over after half of forty events."""
    watts: np.ndarray = 7 + 3.6 * np.exp(-k / 12)
    return watts


@pytest.mark.thorough
@pytest.mark.parametrize(("power", "count", "scatter"), [(rising, 160, 0.05), (warming, 40, 0.02)])
def test_what_goes_on_changing_is_noted_and_the_next_item_held(
    power: Powers, count: int, scatter: float
) -> None:
    held = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        found = recorded(power(np.arange(count)) * (1 + scatter * rng.standard_normal(count)), rng)
        row = found.row("infer")
        assert row.drift is not None and (row.drift > 0) == (power is rising), f"seed {seed}"
        assert "drift" in [note.code for note in found.notes]
        assert row.per_item is not None
        held.append(row.per_item.low <= power(np.array([count]))[0] * SECONDS <= row.per_item.high)
        assert row.per_item.high - row.per_item.low < 0.3 * row.per_item.value
    assert sum(held) >= 7


def test_steady_items_show_no_trend() -> None:
    """Sixty series of 8 to 60 independent items: chance shows a trend in one of a thousand."""
    rng = np.random.default_rng(1)
    found = [trend_of(x - x.mean(), 1.0) for x in (1 + 0.1 * rng.standard_normal(n) for n in range(8, 61))]
    assert sum(one is not None for one in found) <= 1


@pytest.mark.parametrize(
    ("slope", "count", "seen"), [(0.01, 20, True), (0.0005, 20, False), (0.01, 7, False), (-0.01, 20, True)]
)
def test_a_trend_is_of_eight_items_and_two_percent(slope: float, count: int, seen: bool) -> None:
    """0.01 J an item over 20 of 1 J is 19 %; 0.0005 J are 1 %; seven items show none.  Rests by turns are ±1 mJ."""
    terms = slope * (np.arange(count) - (count - 1) / 2) + 0.001 * (-1.0) ** np.arange(count)
    found = trend_of(terms - terms.mean(), 1.0)
    assert (found is not None) == seen
    if found is not None:
        assert found.share == pytest.approx(slope * (count - 1), rel=0.01)
        assert np.abs(found.rests).max() < 0.002


def test_behind_a_warm_up_of_half_of_the_events_less_is_asked() -> None:
    """Ten items, a slope of 2.9 standard errors: t of 8 degrees of freedom is 5.04 at 0.001, 2.31 at 0.05."""
    x = np.arange(10) - 4.5
    rests = np.array([1.0, -1, -1, 1, -1, 1, -1, 1, 1, -1]) * 0.03
    rests -= rests.mean() + x * (x @ rests) / (x @ x)
    assert rests[1:] @ rests[:-1] <= -(rests @ rests) / 10, "no memory, its bias counted"
    slope = 2.9 * np.sqrt(rests @ rests / 8 / (x @ x))
    assert trend_of(slope * x + rests, 1.0) is None
    assert trend_of(slope * x + rests, 1.0, warmup=9) is None
    assert trend_of(slope * x + rests, 1.0, warmup=10) is not None


def test_a_step_is_a_trend_whose_rests_have_no_memory() -> None:
    """1 J thirty times, then 1.08 J twenty times, with 4 %: a line leaves rests that resemble each other, the step none."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(20):
        each = np.where(np.arange(50) < 30, 1.0, 1.08) * (1 + 0.03 * rng.standard_normal(50))
        found.append(trend_of(each - each.mean(), float(each.mean())))
    seen = [one for one in found if one is not None]
    assert len(seen) >= 19
    assert np.mean([one.share for one in seen]) == pytest.approx(
        6 * 0.6 * 0.4 * 0.08, abs=0.03
    )  # 6 q (1 − q) times the step
    assert all(float(np.std(one.rests)) < 0.042 for one in seen)


def test_a_clear_step_reaches_from_one_level_to_the_other() -> None:
    """5 J twelve times, then 1 J twelve times: the line falls by 5.8 J, more than any two events differ by."""
    energies = np.repeat([5.0, 1.0], 12)
    found = trend_of(energies - energies.mean(), float(energies.mean()))
    assert found is not None
    assert found.change == pytest.approx(-4.0)


@pytest.mark.parametrize(("length", "seen"), [(1, True), (10, False)])
def test_a_slope_of_items_that_resemble_their_neighbours_must_be_steeper(length: int, seen: bool) -> None:
    """Eighty items, a slope of six standard errors of independent ones: t of 78 degrees of freedom is 3.4 at 0.001.

    Rests that change their sign every tenth item have a memory of 0.82 at least: the error is 3.2 times as large, and more.
    """
    x = np.arange(80) - 39.5
    rests = (-1.0) ** (np.arange(80) // length) * 0.01
    rests -= rests.mean() + x * (x @ rests) / (x @ x)
    slope = 6 * np.sqrt(rests @ rests / 78 / (x @ x))
    assert (trend_of(slope * x + rests, 0.1) is not None) == seen


@pytest.mark.parametrize(("events", "is_seen"), [(7, False), (8, True)])
def test_eight_events_are_the_fewest_that_show_a_trend(events, is_seen):
    """Each a twentieth of the mean more than the one before, without any rest: only their count can forbid it."""
    found = trend_of(0.05 * (np.arange(events) - (events - 1) / 2), 1.0)
    assert (found is not None) == is_seen
    assert found is None or found.change == pytest.approx(0.05 * (events - 1))
