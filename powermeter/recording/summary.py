"""Count, minimum, maximum and mean of a stretch of samples, from which an overview is drawn.

One entry per channel of the source, then one per *product*: the voltage × current of a rail that has
both and no power channel.  Values are in raw codes (products: code × code), so that a later
calibration still applies.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.errors import DataError

_ENTRY = struct.Struct("<Iddd")

FAN_OUT = 60
"""How many stretches of one level make one of the next."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Count, minimum, maximum and mean of one channel or product; NaN where the count is 0."""

    count: int
    low: float
    high: float
    mean: float


def products(channels: Sequence[Channel]) -> list[tuple[int, int]]:
    """Return the (voltage, current) positions of each rail that has both but no power."""
    by_rail: dict[str, dict[Quantity, int]] = {}
    for position, channel in enumerate(channels):
        if channel.rail is not None:
            by_rail.setdefault(channel.rail.name, {}).setdefault(channel.quantity, position)
    return [
        (found[Quantity.VOLTAGE], found[Quantity.CURRENT])
        for found in by_rail.values()
        if Quantity.VOLTAGE in found and Quantity.CURRENT in found and Quantity.POWER not in found
    ]


def summarise(codes: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> bytes:
    """Return the packed summary of one chunk of codes, shape (n, channels)."""
    entries = [_of(codes[:, position]) for position in range(codes.shape[1])]
    for voltage, current in pairs:
        left, right = codes[:, voltage], codes[:, current]
        both = (left != MISSING) & (right != MISSING)
        entries.append(_of(left[both].astype(np.float64) * right[both]))
    return pack(entries)


def _of(column: NDArray[np.int64] | NDArray[np.float64]) -> Stretch:
    if column.dtype == np.int64:
        column = column[column != MISSING]
    if column.size == 0:
        return Stretch(0, np.nan, np.nan, np.nan)
    return Stretch(column.size, float(column.min()), float(column.max()), float(column.mean()))


def pack(entries: Sequence[Stretch]) -> bytes:
    """Return the bytes of some entries."""
    return b"".join(_ENTRY.pack(e.count, e.low, e.high, e.mean) for e in entries)


def unpack(data: bytes) -> list[Stretch]:
    """Take `pack`'s bytes apart.

    Raises:
        DataError: They are no whole number of entries.
    """
    if len(data) % _ENTRY.size:
        raise DataError("a summary is cut short")
    return [Stretch(*fields) for fields in _ENTRY.iter_unpack(data)]


def merge(summaries: Sequence[bytes]) -> bytes:
    """Return the summary of several stretches of one source together."""
    merged = []
    for entries in zip(*map(unpack, summaries), strict=True):
        present = [entry for entry in entries if entry.count]
        count = sum(entry.count for entry in present)
        if not count:
            merged.append(Stretch(0, np.nan, np.nan, np.nan))
            continue
        merged.append(
            Stretch(
                count,
                min(entry.low for entry in present),
                max(entry.high for entry in present),
                sum(entry.mean * entry.count for entry in present) / count,
            )
        )
    return pack(merged)
