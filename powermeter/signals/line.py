"""One line that power flows through: its measured quantities, and the power and the current that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.held import fresh_readings, refresh_found
from powermeter.signals.one_rule import alike
from powermeter.signals.trace import CommonError, Trace
from powermeter.signals.trace_arithmetic import multiply, scaled, total, work

NOMINAL_TOLERANCE = 0.05
"""A supply is assumed to hold its nominal voltage to ±5 % (USB 2.0, 7.2.2: 4.75 V to 5.25 V at a port)."""

WHOLE_SHARE = {
    Boundary.WALL: "everything at the socket, the power supply's loss included",
    Boundary.BATTERY: "what leaves the battery",
    Boundary.BOARD: "the whole board at its input",
    Boundary.MODULE: "the compute module, not its carrier board",
    Boundary.DEVICE: "one device, not the machine around it",
    Boundary.PART: "a part of the board only",
    Boundary.MODEL: "a model of the machine, no rail",
}


@dataclass(slots=True, eq=False)
class Line:
    """One rail of one source, its quantities read when asked for.

    Attributes:
        source: The recording's identifier of the source.
        source_name: The source's name for people.
        rail: The rail.
        key: `source name/rail name`: unique in a recording, accepted by `choose`.
        parts: The lines a sum was made of; empty for a measured rail.
        sampling: Who chose the moments of its readings, as its source states; empty for a log.
    """

    source: str
    source_name: str
    rail: Rail
    key: str
    parts: tuple[Line, ...] = ()
    sampling: str = ""
    _traces: dict[Quantity, Trace] = field(default_factory=dict)
    _memory: dict[Quantity, Trace | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Line {self.key}: {self.covers}>"

    @property
    def covers(self) -> str:
        """What is inside, in words."""
        return self.rail.covers or WHOLE_SHARE[self.rail.boundary]

    @property
    def grade(self) -> Grade:
        """The grade of its power."""
        power = self.power()
        return power.grade if power is not None else Grade.ASSUMED

    def take_voltage(self, volts: float) -> None:
        """Take a voltage as given where a current or a charge is measured and no voltage is known."""
        if self.power() is None and self.rail.nominal_v is None and not self.parts:
            self.rail = replace(self.rail, nominal_v=volts)
            self._memory.clear()

    def direct(self, quantity: Quantity) -> Trace | None:
        """Return a quantity only where a channel measures it."""
        return self._traces.get(quantity)

    def voltage(self) -> Trace | None:
        """Return the voltage in V, or None where it is not measured."""
        return self._traces.get(Quantity.VOLTAGE)

    def power(self) -> Trace | None:
        """Return what the rail's energy comes from.

        In this order: the energy counter (J), the power channel (W), voltage × current (W), the voltage over the
        counted charge (derived), current (or charge) × nominal voltage (derived).  None where none of them is there.
        """
        return self._remember(Quantity.POWER, self._find_power)

    def current(self) -> Trace | None:
        """Return what the rail's charge comes from.

        In this order: the charge counter (C), the current channel (A), power / measured voltage
        (A, derived), power / nominal voltage (A, derived).  None where none of them is there.
        """
        return self._remember(Quantity.CURRENT, self._find_current)

    def _remember(self, quantity: Quantity, find: Callable[[], Trace | None]) -> Trace | None:
        if quantity not in self._memory:
            found = find()
            self._memory[quantity] = None if found is None else replace(found, sampling=self.sampling)
        return self._memory[quantity]

    def _find_power(self) -> Trace | None:
        have = self._traces
        if self.parts:
            powers = [p for p in (line.power() for line in self.parts) if p is not None]
            return total(alike(powers), self.rail) if len(powers) == len(self.parts) else None
        for quantity in (Quantity.ENERGY, Quantity.POWER):
            if quantity in have:
                return have[quantity]
        current, voltage = have.get(Quantity.CURRENT), have.get(Quantity.VOLTAGE)
        if current is not None and voltage is not None:
            product = multiply(voltage, current, rail=self.rail)
            found = refresh_found(product)
            if len(product):
                return fresh_readings(product, found) if found else product
        if current is not None and self.rail.nominal_v:
            return scaled(current, self.rail.nominal_v, Quantity.POWER, self._nominal_error())
        if Quantity.CHARGE in have and voltage is not None and len(voltage):
            return work(have[Quantity.CHARGE], voltage)
        if Quantity.CHARGE in have and self.rail.nominal_v:
            return scaled(have[Quantity.CHARGE], self.rail.nominal_v, Quantity.ENERGY, self._nominal_error())
        return None

    def _find_current(self) -> Trace | None:
        have = self._traces
        for quantity in (Quantity.CHARGE, Quantity.CURRENT):
            if quantity in have:
                return have[quantity]
        power = self.power()
        if power is None:
            return None
        voltage = have.get(Quantity.VOLTAGE)
        if voltage is not None and len(voltage) and power.kind is not Kind.COUNTER:
            volts = np.interp(power.times_ns, voltage.times_ns, voltage.values)
            if (volts > 0).all():
                return _divided(power, voltage, volts)
        volts_mean = voltage.mean() if voltage is not None and len(voltage) else None
        nominal = self.rail.nominal_v or volts_mean
        if not nominal or nominal <= 0:
            return None
        quantity = Quantity.CHARGE if power.quantity is Quantity.ENERGY else Quantity.CURRENT
        return scaled(power, 1 / nominal, quantity, self._nominal_error())

    def _nominal_error(self) -> CommonError:
        return CommonError(f"model:nominal voltage {self.key}", relative=NOMINAL_TOLERANCE / 3**0.5)


def _divided(power: Trace, voltage: Trace, volts: np.ndarray[Any, Any]) -> Trace:
    mean_v, mean_p = float(np.mean(volts)), float(np.mean(power.values))
    errors = [replace(e, absolute=e.absolute / mean_v) for e in power.errors]
    errors += [replace(e, relative=-e.relative - e.absolute / mean_v, absolute=0.0) for e in voltage.errors]
    by_key: dict[str, CommonError] = {}
    for e in errors:
        old = by_key.get(e.key, CommonError(e.key, limit=e.limit))
        by_key[e.key] = replace(old, relative=old.relative + e.relative, absolute=old.absolute + e.absolute)
    noise = ((power.noise / mean_v) ** 2 + (voltage.noise * mean_p / mean_v**2) ** 2) ** 0.5
    return replace(
        power,
        values=power.values / volts,
        quantity=Quantity.CURRENT,
        errors=tuple(by_key.values()),
        noise=noise,
        step=power.step / mean_v,
        channels=(*power.channels, *(c for c in voltage.channels if c not in power.channels)),
        grade=max(power.grade, Grade.DERIVED, key=lambda g: g.rank),
    )
