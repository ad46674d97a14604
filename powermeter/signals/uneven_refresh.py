"""Powers that an instrument shows anew at uneven times, read faster than that: the rows that are new are its readings.

The others repeat one, which is as old as it has stood.  How long readings stand is what their stamps leave open, as a refresh at even times is.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.signals.meter_refresh import fresh_readings
from powermeter.signals.rows_that_stand import rows_that_stand
from powermeter.signals.trace import Trace

_STANDS = 0.45  # of rows
_UNEVEN = 0.8  # standard deviation of how long readings stand, over its mean


def at_uneven_refreshes(trace: Trace) -> Trace:
    """Return the readings that are new, where most rows repeat one at no even times; else the trace as it is."""
    if trace.kind is not Kind.INSTANT or trace.quantity is not Quantity.POWER or not trace.interval_ns:
        return trace
    standing = rows_that_stand(trace)
    if standing is None or standing.band or 1 - standing.rows.size / len(trace) < _STANDS:
        return trace
    fresh = np.zeros(len(trace), bool)
    fresh[standing.rows] = True
    stood = np.diff(trace.times_ns[standing.rows]).astype(np.float64)
    if (
        stood.std() > _UNEVEN * stood.mean()
    ):  # waits that forget themselves: a coarse instrument under a load that rests
        return trace
    found = fresh_readings(trace, 4 * (trace.end_ns - trace.start_ns), fresh)
    # An edge lies in a longer stand as a rule: weighted by its length.
    usual = float(np.sum(stood**2) / np.sum(stood))
    clock = math.hypot(trace.interval_ns / math.sqrt(12), usual / math.sqrt(12))
    return replace(found, clock_ns=clock, refresh_ns=clock)
