"""The electrical side of a battery: its voltage under load, and what temperature leaves of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from powermeter.battery.presets import presets
from powermeter.errors import ConfigurationError


@dataclass(frozen=True)
class Cell:
    """The electrical side of a battery.

    Attributes:
        ocv: Open-circuit voltage of the pack at states of charge evenly spaced from 0 to 1.
        resistance_ohm: Of the pack.
        cutoff_v: Terminal voltage at which the device stops.
    """

    ocv: tuple[float, ...]
    resistance_ohm: float = 0.0
    cutoff_v: float = 0.0

    def __post_init__(self) -> None:
        if len(self.ocv) < 2 or any(volt <= 0 for volt in self.ocv):
            raise ConfigurationError("a cell needs at least two open-circuit voltages above zero")
        if self.resistance_ohm < 0 or self.cutoff_v < 0:
            raise ConfigurationError("a cell's resistance and cut-off cannot be negative")

    def voltage(self, charge_state: float) -> float:
        """Return the open-circuit voltage at a state of charge of 0 to 1."""
        position = min(max(charge_state, 0.0), 1.0) * (len(self.ocv) - 1)
        below = min(int(position), len(self.ocv) - 2)
        return self.ocv[below] + (position - below) * (self.ocv[below + 1] - self.ocv[below])

    def current(self, charge_state: float, power_w: float) -> float | None:
        """Return the current that delivers a power, or None where none does."""
        return self.current_at(self.voltage(charge_state), power_w)

    def current_at(self, volt: float, power_w: float) -> float | None:
        """The same for an open-circuit voltage."""
        if self.resistance_ohm == 0:
            return power_w / volt
        root = volt * volt - 4 * self.resistance_ohm * power_w
        if root < 0:
            return None
        return (volt - math.sqrt(root)) / (2 * self.resistance_ohm)


def cell_of(name: str) -> Cell:
    """Return the cell of a battery preset.

    Raises:
        ConfigurationError: The preset has no cell data.
    """
    entry = presets().get(name)
    if entry is None or "chemistry" not in entry or "cells" not in entry:
        raise ConfigurationError(f"battery {name!r} has no cell data to simulate; use a preset such as 18650")
    curve = presets()["ocv"][entry["chemistry"]]
    cells = int(entry["cells"])
    return Cell(
        tuple(cells * volt for volt in curve),
        float(entry.get("resistance_ohm", 0.0)),
        float(entry.get("cutoff_v", 0.0)),
    )


def derating_at(chemistry: str, celsius: float) -> float:
    """Return the share of the capacity left at a temperature.

    Raises:
        ConfigurationError: The chemistry is not known, or the temperature is out of its table.
    """
    tables = presets()["temperature"]
    key = (
        chemistry
        if chemistry in tables
        else "lithium_ion"
        if chemistry in ("lco", "nmc", "lfp", "nca")
        else ""
    )
    if not key:
        raise ConfigurationError(
            f"no temperature table for {chemistry!r}; known are {', '.join(tables)}; "
            "put the share that is left into --usable"
        )
    points: Sequence[Sequence[float]] = tables[key]
    if not points[0][0] <= celsius <= points[-1][0]:
        raise ConfigurationError(
            f"{celsius:g} °C is outside the {key} table ({points[0][0]:g} to {points[-1][0]:g} °C)"
        )
    for left, right in pairwise(points):
        if celsius <= right[0]:
            part = (celsius - left[0]) / (right[0] - left[0])
            return float(left[1] + part * (right[1] - left[1]))
    return float(points[-1][1])


def spread_at(derating: float, spread: tuple[float, float]) -> tuple[float, float]:
    """Return the range of packs widened by the doubt of a derating: half to one and a half times its loss.

    The tables hold one cell at one current each; others lose less or more (judged).
    """
    loss = 1 - derating
    cold = (max(derating - loss / 2, 0.1 * derating) / derating, (derating + loss / 2) / derating)
    below, above = (math.hypot(math.log(pack), math.log(of)) for pack, of in zip(spread, cold, strict=True))
    return math.exp(-below), math.exp(above)
