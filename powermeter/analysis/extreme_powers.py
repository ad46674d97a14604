"""The lowest and the highest mean power over the length of an item, from where events begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.events_of_rows import EventsOfRows
from powermeter.analysis.windows import Windows


def extreme_powers(energy: Windows, starts: NDArray[np.int64], length: int) -> tuple[float, float]:
    """Return the lowest and the highest mean power, W, of the windows of a length in ns that lie in the run; none has (∞, −∞)."""
    integral = energy.integral
    starts = starts[(starts >= integral.start_ns) & (starts + length <= integral.end_ns)]
    powers = integral.between(starts, starts + length) / (length * 1e-9)
    return float(powers.min(initial=np.inf)), float(powers.max(initial=-np.inf))


def remember_extreme_powers(energy: Windows, repeats: EventsOfRows) -> None:
    """Find them of all rows at once, each over the median length of its items, for `next_item` to look up.

    Args:
        repeats: The events behind each row's warm-up.
    """
    index, counts, rows = repeats.index, repeats.counts, np.flatnonzero(repeats.size)
    if not rows.size:
        return
    some = counts > 0
    lasting = np.divide(energy.seconds[index], counts, out=np.zeros(index.size), where=some)
    middle = np.nan_to_num(repeats.medians(lasting, some)[rows])
    length = np.maximum(np.rint(middle * 1e9).astype(np.int64), 1)
    each = np.repeat(length, repeats.size[rows])
    starts, integral = energy.start_ns[index], energy.integral
    inside = (starts >= integral.start_ns) & (starts + each <= integral.end_ns)
    powers = integral.between(starts, starts + each) / (each * 1e-9)
    first = repeats.first[rows]
    low = np.minimum.reduceat(np.where(inside, powers, np.inf), first)
    high = np.maximum.reduceat(np.where(inside, powers, -np.inf), first)
    keys = zip(index[first].tolist(), repeats.size[rows].tolist(), length.tolist(), strict=True)
    energy.own_powers.update(zip(keys, zip(low.tolist(), high.tolist(), strict=True), strict=True))
