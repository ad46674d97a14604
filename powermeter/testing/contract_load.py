"""What rows of a simulated meter must read while its load is constant: each the same, and what the load draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter

CONSTANT_W = 2.0
"""What a simulated meter's load draws at first."""

STEADY = Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER
"""What stays while the load does."""
STEADY_WITHIN = 0.1
"""Share of its median, and of what the load draws, by which it may differ, beside two codes, or two steps but no more than half of what is expected: noise and limits of meters are less; a reference or
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


def other_loads(meter: SimulatedMeter) -> Iterator[Load]:
    """Yield a load in each other range of a meter, and where it senses current that flows back, each of all backwards."""
    yield from map(constant, meter.loads_w)
    if meter.both_ways:
        for watts in (CONSTANT_W, *meter.loads_w):
            yield FlowsBack("constant", watts, watts)


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
        texts = wrong.setdefault(channel.rail.name, [])
        if not _is_true(channel, found, expected):
            texts.append(f"{channel.name} reads {found:.4g} for {expected:.4g} {channel.quantity.unit}")
    least = min(wrong.values(), key=len, default=[])
    assert not least, f"{'; '.join(least)}: {why}"


def _is_true(channel: Channel, found: float, expected: float) -> bool:
    """Return whether a reading is what the load draws; 0 is where that is less than a step."""
    code = abs(channel.scale)
    step = max(code, channel.accuracy.step)
    if found == 0.0 and abs(expected) < step:
        return True
    beside = max(2 * code, min(2 * step, abs(expected) / 2))
    return found * expected >= 0 and abs(found - expected) <= STEADY_WITHIN * abs(expected) + beside
