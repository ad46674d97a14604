"""Saw teeth inside events that last about as long as the readings' interval, and ramps that are the program's own."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.saw_teeth import Teeth, saw_teeth
from powermeter.analysis.whole_run import measure_run
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
N = 600
RISE = 8.0  # W above 3 W in events, of 1 W beside
Level = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def spans(seed: int, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return the starts and ends of n events of 2.5 to 4 s in a minute, s."""
    rng = np.random.default_rng(seed)
    starts = 1.0 + 5.8 * np.arange(n) + rng.uniform(0, 1.5, n)
    return starts, starts + rng.uniform(2.5, 4, n)


def read(start: np.ndarray, end: np.ndarray, share: Level, jitter: float = 0.0):
    """Return ten readings a second of events at a share, 0 to 1, of the rise, as a function of time, start and end; and indices."""
    rng = np.random.default_rng(3)
    t = np.arange(N) / 10 + rng.normal(0, jitter / 10, N)
    k = np.searchsorted(start, t, side="right") - 1
    inside = (k >= 0) & (t < end[k])
    watts = np.where(inside, 3.0 + RISE * share(t, start[k], end[k]), 1.0) + 0.01 * rng.standard_normal(N)
    trace = from_samples(np.rint(t * NS).astype(np.int64), watts)
    first = np.searchsorted(t, start, side="right")
    return trace, first, np.searchsorted(t, end, side="right") - first


def saw(period: float, restarts: bool = False) -> Level:
    return lambda t, start, end: np.mod((t - start if restarts else t + 0.013) / period, 1.0)


