"""The efficiency of a converter between battery and rail, against its load."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from powermeter.errors import ConfigurationError
from powermeter.units import parse_quantity


def check_ratio(name: str, value: float) -> None:
    """Raise `ConfigurationError` unless a share or an efficiency is above 0 and at most 1."""
    if not 0 < value <= 1:
        meant = f"; {value:g} percent is written {value:g}%" if 1 < value <= 100 else ""
        raise ConfigurationError(f"{name} {value:g}: must be above 0 and at most 1{meant}")


@dataclass(frozen=True)
class EfficiencyCurve:
    """A converter's efficiency against its output power, interpolated, constant outside its points.

    Attributes:
        points: (output W, efficiency) pairs in rising order of power.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        loads = [load for load, _ in self.points]
        if not self.points or loads != sorted(set(loads)):
            raise ConfigurationError("an efficiency curve needs points in rising order of power")
        for _, efficiency in self.points:
            check_ratio("efficiency", efficiency)

    @classmethod
    def parse(cls, text: str) -> EfficiencyCurve:
        """Return the curve of `0.1W:0.6,1W:0.85,5W:0.9`.

        Raises:
            ConfigurationError: A pair is not a power and a ratio.
        """
        points = []
        for pair in text.split(","):
            load, colon, efficiency = pair.partition(":")
            if not colon:
                raise ConfigurationError(f"efficiency curve {text!r}: write for example 0.1W:0.6,1W:0.85")
            points.append((parse_quantity(load, "W"), parse_quantity(efficiency, "1")))
        return cls(tuple(points))

    def at(self, power_w: float) -> float:
        """Return the efficiency at an output power."""
        points = self.points
        if power_w <= points[0][0]:
            return points[0][1]
        for (left, low), (right, high) in pairwise(points):
            if power_w <= right:
                return low + (high - low) * (power_w - left) / (right - left)
        return points[-1][1]
