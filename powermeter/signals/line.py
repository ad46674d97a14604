"""One line that power flows through: its measured quantities, and the power and the current that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.counter_or_power import current_of, power_of
from powermeter.signals.one_rule import alike
from powermeter.signals.trace import Trace
from powermeter.signals.trace_arithmetic import total

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
        return self._remember(
            Quantity.CURRENT, lambda: current_of(self._traces, self.power(), self.rail, self.key)
        )

    def _remember(self, quantity: Quantity, find: Callable[[], Trace | None]) -> Trace | None:
        if quantity not in self._memory:
            found = find()
            self._memory[quantity] = None if found is None else replace(found, sampling=self.sampling)
        return self._memory[quantity]

    def _find_power(self) -> Trace | None:
        if not self.parts:
            return power_of(self._traces, self.rail, self.key)
        powers = [p for p in (line.power() for line in self.parts) if p is not None]
        return total(alike(powers), self.rail) if len(powers) == len(self.parts) else None
