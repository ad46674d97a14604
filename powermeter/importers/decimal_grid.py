"""Turns the numbers of a log into integer codes with one scale, so that no digit is lost.

A recording stores integers.  A column of `5964.67, 5924.10` is 596467, 592410 times 0.01: the decimal
grid is found, and it is used only if every code reproduces the very float that was read.  Columns that
fit no decimal grid (computed values with 17 digits, binary floats) get a binary grid, which is exact
too unless they span more than 62 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Kind

_MAX_DECIMALS = 15
_EXACT = 2.0**53
_CODE_BITS = 62
_MOST_PLACES = 1000  # 2^-1074 is the smallest float there is
_FINEST = 1e-9  # of a unit as written: finer grids are digits of a float
_DISPLAYS = (25, 5, 2)  # of the last digit written, that a display counts by
_LEAST_RISES = 8  # differences that all are even by chance once in 256


def integer_codes(values: NDArray[np.floating]) -> tuple[NDArray[np.int64], float]:
    """Return (codes, scale) with value = code × scale.

    Args:
        values: float32 or float64, shape (n,); NaN and infinities become `MISSING`.

    The scale is 10^-d with the smallest d ≤ 15 for which code / 10^d is the value to the last bit (in
    the values' own type), else 2^-k with the smallest k that is exact, else, where the values span
    more than 62 bits, the 2^-k that puts the rounding at 2^-62 of the largest.
    """
    grid = DecimalGrid()
    grid.add(values)
    return grid.codes(values), grid.scale


@dataclass(slots=True)
class DecimalGrid:
    """The grid that all values of a column lie on, found block by block before the codes are made.

    Attributes:
        decimals: Fewest decimals that fit so far; None once no decimal grid does.
        largest: Largest magnitude so far.
        low, high: Binary places of the lowest and the highest bit so far, or None.
        common: Greatest common divisor of the differences between neighbours, in codes of `decimals`.
        of_all: Greatest common divisor of the values themselves, in the same codes.
        rises: How many of those differences are above 0.
        varied: Whether they are not all alike.
    """

    decimals: int | None = 0
    largest: float = 0.0
    low: int | None = None
    high: int | None = None
    common: int = 0
    of_all: int = 0
    rises: int = 0
    varied: bool = False

    def add(self, values: NDArray[np.floating]) -> None:
        """Look at some values of the column."""
        kept = values[np.isfinite(values)]
        if not len(kept):
            return
        self.largest = max(self.largest, float(np.abs(kept).max()))
        self._add_bits(kept)
        if self.decimals is None:
            return
        decimals: int | None = max(self.decimals, _decimals_at_least(kept[:256]))
        while decimals is not None and _on_decimal_grid(kept, decimals) is None:
            decimals = decimals + 1 if decimals < _MAX_DECIMALS else None
        if decimals is not None:
            self._add_differences(
                np.rint(kept.astype(np.float64) * 10.0**decimals).astype(np.int64), decimals
            )
        self.decimals = decimals

    def _add_differences(self, codes: NDArray[np.int64], decimals: int) -> None:
        finer = 10 ** (decimals - (self.decimals or 0))
        self.of_all = math.gcd(self.of_all * finer, int(np.gcd.reduce(codes)))
        change = np.diff(codes)
        change = change[change >= 0]  # a counter that began again lost what it had
        if not len(change):
            return
        self.common = math.gcd(self.common * finer, int(np.gcd.reduce(change)))
        self.rises += int(np.count_nonzero(change))
        self.varied = self.varied or bool((change != change[0]).any())

    def per_step(self, kind: Kind) -> int:
        """Return how many codes a step of the instrument is: 1 where nothing coarser shows; 0 where the grid is not a step.

        A counter of 100 J writes 1700, 1800, 1800: every difference is a multiple of its step.  Differences that are all alike are
        those of a steady load.  A display that counts by twos or fives writes multiples of those only.
        """
        if self.scale < _FINEST:
            return 0
        if not (self.is_decimal and self.varied and self.rises >= _LEAST_RISES):
            return 1
        if kind is Kind.COUNTER:
            return max(self.common, 1)
        return next((by for by in _DISPLAYS if self.of_all % by == 0), 1)

    def _add_bits(self, kept: NDArray[np.floating]) -> None:
        bounds = _bit_bounds(kept)
        if bounds is not None:
            self.low = bounds[0] if self.low is None else min(self.low, bounds[0])
            self.high = bounds[1] if self.high is None else max(self.high, bounds[1])

    @property
    def is_decimal(self) -> bool:
        """Whether every value is a whole number of 10^-decimals."""
        return self.decimals is not None and self.largest * 10.0**self.decimals < _EXACT

    @property
    def places(self) -> int:
        """Binary places of the grid that is used where no decimal one fits."""
        if self.low is None or self.high is None:
            return 0
        return min(max(-self.low, 0), _CODE_BITS - self.high, _MOST_PLACES)

    @property
    def scale(self) -> float:
        """Value per code."""
        if self.is_decimal:
            return 10.0**-self.decimals if self.decimals else 1.0
        return math.ldexp(1.0, -self.places)

    def leave_room_for_sum(self, count: int) -> None:
        """Coarsen the grid, where it must be, so that the sum of `count` values still is a code."""
        bits = max(count, 1).bit_length()
        if self.is_decimal and self.largest * 10.0 ** (self.decimals or 0) * count < 2.0**_CODE_BITS:
            return
        if not self.is_decimal:
            self.high = None if self.high is None else self.high + bits
        else:
            self.decimals = None
            self.high = None if self.high is None else max(self.high + bits, _CODE_BITS - 60)

    def codes(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the codes of some values that were added; NaN and infinities become `MISSING`."""
        good = np.isfinite(values)
        codes = np.full(len(values), MISSING, np.int64)
        wide = values[good].astype(np.float64)
        if self.is_decimal:
            codes[good] = np.rint(wide * 10.0 ** (self.decimals or 0)).astype(np.int64)
        else:
            codes[good] = np.rint(np.ldexp(wide, self.places)).astype(np.int64)
        return codes


def _decimals_at_least(sample: NDArray[np.floating]) -> int:
    """Return the fewest decimals that fit the first values; the search over all starts there."""
    for decimals in range(_MAX_DECIMALS + 1):
        if _on_decimal_grid(sample, decimals) is not None:
            return decimals
    return _MAX_DECIMALS + 1


def _on_decimal_grid(values: NDArray[np.floating], decimals: int) -> NDArray[np.int64] | None:
    factor = 10.0**decimals
    with np.errstate(over="ignore"):
        scaled = np.rint(values.astype(np.float64) * factor)
    if not (np.abs(scaled) < _EXACT).all():
        return None
    if not ((scaled / factor).astype(values.dtype) == values).all():
        return None
    return scaled.astype(np.int64)


def _bit_bounds(values: NDArray[np.floating]) -> tuple[int, int] | None:
    """Return the binary places of the lowest bit set in any value and of the highest; None for zeros only."""
    nonzero = values[values != 0].astype(np.float64)
    if not len(nonzero):
        return None
    mantissa, exponent = np.frexp(nonzero)
    whole = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    low_bit = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    return int((exponent - 53 + low_bit).min()), int(exponent.max())


def float_or_nan(text: str) -> float:
    """Return the number a field states, or NaN for one that is blank, a dash or no number.

    Underscores, hexadecimal and the words Python's `float` knows are not numbers here.
    """
    text = text.strip()
    if not text or text[-1] not in "0123456789." or "_" in text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan
