"""Where the instrument was at the upper end of its range, nothing bounds from above what was drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.signals.trace import Trace


def is_clipped(
    trace: Trace, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]
) -> NDArray[np.bool_] | None:
    """Return which of the intervals hold a saturated reading, their edges included; None where no reading is saturated."""
    clipped = trace.saturated_ns
    if clipped is None or not clipped.size:
        return None
    before, upto = (
        np.searchsorted(clipped, start_ns, side="left"),
        np.searchsorted(clipped, end_ns, side="right"),
    )
    return np.asarray(upto > before)
