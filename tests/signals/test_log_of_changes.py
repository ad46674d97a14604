"""Readings that stand until the next: a log of changes is a sum of steps, readings at even times are readings."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples
from powermeter.signals.log_of_changes import standing
from powermeter.signals.trace import Trace
from powermeter.source import Gap

S = 1_000_000_000


def held(seconds: list[float], watts: list[float]) -> Trace:
    times = np.array([round(s * S) for s in seconds], np.int64)
    return from_samples(times, np.array(watts, float), Quantity.POWER, kind=Kind.HELD)


def test_a_log_of_changes_is_the_running_total_of_its_steps():
    # 12 s at 2.3 W, 5 s at 20 W, 30 s at 2.3 W: 27.6 + 100 + 69 J, not the 255 J of a trapezoid.
    found = standing(held([0, 12, 17, 47], [2.3, 20.0, 2.3, 2.3]))
    assert found.kind is Kind.COUNTER and found.quantity is Quantity.ENERGY
    at = np.searchsorted(found.times_ns, np.array([0, 12, 17, 47]) * S)
    assert found.values[at].tolist() == pytest.approx([0.0, 27.6, 127.6, 196.6])
    # Stamps lie on a grid of 1 s: so do the even times at which the total is read off.
    assert len(found) == 48 and found.interval_ns == S


def test_a_window_that_no_change_begins_or_ends_is_its_share_of_each_step():
    # Two rows at each change, as a log of states is imported; 5 s at 2.3 W, 5 s at 20 W and 8 s at 2.3 W are 129.9 J.
    found = standing(held([0, 12, 12, 17, 17, 47], [2.3, 2.3, 20.0, 20.0, 2.3, 2.3]))
    window = np.array([7 * S]), np.array([25 * S])
    result = measure(Integral.of(found), *window).result(0)
    assert result is not None and result.value == pytest.approx(129.9)
    assert result.half_width < 0.15 * result.value


def test_what_a_log_of_changes_leaves_out_is_paid_for():
    # Mean 196.6 J / 47 s = 4.183 W; 5 % of it is less than the smallest change, 17.7 W.
    unlogged = 0.05 * 196.6 / 47 / 12**0.5 * (12**2 + 5**2 + 30**2) ** 0.5
    # Stamps on a grid of 1 s: each of the two changes up to 1 s late.
    late = 1 / 12**0.5 * (2 * 17.7**2) ** 0.5
    (error,) = [
        e
        for e in standing(held([0, 12, 17, 47], [2.3, 20.0, 2.3, 2.3])).errors
        if e.key.startswith("model:log")
    ]
    assert error.absolute == pytest.approx((unlogged**2 + late**2) ** 0.5 / 47)


def test_a_ramp_that_was_logged_in_steps_is_paid_for():
    """From 10 to 14 W at 1 W in 1, 4, 2 and 8 s, as changes of 1 W: each stood below the ramp by half a watt.

    7.5 J in 15 s of it: the total reaches 1.96/1.5 times as far.  Written again while they stand, they are the same.
    """
    times, watts = [0, 1, 5, 7, 15, 60], [10.0, 11.0, 12.0, 13.0, 14.0, 14.0]
    again = [0, 1, 1, 5, 5, 7, 7, 15, 15, 60], [10.0, 10.0, 11.0, 11.0, 12.0, 12.0, 13.0, 13.0, 14.0, 14.0]
    unlogged = 0.05 * 812 / 60 / 12**0.5 * (1**2 + 4**2 + 2**2 + 8**2 + 45**2) ** 0.5
    late = 1 / 12**0.5 * 2
    for log in ((times, watts), again):
        (error,) = standing(held(*log)).errors
        of_ramp = (error.absolute * 60) ** 2 - unlogged**2 - late**2
        assert of_ramp == pytest.approx((7.5 / 1.5) ** 2 + 7.5**2 / 3)
    (plain,) = standing(held([0, 12, 17, 47, 52, 90], [2.0, 20.0, 2.0, 20.0, 2.0, 2.0])).errors
    jumps = 1 / 12**0.5 * 36 + 0.05 * 3.8 / 12**0.5 * 60  # a load that jumps up and down is no ramp
    assert plain.absolute * 90 < jumps


def test_readings_at_even_times_stay_readings_of_an_instant():
    found = standing(held([float(i) for i in range(20)], [2.0, 20.0] * 10))
    assert found.kind is Kind.INSTANT and found.quantity is Quantity.POWER and len(found) == 20


def test_one_reading_is_no_total():
    assert standing(held([0.0], [2.0])).kind is Kind.INSTANT


def test_a_state_that_is_no_rate_is_not_summed():
    times = np.array([0, 12 * S, 17 * S], np.int64)
    volts = from_samples(times, np.array([5.0, 4.9, 5.1]), Quantity.VOLTAGE, kind=Kind.HELD)
    assert standing(volts).kind is Kind.INSTANT


def test_a_stretch_in_which_the_state_was_unknown_is_no_part_of_a_total():
    times = np.array([0, 60 * S, 120 * S, 180 * S], np.int64)
    gap = Gap(60 * S, 120 * S, "unknown")
    trace = from_samples(
        times, np.array([12.5, 12.5, 14.5, 12.5]), Quantity.POWER, kind=Kind.HELD, gaps=(gap,)
    )
    found = standing(trace)
    assert found.kind is Kind.INSTANT and found.gaps == (gap,)
    # 14.5 W stands to just before the next stamp.
    assert found.values[found.times_ns == 180 * S - 1].tolist() == [14.5]


def test_a_display_that_is_asked_more_often_than_it_refreshes_is_no_log_of_changes():
    # Two rows a reading, as held states are stored: ten readings a second of a display that changes once a second.
    t = np.repeat(np.arange(300) / 10, 2)[1:-1]
    watts = np.repeat(np.repeat(np.random.default_rng(1).uniform(1, 9, 30), 10), 2)[:-2]
    found = standing(held(t.tolist(), watts.tolist()))
    assert found.kind is Kind.INSTANT and found.interval_ns == S // 10
    # The same rows, each of another value, are a log of changes at even times.
    watts = np.repeat(np.random.default_rng(1).uniform(1, 9, 300), 2)[:-2]
    assert standing(held(t.tolist(), watts.tolist())).kind is Kind.COUNTER
