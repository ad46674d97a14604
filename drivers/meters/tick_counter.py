"""Ticks of an instrument counted: past their wrap, and what is missing between two of them."""

from __future__ import annotations

from collections import deque
from statistics import median

_ALIKE = 0.25
"""Share by which steps of one interval may differ."""


class TickCounter:
    """Makes an instrument's wrapping tick run on without end."""

    def __init__(self, wrap: int) -> None:
        self.wrap = wrap
        self._total: int | None = None

    def feed(self, tick: int) -> int:
        """Return the running tick; a step back by more than half the range counts as a wrap."""
        if self._total is None:
            self._total = tick
        else:
            step = (tick - self._total) % self.wrap
            self._total += step if step < self.wrap // 2 else step - self.wrap
        return self._total


class SteadyTicks:
    """Counts the samples that were lost between two ticks of a meter that sends at one interval.

    The interval is the step that came three times in a row: it may be set on the instrument while it sends.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._steps: deque[int] = deque(maxlen=3)
        self._interval = 0.0

    def missing(self, tick: int) -> int:
        """Return how many samples should have come since the last tick and did not."""
        last, self._last = self._last, tick
        if last is None or tick <= last:
            return 0
        step = tick - last
        self._steps.append(step)
        usual = median(self._steps)
        if len(self._steps) == 3 and all(abs(one - usual) <= _ALIKE * usual for one in self._steps):
            self._interval = float(usual)
        return max(round(step / self._interval) - 1, 0) if self._interval else 0
