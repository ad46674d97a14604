"""What becomes of readings that a driver declares to be means over a window: of a longer one than the interval, the means of each interval.

How they are computed is in `deconvolution.py`; means whose window nobody states are looked for in `analysis/smoothing_instrument.py`.
"""

from __future__ import annotations

from dataclasses import replace

from powermeter.channel import Kind
from powermeter.signals.deconvolution import unfolded
from powermeter.signals.trace import Trace

_ABOUT_ONE = 0.2
"""A window that differs from the interval by less of it is the interval: its readings abut."""


def without_window(trace: Trace, window_ns: int | None) -> Trace:
    """Return a mean over a window that is not the sample interval as means over the interval.

    Where that cannot be, or the window is shorter than the interval, it is shifted to the window's middle.
    """
    if trace.kind is not Kind.MEAN or not window_ns:
        return trace
    interval = trace.interval_ns
    if interval and abs(window_ns - interval) <= _ABOUT_ONE * interval:
        return trace
    if window_ns > interval > 0 and (found := unfolded(trace, window_ns)) is not None:
        return found
    half = window_ns // 2
    gaps = tuple(replace(g, start_ns=g.start_ns - half, end_ns=g.end_ns - half) for g in trace.gaps)
    return replace(trace, times_ns=trace.times_ns - half, gaps=gaps, kind=Kind.INSTANT, window_ns=window_ns)
