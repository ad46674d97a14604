"""A battery emptied by a measured power profile, repeated until it is at its cut-off.

The cell is a source of open-circuit voltage V(s), s the state of charge, behind a resistance R.  A load
P at the rail takes P / eta(P) from the battery, so the current is the smaller root of
(V - I R) I = P / eta:

    I = (V - sqrt(V² - 4 R P / eta)) / (2 R)

It is at its end when the charge kept by usable share, health and temperature is used, or when the
terminal voltage V - I R falls below the cut-off under a load of the profile, or when the load cannot be
delivered at all (V² < 4 R P / eta).  Self-discharge drains beside it; Peukert's law multiplies the drain by
(I / I_rated)^(k - 1) for currents above the rated one.

Where one repeat takes little of the charge, the drain of a whole repeat is averaged at each state of
charge and integrated over it; otherwise the profile is stepped through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powermeter.battery.battery import MONTH_S, Battery
from powermeter.battery.cell import Cell
from powermeter.errors import ConfigurationError, plural
from powermeter.units import SECONDS_PER_HOUR, SECONDS_PER_YEAR, format_percent, format_short

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis

LONGEST_S = 30 * SECONDS_PER_YEAR
STEPS = 400
RECOVERS_S = 60.0
"""Repeats up to this long are taken by their mean current in Peukert's law."""
STEPPED_ABOVE = 0.002
"""Share of the charge that a repeat may take and still be averaged."""


@dataclass(frozen=True)
class Discharge:
    """How a battery was emptied.

    Attributes:
        hours: Until its end.
        reason: `used up`, `cut-off`, `cannot deliver` or `no end` (30 years).
        repeats: Of the profile.
        delivered_j: Energy at the rail.
        left: Share of the charge left at the end.
        course: (hours, state of charge, terminal voltage at mean load) along the way.
    """

    hours: float
    reason: str
    repeats: float
    delivered_j: float
    left: float
    course: tuple[tuple[float, float, float], ...]

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            f"discharge simulated: {format_short(self.hours, 4)} h, {plural(self.repeats, 'repeat')} of the profile; end: {self.reason}",
            f"  {format_short(self.delivered_j / 3600, 4)} Wh delivered at the rail, {format_percent(round(self.left, 6), 3)} of the charge left",
        ]


def discharge(
    battery: Battery,
    cell: Cell,
    durations_s: Sequence[float],
    powers_w: Sequence[float],
    capacity: float = 1.0,
) -> Discharge:
    """Return how a battery is emptied by a profile, repeated.

    Args:
        battery: In the energy convention: its charge, shares, converter, self-discharge, Peukert exponent.
        cell: Its voltage and resistance.
        durations_s, powers_w: The profile at the rail, stretch by stretch.
        capacity: Of this pack over the stated one; `battery.spread` holds its range.

    Raises:
        ConfigurationError: The profile is empty, has a stretch that is not above 0 s, or a negative power; or
            the battery has no voltage.
    """
    if len(durations_s) != len(powers_w) or not durations_s:
        raise ConfigurationError("a discharge needs a profile: as many durations as powers, at least one")
    if any(not seconds > 0 for seconds in durations_s) or any(not power >= 0 for power in powers_w):
        raise ConfigurationError("a profile's stretches last some time and draw no negative power")
    if not any(powers_w) and not battery.self_discharge:
        raise ConfigurationError("a profile of 0 W never empties a battery")
    if battery.convention != "energy":
        raise ConfigurationError(
            f"battery {battery.spec!r}: a simulation needs its voltage, for example 4Ah@3.85V"
        )
    run = _Discharge(battery, cell, list(durations_s), list(powers_w), capacity)
    return run.averaged() if run.share_of_a_repeat() < STEPPED_ABOVE else run.stepped()


def hours_between(
    battery: Battery, cell: Cell, durations_s: Sequence[float], powers_w: Sequence[float]
) -> tuple[float, float]:
    """Return the hours of the profile with a pack at the low and at the high end of its range."""
    low, high = (discharge(battery, cell, durations_s, powers_w, end).hours for end in battery.spread)
    return low, high


