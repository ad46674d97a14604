"""Which events a recording covers; of others no energy is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral

Times = NDArray[np.int64]


def is_covered(integral: Integral, start_ns: Times, end_ns: Times) -> NDArray[np.bool_]:
    """Return which events lie between the first and the last reading, of which each stands for an interval more.

    Args:
        integral: The running integral of a trace.
        start_ns, end_ns: Of the events, shape (n,).
    """
    slack = integral.trace.interval_ns
    found: NDArray[np.bool_] = (start_ns >= integral.start_ns - slack) & (end_ns <= integral.end_ns + slack)
    return found
