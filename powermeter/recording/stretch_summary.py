"""What is kept of a stretch of samples, so that overviews and integrals need not read the samples.

One entry per channel of the source, then one per *product*: the voltage × current of a rail that has
both and no power channel.  Values are in raw codes (products: code × code), so that a later
calibration still applies.  A sample counts where its code is there and it is not a repeat.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, Channel, Quantity
from powermeter.errors import DataError

FAN_OUT = 4
"""How many stretches of one level make one of the next."""

FINE = 512
"""Samples of a fine stretch, of which a chunk keeps count, minimum, maximum and mean."""

ENTRY = np.dtype(
    [
        ("count", "<i8"),
        ("first_ns", "<i8"),
        ("last_ns", "<i8"),
        ("longest_ns", "<i8"),
        ("low", "<f8"),
        ("high", "<f8"),
        ("mean", "<f8"),
        ("spread", "<f8"),
        ("change", "<f8"),
        ("first", "<f8"),
        ("last", "<f8"),
        ("left", "<f8"),
        ("right", "<f8"),
    ]
)
"""One entry of a chunk or level, in raw codes.

==================== ==================================================================================
count                samples that count; with 0 all floats are NaN and all times 0
first_ns, last_ns    the times of the first and the last of them
longest_ns           the longest distance in time between two neighbours
low, high, mean      of the codes
spread               sum of squared distances from the mean
change               sum of squared differences of neighbours
first, last          the codes of the first and the last
left                 Σ code[i] × (t[i+1] − t[i]) in code·ns: the integral where a reading holds until the next
right                Σ code[i+1] × (t[i+1] − t[i]): where it is the mean since the one before
==================== ==================================================================================

The trapezoid is (left + right) / 2.
"""

_FINE = struct.Struct("<Iddd")
_FINE_TYPE = np.dtype([("count", "<u4"), ("low", "<f8"), ("high", "<f8"), ("mean", "<f8")])


@dataclass(frozen=True, slots=True)
class StretchSummary:
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


def summarise(
    times_ns: NDArray[np.int64],
    codes: Sequence[NDArray[np.int64]],
    flags: NDArray[np.uint8],
    pairs: Sequence[tuple[int, int]],
) -> tuple[NDArray[np.void], bytes]:
    """Return the entries of one chunk (shape (channels + products,)) and its packed fine stretches.

    Args:
        times_ns: Shape (n,), never decreasing.
        codes: One column of length n for each channel.
        flags: Shape (n,).
        pairs: From `products`.
    """
    columns = _columns(codes, flags, pairs)
    entries = np.empty(len(columns), ENTRY)
    for position, (values, keep) in enumerate(columns):
        entries[position] = _entry(times_ns, values, keep)
    return entries, _binned(columns, FINE).tobytes()


def binned(
    codes: Sequence[NDArray[np.int64]],
    flags: NDArray[np.uint8],
    pairs: Sequence[tuple[int, int]],
    each: int,
) -> NDArray[np.void]:
    """Return count, low, high and mean of every `each` samples, shape (stretches, channels + products)."""
    return _binned(_columns(codes, flags, pairs), each)


_Column = tuple[NDArray[np.float64], "NDArray[np.bool_] | None"]


def _columns(
    codes: Sequence[NDArray[np.int64]], flags: NDArray[np.uint8], pairs: Sequence[tuple[int, int]]
) -> list[_Column]:
    """Return each channel's and product's values, and which of them count (None: all do)."""
    fresh = (flags & REPEAT) == 0 if flags.any() else None
    keeps = [_counting(column, fresh) for column in codes]
    columns: list[_Column] = [
        (column.astype(np.float64), keep) for column, keep in zip(codes, keeps, strict=True)
    ]
    for voltage, current in pairs:
        left, right = keeps[voltage], keeps[current]
        both = right if left is None else left if right is None else left & right
        columns.append((columns[voltage][0] * columns[current][0], both))
    return columns


def _binned(columns: Sequence[_Column], each: int) -> NDArray[np.void]:
    n = len(columns[0][0])
    found = np.empty((-(-n // each), len(columns)), _FINE_TYPE)
    for position, (values, keep) in enumerate(columns):
        found[:, position] = _fine(values, keep, each)
    return found


def _counting(column: NDArray[np.int64], fresh: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Return which samples of a column count; None where all do."""
    present: NDArray[np.bool_] = column != MISSING
    if present.all():
        return fresh
    return present if fresh is None else present & fresh


