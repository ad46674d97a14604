"""Turns the numbers of a log into integer codes with one scale, so that no digit is lost.

A recording stores integers.  A column of `5964.67, 5924.10` is 596467, 592410 times 0.01: the decimal
grid is found, and it is used only if every code gives back the very float that was read.  Columns that
fit no decimal grid (computed values with 17 digits, binary floats) get a binary grid, which is exact
too unless they span more than 62 bits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING

_MAX_DECIMALS = 15
_EXACT = 2.0**53
_CODE_BITS = 62
_MOST_PLACES = 1000  # 2^-1074 is the smallest float there is


def integer_codes(values: NDArray[np.floating]) -> tuple[NDArray[np.int64], float]:
    """Return (codes, scale) with value = code × scale.

    Args:
        values: float32 or float64, shape (n,); NaN and infinities become `MISSING`.

    The scale is 10^-d with the smallest d ≤ 15 for which code / 10^d is the value to the last bit (in
    the values' own type), else 2^-k with the smallest k that is exact, else, where the values span
    more than 62 bits, the 2^-k that puts the rounding at 2^-62 of the largest.
    """
    good = np.isfinite(values)
    codes = np.full(len(values), MISSING, np.int64)
    kept = values[good]
    if not len(kept):
        return codes, 1.0
    for decimals in range(_decimals_at_least(kept[:256]), _MAX_DECIMALS + 1):
        grid = _on_decimal_grid(kept, decimals)
        if grid is not None:
            codes[good] = grid
            return codes, 10.0**-decimals if decimals else 1.0
        if float(np.abs(kept).max()) * 10.0**decimals >= _EXACT:
            break
    power = _binary_places(kept)
    codes[good] = np.rint(np.ldexp(kept.astype(np.float64), power)).astype(np.int64)
    return codes, math.ldexp(1.0, -power)


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


def _binary_places(values: NDArray[np.floating]) -> int:
    """Return k for the grid 2^-k: the lowest bit set in any value, but at most 62 bits below the highest."""
    nonzero = values[values != 0].astype(np.float64)
    if not len(nonzero):
        return 0
    mantissa, exponent = np.frexp(nonzero)
    whole = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    low_bit = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    lowest = int((exponent - 53 + low_bit).min())
    highest = int(exponent.max())
    return min(max(-lowest, 0), _CODE_BITS - highest, _MOST_PLACES)


def float_or_nan(text: str) -> float:
    """Return the number a field says, or NaN for one that is blank, a dash or no number.

    Underscores, hexadecimal and the words Python's `float` knows are no numbers here.
    """
    text = text.strip()
    if not text or text[-1] not in "0123456789." or "_" in text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan
