"""Ticks of an instrument counted past their wrap."""

from __future__ import annotations


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
