"""A channel's raw codes as a trace: scale and offset, the stored calibration, counters unwrapped: what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.signals.decoding import from_samples, read_channel
from powermeter.source import REPEAT

S = 1_000_000_000

TIMES = np.arange(6) * S


def channel(kind: Kind = Kind.INSTANT, quantity: Quantity = Quantity.POWER, **more) -> Channel:
    return Channel("in.x", quantity, 0.5, Rail("IN"), kind, **more)


def test_a_plug_that_repeats_itself_for_long_is_not_bridged() -> None:
    """2.3 W for 12 s, then 20 W for 5 s: 127.6 J, not the 343 J of a line from the first row to the first new one."""
    codes = [2] * 12 + [20] * 6
    flags = np.array([0, *[REPEAT] * 11, 0, *[REPEAT] * 5], np.uint8)
    times = np.arange(18) * S
    trace = read_channel(channel(), times, 2 * np.array(codes, np.int64), flags, origin="m/in.x")
    assert trace is not None
    joules = float(np.trapezoid(trace.values, trace.times_ns) / S)
    assert joules == pytest.approx(2 * 11 + 11 + 20 * 5, abs=10)


def test_time_that_runs_backwards_and_columns_that_do_not_match_are_refused() -> None:
    with pytest.raises(DataError, match="backwards"):
        from_samples(np.array([2, 1]), np.ones(2))
    with pytest.raises(DataError, match="do not go with"):
        from_samples(np.array([1, 2]), np.ones(3))
