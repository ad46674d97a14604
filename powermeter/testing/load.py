"""A load whose power is known at every instant and whose energy is known between any two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from powermeter.errors import ConfigurationError

SHAPES = ("constant", "ramp", "sine", "square", "pulses")


@dataclass(frozen=True, slots=True)
class Load:
    """A periodic power function of time with its exact antiderivative.

    Attributes:
        shape: `constant` (high), `sine`, `square` (high first), `ramp` (low to high), or `pulses`
            (a raised-cosine pulse in the first tenth of each period, low else).
        low_w, high_w: Its extremes in watt.
        period_s: One swing.
    """

    shape: str = "sine"
    low_w: float = 1.0
    high_w: float = 4.0
    period_s: float = 10.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ConfigurationError(f"{self.shape!r} is not a shape; choose {', '.join(SHAPES)}")
        if not (self.period_s > 0 and 0 <= self.low_w <= self.high_w and math.isfinite(self.high_w)):
            raise ConfigurationError("a load needs a period above 0 and 0 ≤ low ≤ high")

    def power_w(self, seconds: Any) -> Any:
        """Return the power at a time, or at each time of a numpy array."""
        import numpy as np

        low, swing = self.low_w, self.high_w - self.low_w
        phase = np.mod(seconds, self.period_s) / self.period_s
        if self.shape == "constant":
            return low + swing + 0.0 * phase
        if self.shape == "sine":
            return low + swing * (0.5 + 0.5 * np.sin(2 * np.pi * phase))
        if self.shape == "square":
            return low + swing * (phase < 0.5)
        if self.shape == "ramp":
            return low + swing * phase
        return low + swing * np.where(phase < 0.1, 0.5 - 0.5 * np.cos(2 * np.pi * phase / 0.1), 0.0)

    def energy_j(self, start_s: float, end_s: float) -> float:
        """Return the energy between two times, exactly."""
        return self._integral(end_s) - self._integral(start_s)

    def _integral(self, seconds: float) -> float:
        whole, rest = divmod(seconds, self.period_s)
        phase = rest / self.period_s
        swing = self.high_w - self.low_w
        if self.shape == "constant":
            part, full = phase, 1.0
        elif self.shape == "sine":
            part, full = 0.5 * phase + (1 - math.cos(2 * math.pi * phase)) / (4 * math.pi), 0.5
        elif self.shape == "square":
            part, full = min(phase, 0.5), 0.5
        elif self.shape == "ramp":
            part, full = 0.5 * phase * phase, 0.5
        else:
            at = min(phase, 0.1)
            part, full = 0.5 * at - 0.05 * math.sin(2 * math.pi * at / 0.1) / (2 * math.pi), 0.05
        return self.low_w * seconds + swing * self.period_s * (whole * full + part)
