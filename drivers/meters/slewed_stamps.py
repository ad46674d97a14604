"""Stamps that follow a better estimate of an instrument's clock smoothly: time between samples is stretched or squeezed, never stepped."""

from __future__ import annotations

SLEW = 0.1
"""By this share at most: an estimate that is off by 5 ms is reached in 50 ms, and no sample's energy changes by more meanwhile."""


def slewed(at_ns: int, nominal_ns: float, passed_ns: float) -> int:
    """Return the stamp of a sample, in ns.

    Args:
        at_ns: Where the clock is now estimated to put it.
        nominal_ns: Where the sample before and the instrument's own time since put it.
        passed_ns: That time.
    """
    most = SLEW * passed_ns
    return round(min(max(at_ns, nominal_ns - most), nominal_ns + most))
