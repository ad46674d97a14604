"""The last reading of a recording that ends: whether one more is taken, so that the end is seen, and how long it is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Thread

PERIOD_NS = 20_000_000
"""From this period on, one more is taken."""
QUICK_NS = 500_000_000
"""A reading that takes longer is not waited for."""
READERS_END_S = 0.4
"""How long the reading threads together may take to end; one that hangs is abandoned."""


def is_worth_one(period_ns: int, read_ns: int) -> bool:
    """Return whether the time since the last reading is worth one more before the end.

    Args:
        period_ns: Between two readings.
        read_ns: What the last one took.
    """
    return period_ns >= PERIOD_NS and read_ns < QUICK_NS


def wait_for(readers: Iterable[Thread]) -> None:
    """Wait until reading threads have ended, `READERS_END_S` for all of them."""
    patience = time.monotonic() + READERS_END_S
    for reader in readers:
        reader.join(timeout=max(0.0, patience - time.monotonic()))
