"""What a restarted counter shows more than the rates beside the restart is paid for, and what was bridged is an estimate."""

import numpy as np
import pytest

from powermeter.analysis.holes import bridged_much, bridging_errors
from powermeter.analysis.integral import Integral
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.signals.decoding import read_channel

SECOND = 1_000_000_000


def counter(codes):
    channel = Channel("in.energy", Quantity.ENERGY, 1.0, Rail("in"), kind=Kind.COUNTER)
    times = np.arange(len(codes), dtype=np.int64) * SECOND
    trace = read_channel(channel, times, np.array(codes, np.int64), None, origin="m/in.energy")
    assert trace is not None
    return Integral.of(trace)


def test_what_it_counted_since_is_in_the_interval():
    """12 s of 10 J/s; then the counter shows 500 J of which 10 J are explained; as much may have been lost before."""
    found = counter([*range(50_000, 50_120, 10), *range(500, 620, 10)])
    assert found.running[-1] == pytest.approx(11 * 10 + 500 + 11 * 10)
    assert 1.96 * float(bridging_errors(found)[0]) > 490


def test_a_restart_that_carries_a_tenth_makes_an_estimate():
    span = np.array([0], np.int64)
    few = counter([*range(50_000, 50_040, 10), 0, 10, 20])
    assert bridged_much(few, span, np.array([6 * SECOND], np.int64))
    many = counter([*range(50_000, 50_400, 10), *range(0, 400, 10)])
    assert not bridged_much(many, span, np.array([79 * SECOND], np.int64))
