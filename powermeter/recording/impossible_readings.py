"""Readings that no load can have caused: damaged on their way, beyond what the instrument shows, or a counter that jumps and comes back.

They are left out as if they were missing, and counted.  Few readings far above all others are the sign of one: a load that bursts is
seen at heights in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel, Kind, Quantity
from powermeter.errors import plural

Codes = NDArray[np.integer[Any]]

FAR = 1e6
"""A reading so many times as large as all but a few is not a reading."""

FEW = 5
BEYOND = 1.5
"""An instrument cannot show codes beyond so many times its range."""

UNUSUAL = 1000.0
"""A counter jumps where it moves by so many times its usual step."""

_LOOKED = 4096


def impossible(channel: Channel, codes: Codes) -> NDArray[np.bool_] | None:
    """Return which codes of a channel, none of them missing, are impossible; None where all are possible."""
    if codes.size < 3 or channel.quantity is Quantity.MARKER:
        return None
    found = _jumps(channel, codes) if channel.kind is Kind.COUNTER else _beyond(channel, codes)
    return None if found is None or not found.any() else found


def _beyond(channel: Channel, codes: Codes) -> NDArray[np.bool_] | None:
    low, high = int(codes.min()), int(codes.max())
    found: NDArray[np.bool_] | None = None
    far: NDArray[np.bool_]
    if channel.high_code is not None and channel.high_code > 0 and high > BEYOND * channel.high_code:
        found = np.asarray(codes > BEYOND * channel.high_code)
    if channel.low_code is not None and channel.low_code < 0 and low < BEYOND * channel.low_code:
        below = codes < BEYOND * channel.low_code
        found = below if found is None else found | below
    top = max(abs(low), abs(high))
    some = np.abs(codes[:: max(1, codes.size // _LOOKED)])
    if top <= FAR * max(float(np.median(some)), 1.0):
        return found
    size = np.abs(codes.astype(np.float64))
    ordered = np.sort(np.partition(size, max(size.size - FEW - 1, 0))[-FEW - 1 :])
    for k in range(1, ordered.size):
        if ordered[k] > FAR * max(float(ordered[k - 1]), 1.0):
            far = size >= ordered[k]
            return far if found is None else found | far
    return found


def _jumps(channel: Channel, codes: Codes) -> NDArray[np.bool_] | None:
    """Return single readings that a counter would rise without: it jumps at them and comes back."""
    if channel.wrap is None and channel.low_code is not None and channel.low_code < 0:
        return None  # a charge that may go down
    steps = np.diff(codes)
    if not (steps < 0).any():
        return None
    far = UNUSUAL * max(float(np.median(np.abs(steps))), 1.0)
    turns = (np.abs(steps[:-1]) > far) & (np.abs(steps[1:]) > far) & ((steps[:-1] < 0) != (steps[1:] < 0))
    found = np.zeros(codes.size, bool)
    found[1:-1] = turns & (codes[2:] >= codes[:-2] - far)
    # Of a reading that jumps up and the next, which only seems to fall back, the first is the one.
    found[1:] &= ~found[:-1]
    return found


def note(channel: Channel, codes: Codes) -> str:
    """Return a note on the impossible codes of a channel."""
    n = codes.size
    largest = channel.in_si(codes)[np.argmax(np.abs(codes.astype(np.float64)))]
    return (
        f"{channel.name}: {plural(n, 'reading')} that no load can have caused ({largest:.3g} {channel.unit}) "
        f"{'are' if n > 1 else 'is'} left out"
    )
