"""Where the instrument was at the upper end of its range, nothing bounds from above what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Stamps = NDArray[np.int64]


def open_above(trace: Trace, start_ns: Stamps, end_ns: Stamps, above: Floats) -> Floats:
    """Return what each interval's energy may be more than found, in J: inf where it holds a saturated reading, its edges included.

    Args:
        trace: Its saturated readings count.
        start_ns, end_ns: Of the intervals.
        above: What they may be more without that.
    """
    clipped = trace.saturated_ns
    if clipped is None or not clipped.size:
        return above
    before = np.searchsorted(clipped, start_ns, side="left")
    upto = np.searchsorted(clipped, end_ns, side="right")
    return np.where(upto > before, np.inf, above)
