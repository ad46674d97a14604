"""What a rail shows while it is recorded: now, least, mean and most, and energy and charge so far; reports compute their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from powermeter.channel import Channel, Kind, Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOW_NS = 500_000_000
"""What is shown as now is the mean over the last half second."""

_PAUSE_NS = 2_000_000_000
"""Without a reading for so long, what lay between is not counted."""

_KEPT_NS = 120_000_000_000
"""How far back the energy between two moments is known."""

HISTORY = 48
_NEEDED = (Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT, Quantity.ENERGY)


class RailTotals:
    """Totals of one rail of a source.

    Args:
        channels: All of the source's channels.
        rail: The rail's name.

    Attributes:
        simulated: Whether a program made its readings and no device drew them.
        power_w, voltage_v, current_a: Now; None where not measured, or not yet.
        low_w, high_w: Least and most of all readings.
        energy_j, charge_c: So far; a charge needs a current.
        seconds: Time that the energy covers.
        history: Means of the power between updates, newest last.
        saturated: Readings at the end of the meter's range.
        last_ns: Time of the last reading.
    """

    def __init__(self, channels: Sequence[Channel], rail: str) -> None:
        self.rail = rail
        self._channels = channels
        self._at: dict[Quantity, int] = {}
        for position, channel in enumerate(channels):
            if channel.rail is not None and channel.rail.name == rail and channel.quantity in _NEEDED:
                self._at.setdefault(channel.quantity, position)
        self.simulated = any(channels[i].grade.value == "simulated" for i in self._at.values())
        self.power_w: float | None = None
        self.voltage_v: float | None = None
        self.current_a: float | None = None
        self.low_w: float | None = None
        self.high_w: float | None = None
        self.energy_j = self.charge_c = self.seconds = 0.0
        self.history: deque[float] = deque(maxlen=HISTORY)
        self.saturated = 0
        self.last_ns: int | None = None
        self._last_w = self._last_a = 0.0
        self._last_j: float | None = None
        self._track: deque[tuple[NDArray[np.int64], NDArray[np.float64]]] = deque()

    @property
    def measures_power(self) -> bool:
        """Whether power, voltage and current, or an energy counter is there."""
        return bool(
            {Quantity.POWER, Quantity.ENERGY} & set(self._at)
            or {Quantity.VOLTAGE, Quantity.CURRENT} <= set(self._at)
        )

    @property
    def mean_w(self) -> float | None:
        """Energy over the time that it covers."""
        return self.energy_j / self.seconds if self.seconds > 0 else self.power_w

    @property
    def has_current(self) -> bool:
        """Whether the charge is known."""
        return Quantity.CURRENT in self._at

    def take_over(self, means: NDArray[np.float64], seconds: NDArray[np.float64]) -> None:
        """Take over what was recorded before the first reading that will be added.

        Args:
            means: Mean codes of each stretch, a column for each of the source's channels.
            seconds: How long each stretch is.
        """
        power, volts, amps, energy = (
            self._channels[at].in_si(means[:, at]) if (at := self._at.get(quantity)) is not None else None
            for quantity in (Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT, Quantity.ENERGY)
        )
        if power is not None:
            self.energy_j = float(np.nansum(power * seconds))
        elif volts is not None and amps is not None:
            self.energy_j = float(np.nansum(volts * amps * seconds))
        elif energy is not None and len(energy) > 1:
            self.energy_j = float(np.nansum(np.maximum(np.diff(energy), 0.0)))
        self.charge_c = 0.0 if amps is None else float(np.nansum(amps * seconds))
        self.seconds = float(seconds.sum())

    def add(
        self,
        times_ns: NDArray[np.int64],
        codes: Sequence[NDArray[np.int64]],
        flags: NDArray[np.uint8] | None = None,
    ) -> None:
        """Add readings; `codes` holds a column for each of the source's channels."""
        if not len(times_ns):
            return
        self.saturated += 0 if flags is None else int(np.count_nonzero(flags & 2))
        columns = {quantity: self._values(position, codes) for quantity, position in self._at.items()}
        volts, amps = columns.get(Quantity.VOLTAGE), columns.get(Quantity.CURRENT)
        now = times_ns >= times_ns[-1] - _NOW_NS
        self.voltage_v = _mean(volts, now, self.voltage_v)
        self.current_a = _mean(amps, now, self.current_a)
        times, power, kind = times_ns, None, Kind.INSTANT
        if Quantity.POWER in columns:
            power, kind = columns[Quantity.POWER], self._channels[self._at[Quantity.POWER]].kind
        elif volts is not None and amps is not None:
            power = volts * amps
        elif Quantity.ENERGY in columns:
            times, power = self._slopes(times_ns, columns[Quantity.ENERGY])
            kind, amps = Kind.MEAN, None
        if power is None:
            return
        good = np.isfinite(power)
        self._sum(times[good], power[good], None if amps is None else np.nan_to_num(amps[good]), kind)

    def between(self, start_ns: int, end_ns: int) -> float | None:
        """Return the energy in J between two recent moments; None where that is no longer, or not yet, known."""
        if not self._track:
            return None
        times = np.concatenate([t for t, _ in self._track])
        if start_ns < times[0] or end_ns > times[-1]:
            return None
        energies = np.concatenate([e for _, e in self._track])
        first, last = np.interp([start_ns, end_ns], times, energies)
        return float(last - first)

    def _slopes(
        self, times: NDArray[np.int64], energy: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return when, and at what power, a running total rose; a fall is a restart and counts nothing."""
        good = np.isfinite(energy)
        times, energy = times[good], energy[good]
        if not len(times):
            return times, energy
        if self._last_j is not None and self.last_ns is not None:
            times, energy = np.append(self.last_ns, times), np.append(self._last_j, energy)
        self._last_j = float(energy[-1])
        if len(times) < 2:
            self.last_ns = int(times[-1])
            return times[:0], energy[:0]
        seconds = np.maximum(np.diff(times), 1) * 1e-9
        return times[1:], np.maximum(np.diff(energy), 0.0) / seconds

    def _sum(
        self,
        times: NDArray[np.int64],
        power: NDArray[np.float64],
        amps: NDArray[np.float64] | None,
        kind: Kind,
    ) -> None:
        if not len(times):
            return
        before = times[0] if self.last_ns is None else self.last_ns
        steps = np.diff(times, prepend=before)
        seconds = np.where((steps > 0) & (steps <= _PAUSE_NS), steps, 0) * 1e-9
        earlier = np.append(power[0] if self.last_ns is None else self._last_w, power[:-1])
        joules = seconds * (
            power if kind is Kind.MEAN else earlier if kind is Kind.HELD else (power + earlier) / 2
        )
        self._track.append((times, self.energy_j + np.cumsum(joules)))
        while len(self._track) > 1 and self._track[0][0][-1] < times[-1] - _KEPT_NS:
            self._track.popleft()
        self.energy_j += float(joules.sum())
        self.seconds += float(seconds.sum())
        if amps is not None:
            before_a = np.append(amps[0] if self.last_ns is None else self._last_a, amps[:-1])
            self.charge_c += float((seconds * (amps + before_a) / 2).sum())
            self._last_a = float(amps[-1])
        self.low_w = float(power.min()) if self.low_w is None else min(self.low_w, float(power.min()))
        self.high_w = float(power.max()) if self.high_w is None else max(self.high_w, float(power.max()))
        self.power_w = float(power[times >= times[-1] - _NOW_NS].mean())
        self.history.append(float(power.mean()))
        self._last_w, self.last_ns = float(power[-1]), int(times[-1])

    def _values(self, position: int, codes: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        return self._channels[position].in_si(codes[position])


def _mean(values: NDArray[np.float64] | None, now: NDArray[np.bool_], before: float | None) -> float | None:
    if values is None:
        return None
    known = values[now & np.isfinite(values)]
    return float(known.mean()) if len(known) else before
