"""What rows of a simulated meter must read while its load is constant: each the same, and what the load draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.testing.load import Load

STEADY = Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER
"""What stays while the load does."""
STEADY_WITHIN = 0.1
"""Share of its median, and of what the load draws, by which it may differ, beside two codes or steps: noise and limits of meters are less; a reference or
zeroing, a swapped byte or a wrong scale is more."""


def check_steady(channels: Sequence[Channel], rows: NDArray[np.int64], why: str) -> None:
    """Refuse rows of a constant load that are not alike."""
    for channel, column in zip(channels, rows.T, strict=True):
        codes = column[column != MISSING]
        if channel.quantity not in STEADY or not codes.size:
            continue
        usual = np.median(codes)
        odd = codes[np.abs(codes - usual) > STEADY_WITHIN * abs(usual) + 2]
        assert not odd.size, (
            f"{channel.name}: {channel.in_si(odd)[0]:.4g} {channel.quantity.unit} of a constant load of"
            f" {np.median(channel.in_si(codes)):.4g}: {why}"
        )


class FlowsBack(Load):
    """A load that feeds what supplies it: its power is below 0."""

    def power_w(self, seconds: Any) -> Any:
        """Return the power at a time."""
        return -super().power_w(seconds)

    def energy_j(self, start_s: float, end_s: float) -> float:
        """Return the energy between two times."""
        return -super().energy_j(start_s, end_s)


def constant(watts: float) -> Load:
    """Return a load that does not change."""
    return Load("constant", watts, watts)


WRONG = "which byte comes first, which is one code in SI?"


def check_true(
    channels: Sequence[Channel], rows: NDArray[np.int64], volts: float, watts: float, why: str = WRONG
) -> None:
    """Refuse rows of which no rail reads the voltage, current and power of the load."""
    true = {Quantity.VOLTAGE: volts, Quantity.CURRENT: watts / volts, Quantity.POWER: watts}
    wrong: dict[str, list[str]] = {}
    for channel, column in zip(channels, rows.T, strict=True):
        codes = column[column != MISSING]
        if channel.rail is None or channel.quantity not in true or not codes.size:
            continue
        found, expected = float(np.median(channel.in_si(codes))), true[channel.quantity]
        step = max(abs(channel.scale), channel.accuracy.step or 0.0)
        texts = wrong.setdefault(channel.rail.name, [])
        if abs(found - expected) > STEADY_WITHIN * abs(expected) + 2 * step:
            texts.append(f"{channel.name} reads {found:.4g} for {expected:.4g} {channel.quantity.unit}")
    least = min(wrong.values(), key=len, default=[])
    assert not least, f"{'; '.join(least)}: {why}"
