"""A meter's own mAh or mWh total, made continuous across wraps, resets, lost reads and damaged ones."""

from __future__ import annotations

import math

from powermeter.channel import MISSING, Accuracy, Channel, Kind, Quantity, Rail
from powermeter.platforms.assumptions import CLOCKED, COUNTED_CLOCK, TESTERS
from powermeter.units import NS


class Odometer:
    """Follows one running total that began long before us and may be cleared on the meter's own buttons.

    Only differences of what it returns mean anything.  A step backwards, or forwards by more than the
    meter can count in that time, is believed only when the next reading confirms it; until then the
    value is missing.  A believed step counts as a reset: what the meter counted between its last
    good reading and the reset is lost, nothing is invented for it.
    """

    def __init__(self, most_per_s: float, wrap: int | None = None) -> None:
        """Start empty.

        Args:
            most_per_s: The most codes it can gain in a second, from the meter's range.
            wrap: The number of codes after which it starts again; None if it stops or never gets there.
        """
        self.most_per_s = most_per_s
        self.wrap = wrap
        self.resets = 0
        self._total: int | None = None
        self._last = 0
        self._time_ns = 0
        self._doubt: tuple[int, int] | None = None

    def feed(self, code: int, now_ns: int) -> int:
        """Return the continuous total for a raw reading, or `MISSING` while it is in doubt."""
        if self._total is None:
            self._accept(code, code, now_ns)
            return code
        step = self._step(self._last, code, now_ns - self._time_ns)
        if step is not None:
            self._accept(self._total + step, code, now_ns)
            return self._total
        if self._doubt is not None:
            doubted, then_ns = self._doubt
            step = self._step(doubted, code, now_ns - then_ns)
            if step is not None:
                self.resets += 1
                # Cleared to zero, what it shows has been counted since; selected another group, it has not.
                since_zero = code if code <= self._allowed(now_ns - self._time_ns) else step
                self._accept(self._total + since_zero, code, now_ns)
                return self._total
        self._doubt = (code, now_ns)
        return MISSING

    def rebase(self, code: int, now_ns: int) -> None:
        """Go on from a reading of another counter: nothing is added for the change."""
        if self._total is not None:
            self.resets += 1
            self._accept(self._total, code, now_ns)

    def _step(self, before: int, after: int, elapsed_ns: int) -> int | None:
        step = after - before
        if step < 0 and self.wrap is not None:
            step += self.wrap
        return step if 0 <= step <= self._allowed(elapsed_ns) else None

    def _allowed(self, elapsed_ns: int) -> int:
        return 2 + math.ceil(self.most_per_s * max(0, elapsed_ns) / NS)

    def _accept(self, total: int, code: int, now_ns: int) -> None:
        self._total, self._last, self._time_ns, self._doubt = total, code, now_ns, None


def totals_of(rail: Rail) -> Rail:
    """Return the rail that a meter's own totals are recorded on: the same line, seen in coarse steps.

    A step of 1 mWh is 3.6 J, so the totals must not be what a short window's energy is taken from; as a
    line of their own under the measured one they serve as a check of it and carry across gaps.
    """
    return Rail(
        f"{rail.name}.totals",
        rail.name,
        rail.boundary,
        f"the same line by the meter's own totals ({rail.covers})",
    )


class ContinuousTotals:
    """A meter's own charge and energy, both made continuous.

    Args:
        amperes, volts: The most it can pass.
        per_h: Counts in an ampere hour and in a watt hour.
    """

    def __init__(self, amperes: float, volts: float, *, per_h: float = 1e3) -> None:
        most_per_s = amperes / 3600 * per_h
        self._both = Odometer(most_per_s), Odometer(most_per_s * volts)

    def feed(self, charge: int, energy: int, now_ns: int) -> list[int]:
        """Return the continuous totals, each `MISSING` while it is in doubt."""
        return [one.feed(code, now_ns) for one, code in zip(self._both, (charge, energy), strict=True)]

    def rebase(self, charge: int, energy: int, now_ns: int) -> None:
        """Go on from another counter's totals."""
        for one, code in zip(self._both, (charge, energy), strict=True):
            one.rebase(code, now_ns)

    @property
    def resets(self) -> int:
        """How often one of them was cleared."""
        return sum(one.resets for one in self._both)


def total(
    rail: Rail,
    quantity: Quantity,
    step: float,
    gain: float,
    refresh_ns: int | None = None,
    *,
    source: str,
    clock: float | None = None,
) -> Channel:
    """Return the channel of a meter's own total of charge or energy.

    Args:
        rail: The rail it counts.
        quantity: What it counts.
        step: One count in SI units.
        gain: The largest share it may be off by, its clock apart.
        refresh_ns: How often it changes.
        source: Where `gain` and `clock` are stated: the meter's own data sheet; reports cite it.
        clock: The largest relative error of its clock; None where nobody states it, which assumes an RC oscillator's.
    """
    if clock is None:
        clock, source = COUNTED_CLOCK, f"{source}; {CLOCKED}"
    accuracy = Accuracy(gain=gain, step=step, clock=clock, source=source)
    return Channel(
        quantity.value,
        quantity,
        step,
        totals_of(rail),
        Kind.COUNTER,
        refresh_ns=refresh_ns,
        accuracy=accuracy,
    )


def counted(
    rail: Rail, charge_gain: float, energy_gain: float, refresh_ns: int | None = None, *, per_h: float = 1e3
) -> tuple[Channel, Channel]:
    """Return the channels of the charge and energy of a USB tester whose maker states no limits.

    Args:
        rail: The rail they count.
        charge_gain, energy_gain: The largest share each may be off by.
        refresh_ns: How often they change.
        per_h: Counts in an ampere hour and in a watt hour.
    """
    step = 3600 / per_h
    return (
        total(rail, Quantity.CHARGE, step, charge_gain, refresh_ns, source=TESTERS),
        total(rail, Quantity.ENERGY, step, energy_gain, refresh_ns, source=TESTERS),
    )
