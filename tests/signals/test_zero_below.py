"""Meters that show 0 below a threshold: what their readings of 0 may have been, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace
from powermeter.signals.zero_below import energy_below, zero_below
from powermeter.testing.simulation import NS


def plug(values: np.ndarray, *, step: float = 0.1, noise: float = 0.0, sampling: str = "") -> Trace:
    times = np.arange(values.size, dtype=np.int64) * NS
    return Trace(
        times,
        values,
        Quantity.POWER,
        Kind.INSTANT,
        step=step,
        code=step,
        noise=noise,
        sampling=sampling,
        interval_ns=NS,
    )


def jobs(low: float = 0.0, high: float = 7.0) -> np.ndarray:
    """Four times ten seconds of each."""
    return np.tile(np.repeat([low, high], 10), 4)


def test_zeros_are_anything_up_to_the_lowest_reading() -> None:
    """A plug that shows 0 beside 2.1 to 7 W: 40 s of at most 2.1 W, but half a second at the run's start that nothing stands for."""
    values = jobs()
    values[15] = 2.1
    trace = plug(values)
    assert zero_below(trace) == 2.1
    run = energy_below(trace, np.array([0]), np.array([79 * NS]))
    assert run == pytest.approx([2.1 * 39.5])


def test_what_stands_beside_an_event_is_not_its_own() -> None:
    trace = plug(jobs())
    inside, idle = energy_below(
        trace, np.array([round(9.5 * NS), 20 * NS]), np.array([round(19.5 * NS), 29 * NS])
    )
    assert inside == 0 and idle == pytest.approx(5.0 * 10)


def test_a_heater_that_is_off_draws_a_few_watts_at_most() -> None:
    assert zero_below(plug(jobs(high=2000.0))) == 5.0


@pytest.mark.parametrize(
    ("trace", "why"),
    [
        (plug(jobs(high=0.7)), "0 and the next readings lie seven steps apart"),
        (plug(jobs(), noise=0.02), "the instrument's noise is stated"),
        (plug(jobs(), sampling="polled"), "a driver reads it"),
        (plug(jobs(low=0.1)), "nothing reads 0"),
        (plug(jobs(low=-0.2)), "readings go below 0"),
        (plug(np.concatenate([np.zeros(20), np.full(60, 7.0)])), "0 once, before it was switched on"),
    ],
)
def test_other_zeros_are_readings(trace: Trace, why: str) -> None:
    assert zero_below(trace) == 0, why
