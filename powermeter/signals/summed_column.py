"""A column of readings of which the sum is kept and some are held."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.growing_column import Growing

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class SummedColumn:
    """A series of values whose sum is kept: a channel, or voltage × current.

    Attributes:
        kind: How its readings relate to time.
        total, last: The running integral and the value of the last reading so far.
        values, sums: Piece by piece, at the readings that are held.
    """

    kind: Kind
    total: float = 0.0
    last: float | None = None
    values: Growing = field(default_factory=lambda: Growing(np.float64))
    sums: Growing = field(default_factory=lambda: Growing(np.float64))

    def add(self, values: Floats, half_steps: Floats, kept: NDArray[np.int64]) -> None:
        """Take the next piece; `half_steps` are half of the seconds since the reading before each; the last reading is held."""
        if self.kind is Kind.MEAN:
            area = values * half_steps
            area *= 2.0
        else:
            area = np.empty(values.size)
            np.add(values[1:], values[:-1], out=area[1:])
            area[0] = values[0] + (self.last if self.last is not None else values[0])
            area *= half_steps
        heads = np.append(0, kept[:-1] + 1)
        sums = np.add.reduceat(area, heads)
        sums[0] += self.total
        np.add.accumulate(sums, out=sums)
        self.total, self.last = float(sums[-1]), float(values[-1])
        self.values.add(values[kept])
        self.sums.add(sums)
