"""Means whose stamps are late by turns, by hand: what their sum leaves open."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.means_by_turns import by_turns, late_share, long_step, open_by_turns
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 10**9
ROWS = 41


def means(values: np.ndarray, late_s: float) -> Trace:
    """Means of each second, of which every second one is stamped late."""
    stamps = np.arange(ROWS) + late_s * (np.arange(ROWS) % 2)
    return from_samples(np.rint(stamps * NS).astype(np.int64), values, kind=Kind.MEAN, noise=0.001)


def test_steps_that_take_turns_do_and_even_or_jittered_ones_do_not():
    rng = np.random.default_rng(1)
    assert by_turns(means(np.ones(ROWS), 0.3).times_ns)
    assert late_share(means(np.ones(ROWS), 0.3)) == pytest.approx(0.3)
    assert late_share(means(np.ones(ROWS), 0.0)) == 0.0
    assert not by_turns(np.rint((np.arange(400) + rng.uniform(0, 0.4, 400)) * NS).astype(np.int64))


def test_half_a_long_step_stands_for_an_edge_where_steps_take_turns():
    """Of 40 steps of 1.3 and 0.7 s the median is 1 s; two rows to a stamp have none, and no turns are asked for."""
    assert long_step(means(np.ones(ROWS), 0.3)) == pytest.approx(1.3 / 2)
    assert long_step(means(np.ones(ROWS), 0.0)) == 1.0
    doubled = from_samples(np.arange(40, dtype=np.int64) // 2 * NS, np.ones(40), noise=0.001)
    assert by_turns(doubled.times_ns) and not doubled.interval_ns and long_step(doubled) == 1.0


def test_a_run_of_means_reaches_from_the_sum_as_stamped_to_that_of_even_rows():
    """Late rows of 9 W and others of 1 W: 20 long steps of 1.3 s and 20 short ones of 0.7 s make 248 J, even ones 200."""
    values = np.where(np.arange(ROWS) % 2, 9.0, 1.0)
    trace = means(values, 0.3)
    start, end = int(trace.times_ns[0]), int(trace.times_ns[-1])
    energy = measure_run(Integral.of(trace)).energy
    assert energy.value == pytest.approx(
        1 + 20 * (9 * 1.3 + 1 * 0.7)
    )  # the first row is of the second before it
    # The first and the last row have one neighbour, and stay.
    assert open_by_turns(trace, start, end) * 1.7 == pytest.approx(48, rel=0.05)
    assert energy.low <= 1 + 20 * 9 + 20 * 1 <= energy.high
    assert energy.half_width < 1.3 * 48


def test_a_level_load_leaves_nothing_open():
    trace = means(np.full(ROWS, 5.0), 0.3)
    assert open_by_turns(trace, int(trace.times_ns[0]), int(trace.times_ns[-1])) < 0.2 * 5