class _Discharge:
    def __init__(
        self, battery: Battery, cell: Cell, durations: list[float], powers: list[float], capacity: float
    ) -> None:
        self.battery, self.cell = battery, cell
        self.durations, self.powers = durations, powers
        self.taken = [power / battery.efficiency_at(power) if power else 0.0 for power in powers]
        self.period = sum(durations)
        self.charge = battery.charge_c * battery.health * battery.derating * capacity
        self.floor = 1 - battery.usable
        self.leak_a = battery.self_discharge * battery.charge_c / MONTH_S
        self.rated_a = self.charge / (battery.rated_hours * SECONDS_PER_HOUR)
        self.repeat_j = sum(power * seconds for power, seconds in zip(powers, durations, strict=True))

    def share_of_a_repeat(self) -> float:
        drain = self.mean_drain(1.0)
        return math.inf if drain is None else drain[0] * self.period / self.charge

    def drain(self, state: float, taken_w: float) -> tuple[float, float] | None:
        """Return (charge drained per second, terminal voltage), or None where it cannot be delivered."""
        volt = self.cell.voltage(state)
        current = self.cell.current_at(volt, taken_w)
        if current is None:
            return None
        return current * self.excess(current) + self.leak_a, volt - current * self.cell.resistance_ohm

    def excess(self, current: float) -> float:
        """Return what Peukert's law multiplies a drain by at a current."""
        exponent = self.battery.peukert - 1
        return float((current / self.rated_a) ** exponent) if exponent and current > self.rated_a else 1.0

    def mean_drain(self, state: float) -> tuple[float, float] | None:
        """Return (mean charge drained per second, lowest terminal voltage) over a repeat."""
        charge, plain, highest, volt = 0.0, 0.0, 0.0, self.cell.voltage(state)
        for seconds, taken in zip(self.durations, self.taken, strict=True):
            current = self.cell.current_at(volt, taken)
            if current is None:
                return None
            charge += (current * self.excess(current) + self.leak_a) * seconds
            plain += current * seconds
            highest = max(highest, current)
        lowest = volt - highest * self.cell.resistance_ohm
        if self.period <= RECOVERS_S:  # between short pulses a cell recovers: the mean current counts
            mean = plain / self.period
            return mean * self.excess(mean) + self.leak_a, lowest
        return charge / self.period, lowest

    def averaged(self) -> Discharge:
        seconds, state, step = 0.0, 1.0, (1 - self.floor) / STEPS
        course: list[tuple[float, float, float]] = []
        reason = "used up"
        for index in range(STEPS):
            state = 1 - index * step
            middle = self.mean_drain(state - step / 2)
            if middle is None:
                reason = "cannot deliver"
                break
            course.append((seconds / 3600, state, middle[1]))
            if middle[1] < self.cell.cutoff_v:
                reason = "cut-off"
                break
            seconds += step * self.charge / middle[0]
            state -= step
            if seconds > LONGEST_S:
                reason = "no end"
                break
        return self._result(seconds, state, reason, course)

    def stepped(self) -> Discharge:
        seconds, state, delivered, reason = 0.0, 1.0, 0.0, ""
        course: list[tuple[float, float, float]] = []
        most = self.charge * 0.002
        while not reason:
            for length, power, taken in zip(self.durations, self.powers, self.taken, strict=True):
                left = length
                while left > 0 and not reason:
                    found = self.drain(state, taken)
                    if found is None:
                        reason = "cannot deliver"
                    elif found[1] < self.cell.cutoff_v:
                        reason = "cut-off"
                    if reason or found is None:
                        break
                    part, empty = left, math.inf
                    if found[0] > 0:
                        part = min(left, most / found[0])
                        empty = (state - self.floor) * self.charge / found[0]
                    if empty <= part:
                        part, reason = empty, "used up"
                    course.append((seconds / 3600, state, found[1]))
                    seconds += part
                    delivered += power * part
                    state -= found[0] * part / self.charge
                    left -= part
                if reason:
                    break
            if not reason and seconds > LONGEST_S:
                reason = "no end"
        return self._result(seconds, state, reason, course, delivered)

    def _result(
        self,
        seconds: float,
        state: float,
        reason: str,
        course: list[tuple[float, float, float]],
        delivered: float | None = None,
    ) -> Discharge:
        repeats = seconds / self.period
        energy = repeats * self.repeat_j if delivered is None else delivered
        return Discharge(
            seconds / 3600,
            reason,
            repeats,
            energy,
            max(0.0, state),
            tuple(course[:: max(1, len(course) // 400)]),
        )


def profile_of(analysis: Analysis, most: int = 600) -> tuple[list[float], list[float]]:
    """Return (durations in s, mean powers in W) of a recording, at most that many stretches of equal length."""
    import numpy as np

    edges = np.unique(np.linspace(analysis.start_ns, analysis.end_ns, most + 1).astype(np.int64))
    energies = np.diff(np.asarray(analysis.integral.at(edges), np.float64))
    seconds = np.diff(edges) / 1e9
    return seconds.tolist(), np.clip(energies / seconds, 0.0, None).tolist()


def highest_w(analysis: Analysis) -> float:
    """Return the highest mean power in W of a recording and of its labels' events, 0 where none is known."""
    from powermeter.analysis.label_rows import in_short

    rows, highest = analysis.rows, float(analysis.power.value)
    stated = [(one.power_w, i) for i, one in enumerate(in_short(rows)) if one.power_w is not None]
    for watts, i in sorted(stated, reverse=True):
        if watts <= highest:
            break
        if rows[i].power is not None:
            return watts
    return highest
