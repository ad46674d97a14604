"""A running total, of the rail that the report counts, for the line shown while recording; the report computes its own from the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.channel import HEADLINE_ORDER, MISSING, Channel, Kind, Quantity
from powermeter.recording.impossible_readings import impossible

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LiveTotals:
    """Power now and energy so far of a source's rail that the report counts.

    Args:
        channels: The source's channels.
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = channels
        self.rail, self._positions = _choose(channels)
        self._last: tuple[int, float] | None = None
        self.power_w: float | None = None
        self.energy_j = 0.0
        self.charge_c = 0.0

    def add(self, times_ns: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
        """Add samples; shapes as in `Writer.append`."""
        if self.rail is None:
            return
        columns = [self._value(position, codes) for position in self._positions]
        power = np.prod(columns, axis=0)
        current = columns[-1] if len(columns) == 2 else power / (self.rail_voltage or np.nan)
        good = np.isfinite(power)
        times, power, current = times_ns[good], power[good], current[good]
        if not len(times):
            return
        seconds = np.diff(times, prepend=self._last[0] if self._last else times[0]) / 1e9
        earlier = np.concatenate(([self._last[1] if self._last else power[0]], power[:-1]))
        self.energy_j += float(np.sum((power + earlier) / 2 * seconds))
        self.charge_c += float(np.sum(current * seconds))
        self._last = (int(times[-1]), float(power[-1]))
        recent = power[times >= times[-1] - 250_000_000]
        self.power_w = float(recent.mean())

    @property
    def rail_voltage(self) -> float | None:
        """The nominal voltage of the rail, where a charge needs one."""
        channel = self._channels[self._positions[0]]
        return channel.rail.nominal_v if channel.rail else None

    def _value(self, position: int, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        channel, raw = self._channels[position], codes[:, position]
        values = channel.in_si(raw)
        known = np.flatnonzero(raw != MISSING)
        far = impossible(channel, raw[known])
        if far is not None:
            values[known[far]] = np.nan
        return values

    def report(self) -> dict[str, Any]:
        """Return plain values for the status line; None where nothing is known yet."""
        known = self._last is not None
        charge = self.charge_c if known and np.isfinite(self.charge_c) else None
        return {
            "rail": self.rail,
            "power_w": self.power_w,
            "energy_j": self.energy_j if known else None,
            "charge_c": charge,
        }


def _choose(channels: Sequence[Channel]) -> tuple[str | None, tuple[int, ...]]:
    """Return the best rail (`HEADLINE_ORDER`) with power, or with voltage and current, and the channels' positions."""
    rails: dict[str, dict[Quantity, int]] = {}
    width: dict[str, tuple[int, bool]] = {}
    for position, channel in enumerate(channels):
        if channel.rail is None or channel.kind is Kind.COUNTER:
            continue
        rails.setdefault(channel.rail.name, {}).setdefault(channel.quantity, position)
        width[channel.rail.name] = (
            HEADLINE_ORDER.index(channel.rail.boundary),
            channel.rail.parent is not None,
        )
    for name in sorted(rails, key=lambda rail: width[rail]):
        found = rails[name]
        if Quantity.POWER in found:
            return name, (found[Quantity.POWER],)
        if Quantity.VOLTAGE in found and Quantity.CURRENT in found:
            return name, (found[Quantity.VOLTAGE], found[Quantity.CURRENT])
    return None, ()
