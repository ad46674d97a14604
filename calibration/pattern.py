"""A load pattern with a sharp autocorrelation: a maximal-length sequence of working and resting.

Played at the start and (backwards) at the end of a run, it shows where an external meter's recording
lies on the host's clock.  The moments at which the load really changed are kept with the event.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.events import now_ns

EVENT = "powermeter.sync"

_GOLDEN = 2.618034
_SHORTEST_S = 0.02

# Feedback taps of primitive polynomials over GF(2), by order (Golomb, Shift Register Sequences, 1967).
_TAPS = {5: (5, 3), 6: (6, 5), 7: (7, 6), 8: (8, 6, 5, 4), 9: (9, 5), 10: (10, 7)}


def maximal_sequence(order: int) -> tuple[int, ...]:
    """Return the 2**order − 1 bits of a maximal-length sequence; its cyclic autocorrelation is two-valued.

    Raises:
        ConfigurationError: `order` is not 5 to 10.
    """
    if order not in _TAPS:
        raise ConfigurationError(f"a pattern of order {order} is not known; 5 to 10 are")
    state = [1] * order
    bits = []
    for _ in range(2**order - 1):
        bits.append(state[-1])
        feedback = 0
        for tap in _TAPS[order]:
            feedback ^= state[tap - 1]
        state = [feedback, *state[:-1]]
    return tuple(bits)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of chips.

    Attributes:
        bits: 1 works, 0 rests.
        chip_s: The length of a chip in s.
    """

    bits: tuple[int, ...]
    chip_s: float

    @classmethod
    def for_meter(cls, interval_s: float, *, backwards: bool = False) -> Pattern:
        """Return the pattern for a meter that samples at that interval.

        A chip lasts 2.618 intervals (the golden ratio's square: the edges then fall at ever new places
        between two samples), at least 20 ms (what a processor's power can follow); 63 chips, or 127
        where they are short.
        """
        chip = max(_SHORTEST_S, _GOLDEN * interval_s)
        # Still unlike a whole number of samples where the shortest chip rules.
        if chip == _SHORTEST_S and interval_s > 0:
            chip = (math.floor(chip / interval_s) + 0.618034) * interval_s
        bits = maximal_sequence(7 if chip <= 0.1 else 6)
        return cls(bits[::-1] if backwards else bits, chip)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return len(self.bits) * self.chip_s

    def edges(self) -> list[tuple[float, int]]:
        """Return (seconds from the start, new level) for each change, the first chip's level first."""
        changes = [(0.0, self.bits[0])]
        for i in range(1, len(self.bits)):
            if self.bits[i] != self.bits[i - 1]:
                changes.append((i * self.chip_s, self.bits[i]))
        return changes


def play(
    pattern: Pattern,
    switch: Callable[[bool], Any],
    *,
    clock_ns: Callable[[], int] = now_ns,
    sleep: Callable[[float], Any] = time.sleep,
) -> dict[str, Any]:
    """Switch a load through a pattern; return the attributes of its event.

    `edges_ns` are the moments after each switch, relative to `start_ns`, and `levels` what it was
    switched to; `end_ns` is when it was switched off for good.
    """
    start = clock_ns()
    edges, levels = [], []
    try:
        for at_s, level in pattern.edges():
            wait = start + round(at_s * 1e9) - clock_ns()
            if wait > 0:
                sleep(wait * 1e-9)
            switch(bool(level))
            edges.append(clock_ns() - start)
            levels.append(level)
        wait = start + round(pattern.seconds * 1e9) - clock_ns()
        if wait > 0:
            sleep(wait * 1e-9)
    finally:
        switch(False)
    return {
        "start_ns": start,
        "end_ns": clock_ns(),
        "edges_ns": edges,
        "levels": levels,
        "chip_s": pattern.chip_s,
        "chips": len(pattern.bits),
    }
