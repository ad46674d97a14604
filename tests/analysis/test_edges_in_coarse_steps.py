"""Marks in coarser steps than the readings' stamps, and the other way round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.result import Grade, Result
from powermeter.signals.decoding import from_samples

MS = 1_000_000
EVENTS = 300
Rounding = Callable[[np.ndarray], np.ndarray]


def mean_of(seed: int, step_ms: int, rounding: Rounding, *, of_stamps: bool = False) -> tuple[Result, float]:
    """Return what is found of events of 30 to 60 ms under a 10 Hz meter, and what they used; marks (or stamps) are in steps."""
    rng = np.random.default_rng(seed)
    lasts = rng.integers(30, 61, EVENTS)
    start = 1000 + np.cumsum(rng.integers(120, 260, EVENTS))
    moments = rng.uniform(0, 100) + 100.003 * np.arange(int((start[-1] + 500) / 100))
    which = np.clip(np.searchsorted(start, moments, "right") - 1, 0, None)
    behind = moments - start[which]
    watts = np.where((behind >= 0) & (behind < lasts[which]), 7.0, 2.0)
    watts = watts + rng.normal(0, 0.01, moments.size)

    def stepped(times: np.ndarray, step: int) -> np.ndarray:
        return rounding(times / step).astype(np.int64) * step * MS

    steps = (step_ms, 1) if of_stamps else (1, step_ms)
    trace = from_samples(stepped(moments, steps[0]), watts, noise=0.01)
    edges = stepped(start, steps[1]), stepped(start + lasts, steps[1])
    found = measure(Integral.of(trace), *edges)
    mean = found.combine_of(np.arange(EVENTS), np.full(EVENTS, 1 / EVENTS), "all")
    return mean, float(lasts.mean()) * 7e-3


@pytest.mark.thorough
@pytest.mark.parametrize("rounding", [np.rint, np.floor])
def test_what_coarse_marks_cut_off_is_counted(rounding: Rounding) -> None:
    """A quarter of a step of 5 W is 4 % of an event at 10 ms (rounded), half of one 8 % (fractions dropped)."""
    held, off = 0, []
    for seed in range(16):
        mean, truth = mean_of(seed, 10, rounding)
        held += mean.low <= truth <= mean.high
        off.append(mean.value / truth - 1)
    assert held >= 14
    assert abs(np.median(off)) < 0.03


@pytest.mark.thorough
def test_coarse_stamps_cost_alike() -> None:
    held = 0
    for seed in range(16):
        mean, truth = mean_of(seed, 10, np.rint, of_stamps=True)
        held += mean.low <= truth <= mean.high
    assert held >= 14


def one_job(late_ms: int) -> Result | None:
    """Return what is found of 20 s at 7 W beside 2 W, marked in whole seconds, whose load is so late at either end under a 10 Hz meter."""
    stamps = 37 + 100 * np.arange(600)
    watts = np.where((stamps >= 20_000 + late_ms) & (stamps < 40_000 + late_ms), 7.0, 2.0)
    watts = watts + np.random.default_rng(1).normal(0, 0.01, watts.size)
    trace = from_samples(stamps * MS, watts, noise=0.01)
    return measure(Integral.of(trace), np.array([20_000 * MS]), np.array([40_000 * MS])).result(0)


def test_a_job_marked_in_whole_seconds_is_found_where_its_readings_are() -> None:
    """Dropped fractions of 700 ms put 3.5 J of 140 J behind the mark."""
    found = one_job(700)
    assert found is not None and found.grade is Grade.MEASURED
    assert found.low <= 140 <= found.high and found.value == pytest.approx(140, rel=0.015)


def test_marks_that_are_whole_seconds_in_truth_pay_nothing() -> None:
    found = one_job(0)
    assert found is not None and found.high - found.low < 0.02 * 140


def jobs(seed: int, late_s: float, *, exact: bool) -> tuple[Result, float]:
    """Return what is found of 16 jobs of 4 to 8 s at 7 W beside 2 W by a 10 Hz meter, and what they used: marks in whole seconds, readings so late."""
    rng = np.random.default_rng(seed)
    start = 5 + np.cumsum(rng.uniform(11, 14, 16))
    end = start + rng.uniform(4, 8, 16)
    if exact:
        start, end = np.floor(start), np.floor(end)
    stamps = rng.uniform(0.01, 0.09) + 0.1 * np.arange(int((end[-1] + 6) / 0.1))
    inside = np.searchsorted(start, stamps - late_s, "right") > np.searchsorted(end, stamps - late_s, "right")
    watts = np.where(inside, 7.0, 2.0) + rng.normal(0, 0.01, stamps.size)
    trace = from_samples(np.rint(stamps * 1000).astype(np.int64) * MS, watts, noise=0.01)
    marks = (np.floor(at).astype(np.int64) * 1000 * MS for at in (start, end))
    mean = measure(Integral.of(trace), *marks).combine_of(np.arange(16), np.full(16, 1 / 16), "all")
    return mean, 7 * float(np.mean(end - start))


@pytest.mark.thorough
def test_what_is_always_as_late_behind_exact_marks_is_not_a_steps() -> None:
    """Readings 0.35 s late show as much behind ends as they lack behind starts: the load's (1.75 J less lie between the marks) or the meter's."""
    for seed in range(6):
        mean, truth = jobs(seed, 0.35, exact=True)
        assert mean.low <= truth - 0.35 * 5 and truth <= mean.high
        assert mean.grade is Grade.ESTIMATED


@pytest.mark.thorough
def test_more_behind_ends_than_a_step_leaves_is_open_upwards() -> None:
    """A meter half a second late under dropped fractions shows a whole second behind ends."""
    for seed in range(6):
        mean, truth = jobs(seed, 0.5, exact=False)
        assert mean.low <= truth <= mean.high and mean.grade is Grade.ESTIMATED


def marked(
    seed: int, rate: float, phase: float, pauses: tuple[float, float], *, exact: bool = False
) -> tuple[list[Result], Result, np.ndarray]:
    """Return what is found of each of 24 jobs of 7 W beside 2 W and of their mean, by a meter that keeps its time, and what each used."""
    rng = np.random.default_rng(seed)
    lasts, waits = rng.uniform(4, 9, 24), rng.uniform(*pauses, 24)
    if exact:
        lasts, waits = np.rint(lasts), np.rint(waits)
    start = 4 + np.cumsum(waits + lasts) - lasts
    end = start + lasts
    stamps = phase + np.arange(0, end[-1] + 6, 1 / rate)
    inside = np.searchsorted(start, stamps, "right") > np.searchsorted(end, stamps, "right")
    watts = np.where(inside, 7.0, 2.0) + rng.normal(0, 0.01, stamps.size)
    trace = from_samples(np.rint(stamps * 1000).astype(np.int64) * MS, watts, noise=0.01)
    found = measure(Integral.of(trace), *(np.floor(at).astype(np.int64) * 1000 * MS for at in (start, end)))
    one_by_one = [found.combine_of(np.array([i]), np.ones(1), str(i)) for i in range(24)]
    return one_by_one, found.combine_of(np.arange(24), np.full(24, 1 / 24), "all"), 7 * lasts


def test_a_meter_that_keeps_its_time_errs_no_more_under_coarse_marks() -> None:
    """Edges at random in a second: events do not err alike, wherever readings lie behind their marks (36 J ± 1.2 J by √n, not ± 3 J)."""
    for seed in range(4):
        _, mean, used = marked(seed, 2, 0.2, (4, 8))
        assert mean.grade is Grade.MEASURED and mean.low <= used.mean() <= mean.high
        assert mean.high - mean.low < 0.08 * used.mean()


def test_what_ends_a_step_ahead_is_not_beside_the_next_one() -> None:
    """Of pauses of 1.5 to 3 s, the job before may last up to the start: idle power was taken for 3 W, and 2.5 J of a job were missing."""
    off = [
        mean.value - used.mean() for _, mean, used in (marked(seed, 10, 0.037, (1.5, 3)) for seed in range(5))
    ]
    assert abs(np.median(off)) < 0.6


def test_exact_seconds_cost_nothing_where_readings_would_show_others() -> None:
    """Of 48 edges in whole seconds a reading 0.2 s behind each shows none on its wrong side: of rounded marks 14 are expected."""
    each, _, used = marked(1, 1, 0.2, (4, 8), exact=True)
    for found, joules in zip(each, used, strict=True):
        assert found.high - found.low < 0.02 * joules


@pytest.mark.parametrize(("first_s", "busy_s"), [(0, (8, 60)), (-8, (-9, 0))])
def test_idle_goes_on_beyond_both_marks_of_an_idle_event(first_s: int, busy_s: tuple[int, int]) -> None:
    """Whole seconds leave a second of an event outside of both marks together, not one of each: 12 J of idle were 9 for work a step away."""
    seconds = (17 + 100 * np.arange(10 * first_s, 160)) / 1000
    watts = np.where((seconds >= busy_s[0]) & (seconds < busy_s[1]), 5.0, 2.0)
    watts = watts + np.random.default_rng(1).normal(0, 0.01, watts.size)
    stamps = 100_000 * MS + np.rint(seconds * 1000).astype(np.int64) * MS
    trace = from_samples(stamps, watts, noise=0.01)
    found = measure(Integral.of(trace), np.array([101_000 * MS]), np.array([107_000 * MS])).result(0)
    assert found is not None
    assert found.low <= 12.0 <= found.high and found.high - found.low < 0.2
