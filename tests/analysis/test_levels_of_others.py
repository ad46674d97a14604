"""Labels whose events overlap: a level that another label's marks explain is no image of a fast wave."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.levels_of_others import made_by_others
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.windows import Windows
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

MS = 1_000_000


def stretches(rng: np.random.Generator, n: int, shortest: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of n events with pauses at random, ms."""
    lasts, waits = rng.integers(shortest, longest, n), rng.integers(700, 2700, n)
    start = 1000 + np.cumsum(waits) + np.concatenate([[0], np.cumsum(lasts[:-1])])
    return start, start + lasts


def decode_and_upload(seed: int, interval_ms: int) -> tuple[Windows, float]:
    """Return what is found of 18 events at 4 W over 2 W, while others of 1.5 W come and go, and the mean energy of the former."""
    rng = np.random.default_rng(seed)
    a, b = stretches(rng, 18, 1000, 3000), stretches(rng, 26, 500, 2000)
    watts = np.full(int(max(a[1][-1], b[1][-1])) + 1000, 2.0)
    for (start, end), more in ((a, 4.0), (b, 1.5)):
        for first, last in zip(start, end, strict=True):
            watts[first:last] += more
    stamps = np.arange(rng.integers(0, interval_ms), watts.size, interval_ms)
    stamps = np.clip(stamps + rng.integers(-2, 3, stamps.size), 0, watts.size - 1)
    values = watts[stamps] + rng.normal(0, 0.005, stamps.size)
    trace = from_samples(stamps * MS, values, noise=0.005)
    group = np.repeat([0, 1], [18, 26])
    found = measure(
        Integral.of(trace), np.concatenate([a[0], b[0]]) * MS, np.concatenate([a[1], b[1]]) * MS, group
    )
    truth = float(np.mean([watts[first:last].sum() * 1e-3 for first, last in zip(*a, strict=True)]))
    return found, truth


@pytest.mark.thorough
@pytest.mark.parametrize("interval_ms", [50, 200])
def test_events_over_which_others_come_and_go_are_measured(interval_ms: int) -> None:
    for seed in range(6):
        found, truth = decode_and_upload(seed, interval_ms)
        mean = found.combine_of(np.arange(18), np.full(18, 1 / 18), "all")
        assert mean.low <= truth <= mean.high, f"seed {seed}"
        assert mean.high - mean.low < 0.03 * truth, f"seed {seed}"
        assert mean.grade is Grade.MEASURED or interval_ms == 200, f"seed {seed}"


def seen(upper: np.ndarray, own: tuple[int, int], other: tuple[np.ndarray, np.ndarray]) -> bool:
    """Return whether levels of readings each 100 ms, in one event, are found to be another label's doing."""
    stamps = 100 * np.arange(upper.size)
    starts, ends = np.append(other[0], own[0]), np.append(other[1], own[1])
    group = np.append(np.ones(other[0].size, np.int64), 0)
    edges = np.array([own[0]]) * MS, np.array([own[1]]) * MS
    inside = np.array([own[0] // 100]), np.array([(own[1] - own[0]) // 100])
    marks = Labels(starts * MS, ends * MS, group), 0
    return made_by_others(stamps * MS, np.where(upper, 7.5, 6.0), 100 * MS, inside, edges, marks)


def test_the_level_has_to_follow_the_marks() -> None:
    """Ten others of 2 s in 40 s: a level that is up while they run is theirs, one that begins two seconds later is not."""
    starts = 1000 + 4000 * np.arange(10)
    t = 100 * np.arange(420)
    runs = np.any((t >= starts[:, None]) & (t < starts[:, None] + 2000), axis=0)
    assert seen(runs, (0, 41_000), (starts, starts + 2000))
    assert seen(~runs, (0, 41_000), (starts, starts + 2000))
    assert not seen(np.roll(runs, 10), (0, 41_000), (starts, starts + 2000))


def test_frames_that_readings_keep_step_with_explain_nothing() -> None:
    """Marked frames, 4 ms of each 20: readings that meet them half of the time see another share of it than the frames have."""
    starts = 20 * np.arange(2000)
    slow = (np.arange(400) // 50) % 2 == 0
    shifted = starts + np.repeat(np.where(slow, 0, 10), 5)[: starts.size]
    assert not seen(slow, (0, 40_000), (shifted, shifted + 4))
