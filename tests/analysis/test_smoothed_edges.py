"""What a window centred on its stamp puts on the other side of an edge: an eighth of step × width."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.smoothed_edges import smoothed_edges
from powermeter.signals.decoding import from_samples

NS = 10**9


def burst(window_ns: int | None) -> tuple[Integral, np.ndarray, np.ndarray]:
    """Return 6 W from 2 s to 5 s on 2 W, read each 0.1 s, and how many readings lie before its start and its end."""
    t = np.arange(0, 8 * NS, NS // 10)
    watts = np.where((t >= 2 * NS) & (t < 5 * NS), 6.0, 2.0)
    integral = Integral.of(from_samples(t, watts, window_ns=window_ns))
    return integral, integral.upto(np.array([2 * NS - 1])), integral.upto(np.array([5 * NS - 1]))


@pytest.mark.parametrize("width", [0.02, 0.04, 0.1])
def test_both_edges_of_a_burst_lose_an_eighth_of_step_times_width(width: float) -> None:
    integral, before, upto = burst(round(width * NS))
    found = smoothed_edges(integral, before, upto, np.array([6.0]), 2.0)
    assert found[0] == pytest.approx(2 * 4.0 * width / 8)
    # The same by the mean of a triangle: places of a window are a quarter of its width from its middle, on average.
    offsets = (np.arange(100_000) + 0.5) / 100_000 * width - width / 2
    assert found[0] == pytest.approx(2 * 4.0 * np.mean(np.abs(offsets)) / 2, rel=1e-6)


def test_instants_lose_nothing_and_events_in_a_row_meet_the_level_beside() -> None:
    integral, before, upto = burst(None)
    assert not smoothed_edges(integral, before, upto, np.array([6.0]), 2.0).any()
    integral, before, upto = burst(40_000_000)
    halves = smoothed_edges(
        integral,
        np.array([before[0], before[0] + 15]),
        np.array([before[0] + 15, upto[0]]),
        np.array([6.0, 6.0]),
        6.0,
    )
    assert halves.sum() == pytest.approx(2 * 4.0 * 0.04 / 8)