@pytest.mark.parametrize(
    ("period", "restarts"),
    [
        *((p, False) for p in (0.0955, 0.097, 0.103, 0.052, 0.155, 0.207)),
        (0.0955, True),
        (0.103, True),
        (0.155, True),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_label_and_run_hold_the_mean_of_teeth(period: float, restarts: bool, seed: int) -> None:
    start, end = spans(seed)
    integral = Integral.of(read(start, end, saw(period, restarts))[0])
    start_ns, end_ns = (np.rint(x * NS).astype(np.int64) for x in (start, end))
    found = measure(integral, start_ns, end_ns)
    label = found.combine(np.ones(start.size), "label")
    run = measure_run(integral, activity=activity_of(found))
    used = float(np.sum(end - start)) * (3 + RISE / 2)
    assert label.grade is run.energy.grade is Grade.ESTIMATED
    assert label.low <= used <= label.high
    assert run.energy.low <= used + (run.seconds - float(np.sum(end - start))) * 1.0 <= run.energy.high
    assert label.high - label.low < 0.4 * used


@pytest.mark.parametrize("period", [0.096, 0.104])
@pytest.mark.parametrize(
    "shape",
    [
        lambda u: np.where(u < 0.7, u / 0.7, 0.0),  # rests at the bottom
        lambda u: np.minimum(u / 0.6, 1.0),  # at the top
    ],
)
def test_teeth_that_rest_for_a_part_are_found(
    period: float, shape: Callable[[np.ndarray], np.ndarray]
) -> None:
    teeth = saw_teeth(*read(*spans(1), lambda t, a, b: shape(np.mod((t - a) / period, 1.0))))
    assert teeth is not None
    every = shape(np.arange(1000) / 1000)
    assert teeth.height == pytest.approx(RISE * every.std() * math.sqrt(12), rel=0.1)
    assert teeth.seconds == pytest.approx(1 / abs(1 / 0.1 - 1 / period), rel=0.15)


@pytest.mark.parametrize("period", [0.097, 0.103])
def test_teeth_are_as_high_and_as_long_as_their_image(period: float) -> None:
    teeth = saw_teeth(*read(*spans(1), saw(period)))
    assert teeth is not None
    assert teeth.height == pytest.approx(RISE, rel=0.1)
    assert teeth.seconds == pytest.approx(1 / abs(1 / 0.1 - 1 / period), rel=0.1)


def test_teeth_of_two_intervals_are_met_at_two_places() -> None:
    """0.207 s: two intervals are 0.207 − 0.2 short of one, so that each place moves by 7 of 207 in 0.2 s; the mean of both by twice that."""
    teeth = saw_teeth(*read(*spans(1), saw(0.207)))
    assert teeth is not None
    assert teeth.height == pytest.approx(RISE / 2, rel=0.1)
    assert teeth.seconds == pytest.approx(0.2 * 207 / 7 / 2, rel=0.1)


def test_stamps_that_scatter_hide_no_teeth() -> None:
    assert saw_teeth(*read(*spans(1), saw(0.103), jitter=0.02)) is not None


def test_one_long_event_shows_its_teeth() -> None:
    assert saw_teeth(*read(np.array([1.0]), np.array([58.0]), saw(0.1006))) is not None


OWN: dict[str, Level] = {
    "one slow rise": lambda t, a, b: (t - a) / (b - a),
    "two slow rises, each half of the event": lambda t, a, b: np.mod(2 * (t - a) / (b - a), 1.0),
    "a rise each two seconds from the start": lambda t, a, b: np.mod((t - a) / 2, 1.0),
    "a drift through the run": lambda t, a, b: t / 60,
    "a slow sine": lambda t, a, b: 0.5 + 0.5 * np.sin(2 * np.pi * t / 7),
    "two levels that rise a little": lambda t, a, b: (
        np.where(t - a < 0.5 * (b - a), 0.9, 0.1) + 0.02 * (t - a)
    ),
    "a level of its own for each, warming alike": lambda t, a, b: np.mod(0.7 * a, 0.9) + 0.03 * (t - a),
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ramps_of_a_program_are_no_teeth(name: str, seed: int) -> None:
    assert saw_teeth(*read(*spans(seed), OWN[name])) is None


@pytest.mark.parametrize("seed", range(4))
def test_levels_and_noise_are_no_teeth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.repeat(rng.uniform(0, 1, 200), rng.integers(3, 12, 200))
    assert saw_teeth(*read(*spans(seed), lambda t, a, b: steps[:N])) is None
    assert saw_teeth(*read(*spans(seed), lambda t, a, b: rng.uniform(0, 1, N))) is None


def test_of_varied_moments_nothing_is_to_be_found() -> None:
    start, end = spans(1)
    t = (np.arange(N) + np.random.default_rng(1).random(N)) / 10
    trace = from_samples(np.rint(t * NS).astype(np.int64), 3 + RISE * np.mod(t / 0.103, 1))
    first = np.searchsorted(t, start, side="right")
    assert saw_teeth(trace, first, np.searchsorted(t, end, side="right") - first) is None


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 1.7, 8.0])
def test_what_a_stretch_of_teeth_varies_by(share: float) -> None:
    """Of ramps from −1 to 1 that last 2 s, summed over stretches that begin anywhere."""
    fine = np.linspace(0, 1, 20_001)
    whole = 2 * (fine**2 - fine)  # ∫ of 2u − 1 over 2 s
    begin = np.random.default_rng(1).random(20_000)
    sums = np.interp(np.mod(begin + share, 1), fine, whole) - np.interp(begin, fine, whole)
    left = float(Teeth(2.0, 2.0).left_over(np.array([2 * share]))[0])
    if share <= 0.5:
        assert left == pytest.approx(float(sums.std()), rel=0.03)
    assert float(sums.std()) <= left * 1.03


def test_events_close_together_meet_the_same_part_of_a_tooth() -> None:
    teeth, lengths = Teeth(2.0, 100.0), np.full(16, 1.0)
    one = float(teeth.left_over(lengths)[0])
    assert one == pytest.approx(2.0 * 1.0 * 0.99 / math.sqrt(12))
    assert teeth.left_in_all(lengths, 40.0) == pytest.approx((16 * one) ** 2)
    assert teeth.left_in_all(lengths, 1e6) == pytest.approx(16 * one**2)
