"""What the numbers of a column show, block by block: falls and rises, marks that stand for "none", readings that no supply can have."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.recording.counter_wraps_and_resets import falls_to_almost_nothing

_SENTINELS = (
    -1.0,
    -2.0,
    -256000.0,
    -999.0,
    -9999.0,
    -32768.0,
    65535.0,
    4294967295.0,
    2147483647.0,
    -2147483648.0,
)

_KEPT = 512
_FEWEST_BEHIND = 4
_UNLIKE = 20
"""How often the largest of the later steps a first step from 0 is at least where 0 stood for "none"."""


@dataclass(slots=True)
class Statistics:
    """What has been seen of a column, block by block.

    Attributes:
        count: Numbers seen.
        falls, rises: Steps down and up from one number to the next of the same device.
        smallest, largest: Of all numbers.
        first, last: In the order of the log.
        top: The largest magnitudes, at most 512, unsorted.
        sentinels: Value → how often, of those that often mean "none".
        negative, fractions: Numbers below 0, and numbers that are not whole.
        flows_in, flows_out: The sums of what is below 0, as a magnitude, and above.
        to_zero: Steps down to less than a twentieth of the value before.
        fallen_to: The highest number that a step down ended at.
        largest_rise: Of all steps up.
        real_falls: Steps down from one number that is not 0 to the next.
    """

    count: int = 0
    falls: int = 0
    rises: int = 0
    smallest: float = math.inf
    largest: float = -math.inf
    first: float = math.nan
    last: dict[int, float] = field(default_factory=dict)
    top: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    sentinels: Counter[float] = field(default_factory=Counter)
    to_zero: int = 0
    real_falls: int = 0
    last_real: dict[int, float] = field(default_factory=dict)
    negative: int = 0
    fractions: int = 0
    flows_in: float = 0.0
    flows_out: float = 0.0
    head: list[float] = field(default_factory=list)
    largest_step: float = 0.0
    largest_rise: float = 0.0
    fallen_to: float = -math.inf

    def add(self, values: NDArray[np.float64], keys: NDArray[np.int16] | None = None) -> None:
        """Look at some values; `keys` states which device each row is of."""
        good = np.isfinite(values)
        kept = values[good]
        if not len(kept):
            return
        if not self.count:
            self.first = float(kept[0])
        self.count += len(kept)
        low, high = float(kept.min()), float(kept.max())
        self.smallest, self.largest = min(self.smallest, low), max(self.largest, high)
        with np.errstate(over="ignore", invalid="ignore"):
            below = kept[kept < 0] if low < 0 else kept[:0]
            self.negative += len(below)
            against = float(-below.sum())
            self.flows_in += against
            self.flows_out += float(kept.sum()) + against
        self.fractions += int((kept != np.rint(kept)).sum())
        if len(self.head) < 4000:
            self.head.extend(kept[: 4000 - len(self.head)].tolist())
        magnitude = np.abs(kept)
        if len(magnitude) > _KEPT:
            magnitude = np.partition(magnitude, len(magnitude) - _KEPT)[-_KEPT:]
        joined = np.concatenate([self.top, magnitude])
        self.top = np.partition(joined, len(joined) - _KEPT)[-_KEPT:] if len(joined) > _KEPT else joined
        for value in _SENTINELS:
            seen = int((kept == value).sum()) if low <= value <= high else 0
            if seen:
                self.sentinels[value] += seen
        for key in np.unique(keys[good]).tolist() if keys is not None else [0]:
            self._steps(kept if keys is None else kept[keys[good] == key], key)

    def _steps(self, kept: NDArray[np.float64], key: int) -> None:
        before = self.last.get(key)
        column = kept if before is None else np.concatenate(([before], kept))
        steps = np.diff(column)
        self.falls += int((steps < 0).sum())
        self.rises += int((steps > 0).sum())
        self.to_zero += int(falls_to_almost_nothing(column[:-1], column[1:]).sum())
        if len(steps):
            self.largest_step = max(self.largest_step, float(np.abs(steps).max()))
            self.largest_rise = max(self.largest_rise, float(steps.max()))
            self.fallen_to = max(self.fallen_to, float(column[1:][steps < 0].max(initial=-math.inf)))
        self.last[key] = float(column[-1])
        real = kept[kept != 0]
        if len(real):
            self.real_falls += int((np.diff(real, prepend=self.last_real.get(key, real[0])) < 0).sum())
            self.last_real[key] = float(real[-1])

    @property
    def dips(self) -> int:
        """How often a running total shows 0 and is back above its old level behind it: nothing was read there."""
        found = self.falls - self.real_falls
        return found if found * 5 < self.falls + self.rises and self.to_zero >= found else 0

    @property
    def starts_at_none(self) -> bool:
        """Whether a running total shows 0 before its first reading: a step that none of those behind it comes near."""
        real = np.array([value for value in self.head if value])
        if self.first != 0 or len(self.last) > 1 or len(real) < _FEWEST_BEHIND:
            return False
        steps = np.abs(np.diff(real))
        return bool(real[0] > max(_UNLIKE * float(steps.max()), float(steps.sum())))

    @property
    def never_positive(self) -> bool:
        """Whether its numbers are below 0, or 0."""
        return self.negative > 0 and self.largest <= 0

    def sentinel(self, quantity: Quantity | None = None) -> list[float]:
        """Return the values that stand for "none": marks below 0 in a column that is otherwise never negative.

        A current may be −1 A, out of a battery: there it is a mark only among whole numbers.  A column of nothing
        but a mark holds no reading of any other quantity.
        """
        marks = self._below()
        everything = marks and sum(self.sentinels[value] for value in marks) == self.count
        if quantity is Quantity.CURRENT and (everything or self.fractions):
            return []
        return [] if everything and quantity is None else marks

    def unsure(self) -> list[float]:
        """Return the values of a column of currents that may stand for "none" or be readings."""
        return [] if self.sentinel(Quantity.CURRENT) else [value for value in self._below() if value >= -2.0]

    def _below(self) -> list[float]:
        marks = [value for value in self.sentinels if value < 0]
        return sorted(marks) if sum(self.sentinels[value] for value in marks) == self.negative else []