def _dot(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return Σ left × right; not by BLAS, whose threads wait for each other on a busy machine."""
    return float((left * right).sum())


def _entry(
    times: NDArray[np.int64], values: NDArray[np.float64], keep: NDArray[np.bool_] | None
) -> tuple[float, ...]:
    if keep is not None:
        times, values = times[keep], values[keep]
    n = len(values)
    if n == 0:
        return (0, 0, 0, 0, *[np.nan] * 9)
    steps = np.diff(times)
    weights = steps.astype(np.float64)
    mean = float(values.mean())
    from_mean, changes = values - mean, np.diff(values)
    return (
        n,
        int(times[0]),
        int(times[-1]),
        int(steps.max()) if n > 1 else 0,
        float(values.min()),
        float(values.max()),
        mean,
        _dot(from_mean, from_mean),
        _dot(changes, changes),
        float(values[0]),
        float(values[-1]),
        _dot(values[:-1], weights),
        _dot(values[1:], weights),
    )


def _fine(values: NDArray[np.float64], keep: NDArray[np.bool_] | None, each: int) -> NDArray[np.void]:
    n = len(values)
    starts = np.arange(0, n, each)
    found = np.empty(len(starts), _FINE_TYPE)
    if keep is None:
        found["count"] = np.minimum(each, n - starts)
        found["low"] = np.minimum.reduceat(values, starts)
        found["high"] = np.maximum.reduceat(values, starts)
        found["mean"] = np.add.reduceat(values, starts) / found["count"]
        return found
    found["count"] = np.add.reduceat(keep.astype(np.int64), starts)
    found["low"] = np.minimum.reduceat(np.where(keep, values, np.inf), starts)
    found["high"] = np.maximum.reduceat(np.where(keep, values, -np.inf), starts)
    found["mean"] = np.add.reduceat(np.where(keep, values, 0.0), starts) / np.maximum(found["count"], 1)
    for name in ("low", "high", "mean"):
        found[name][found["count"] == 0] = np.nan
    return found


def unpack_entries(data: bytes, width: int) -> NDArray[np.void]:
    """Return the entries of a chunk or level of schema 2.

    Raises:
        DataError: They are not `width` entries.
    """
    if len(data) != width * ENTRY.itemsize:
        raise DataError("a summary has the wrong length")
    return np.frombuffer(data, ENTRY)


def unpack_fine(data: bytes, width: int, count: int) -> NDArray[np.void]:
    """Return the fine stretches of a chunk of `count` samples, shape (stretches, width).

    Raises:
        DataError: They are not that many.
    """
    n = -(-count // FINE)
    if len(data) != n * width * _FINE_TYPE.itemsize:
        raise DataError("the fine stretches of a chunk have the wrong length")
    return np.frombuffer(data, _FINE_TYPE).reshape(n, width)


def stack(rows: Sequence[NDArray[np.void]], width: int) -> NDArray[np.void]:
    """Return rows of entries as one array, shape (rows, width); numpy's own way compares all field names."""
    return np.frombuffer(b"".join(row.tobytes() for row in rows), ENTRY).reshape(len(rows), width)


def merge(entries: NDArray[np.void]) -> NDArray[np.void]:
    """Return the entries of several stretches of one source as those of one.

    Args:
        entries: Shape (stretches, width), in order of time.
    """
    merged = np.empty(entries.shape[1], ENTRY)
    for position in range(entries.shape[1]):
        column = entries[:, position]
        merged[position] = _merged(column[column["count"] > 0])
    return merged


def _merged(parts: NDArray[np.void]) -> tuple[float, ...]:
    if not len(parts):
        return (0, 0, 0, 0, *[np.nan] * 9)
    counts = parts["count"].astype(np.float64)
    total = counts.sum()
    mean = float(parts["mean"] @ counts / total)
    apart = parts["mean"] - mean
    holes = parts["first_ns"][1:] - parts["last_ns"][:-1]
    weights, before, after = holes.astype(np.float64), parts["last"][:-1], parts["first"][1:]
    changes = after - before
    return (
        int(parts["count"].sum()),
        int(parts["first_ns"][0]),
        int(parts["last_ns"][-1]),
        max(int(parts["longest_ns"].max()), int(holes.max()) if len(holes) else 0),
        float(parts["low"].min()),
        float(parts["high"].max()),
        mean,
        float(parts["spread"].sum() + apart**2 @ counts),
        float(parts["change"].sum() + changes @ changes),
        float(parts["first"][0]),
        float(parts["last"][-1]),
        float(parts["left"].sum() + before @ weights),
        float(parts["right"].sum() + after @ weights),
    )


def unpack_stretches(data: bytes) -> list[StretchSummary]:
    """Take the summary of a chunk of schema 1 apart.

    Raises:
        DataError: It is not a whole number of entries.
    """
    if len(data) % _FINE.size:
        raise DataError("a summary is cut short")
    return [StretchSummary(*fields) for fields in _FINE.iter_unpack(data)]


def are_plausible(entries: NDArray[np.void], start_ns: int, end_ns: int, count: int) -> bool:
    """Return whether entries can be those of `count` samples from `start_ns` to `end_ns`."""
    counts = entries["count"]
    if (counts < 0).any() or (counts > count).any():
        return False
    used = entries[counts > 0]
    times = (
        (used["first_ns"] >= start_ns) & (used["last_ns"] <= end_ns) & (used["first_ns"] <= used["last_ns"])
    )
    order = (used["low"] <= used["first"]) & (used["first"] <= used["high"]) & (used["last"] <= used["high"])
    finite = np.ones(len(used), bool)
    for name in ("low", "high", "mean", "spread", "change", "first", "last", "left", "right"):
        finite &= np.isfinite(used[name])
    return bool((times & order & finite).all())
