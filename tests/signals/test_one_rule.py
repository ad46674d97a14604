"""Readings of different kinds are added as mean powers; each keeps the energy it had."""

import numpy as np
import pytest

from powermeter.channel import Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.signals.one_rule import alike, mean_power
from powermeter.signals.trace import Trace
from powermeter.signals.trace_arithmetic import total

TIMES = np.cumsum([0, 10, 10, 13, 7, 10, 10, 20, 10]).astype(np.int64) * 10**8
VALUES = np.array([1.0, 4, 2, 8, 5, 7, 1, 3, 6])


def trace(kind, quantity=Quantity.POWER, values=VALUES, times=TIMES):
    return Trace(times, values, quantity, kind, Rail("r"))


def energy(found):
    steps = np.diff(np.concatenate(([TIMES[0]], found.times_ns))) / 1e9
    return float((found.values * steps).sum())


@pytest.mark.parametrize(
    ("kind", "quantity", "wanted"),
    [
        (Kind.INSTANT, Quantity.POWER, float(((VALUES[1:] + VALUES[:-1]) / 2 * np.diff(TIMES) / 1e9).sum())),
        (Kind.HELD, Quantity.POWER, float((VALUES[:-1] * np.diff(TIMES) / 1e9).sum())),
        (Kind.COUNTER, Quantity.ENERGY, 5.0),
    ],
)
def test_the_energy_stays_what_it_was(kind, quantity, wanted):
    found = mean_power(trace(kind, quantity))
    assert found.kind is Kind.MEAN and found.quantity is Quantity.POWER
    assert energy(found) == pytest.approx(wanted)


def test_two_steps_at_one_time_of_a_counter_are_both_counted():
    times = np.array([0, 1, 1, 2], np.int64) * 10**9
    found = mean_power(trace(Kind.COUNTER, Quantity.ENERGY, np.array([0.0, 1, 5, 6]), times))
    assert float(
        (found.values * np.diff(np.concatenate(([0], found.times_ns))) / 1e9).sum()
    ) == pytest.approx(6)


def test_joules_and_watts_are_never_added_as_numbers():
    counter = trace(Kind.COUNTER, Quantity.ENERGY, np.arange(9.0) * 10, np.arange(9, dtype=np.int64) * 10**9)
    power = trace(Kind.INSTANT, Quantity.POWER, np.full(9, 20.0), np.arange(9, dtype=np.int64) * 10**9)
    found = total(alike([counter, power]), Rail("sum"))
    assert found.values == pytest.approx(np.full(8, 30.0))


def test_one_rule_for_all_leaves_them_as_they_are():
    same = [trace(Kind.INSTANT), trace(Kind.INSTANT)]
    assert alike(same) == same


def test_a_single_time_has_no_steps():
    with pytest.raises(DataError, match="no two readings"):
        mean_power(trace(Kind.INSTANT, values=VALUES[:1], times=TIMES[:1]))
