"""What a Perfetto trace holds of power: its packets' readings of rails, of energy estimates and of batteries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from powermeter.importers.perfetto_clocks import BOOTTIME, Clocks
from powermeter.importers.perfetto_slices import Slices
from powermeter.importers.protobuf import BYTES, VARINT, fields, message, real, signed, text, unsigned

RailKey = tuple[int, int, int]
"""(machine, session, index)."""

Reading = tuple[int, int]
"""(BOOTTIME in ns, code)."""

_MAX_INDEX = 256


@dataclass(slots=True)
class BatteryReading:
    """One reading of a battery's gauge; what it did not show is None.  Current < 0 is discharge."""

    when: int
    name: str = ""
    charge_uah: int | None = None
    percent: float | None = None
    current_ua: int | None = None
    energy_uwh: int | None = None
    voltage_uv: int | None = None


@dataclass
class TraceFile:
    """What has been read of a trace.

    Attributes:
        names: Rail → (name, subsystem, samples per second).
        energies: Rail → readings of its counter in µJ, in the order of the trace.
        consumers: Energy consumer → its name; `estimates` its readings in µJ.
        batteries: Name → its readings.
        dropped: Packets that the phone reports as lost.
    """

    path: Path
    packets: int = 0
    cut: str = ""
    dropped: int = 0
    odd_rails: int = 0
    clocks: Clocks = field(default_factory=Clocks)
    names: dict[RailKey, tuple[str, str, int]] = field(default_factory=dict)
    energies: dict[RailKey, list[Reading]] = field(default_factory=dict)
    consumers: dict[tuple[int, int], str] = field(default_factory=dict)
    estimates: dict[tuple[int, int], list[Reading]] = field(default_factory=dict)
    batteries: dict[str, list[BatteryReading]] = field(default_factory=dict)
    slices: Slices = field(default_factory=Slices)
    _defaults: dict[int, int] = field(default_factory=dict)

    def packet(self, data: bytes) -> None:
        """Take in one packet.

        Raises:
            DataError: It is damaged.
        """
        self.packets += 1
        stamp: int | None = None
        clock: int | None = None
        machine = sequence = flags = 0
        inside: list[tuple[int, bytes]] = []
        for number, kind, value in fields(data):
            if number == 8 and kind == VARINT:
                stamp = unsigned(value)
            elif number == 58:
                clock = unsigned(value)
            elif number == 10:
                sequence = unsigned(value)
            elif number == 98:
                machine = unsigned(value)
            elif number == 13:
                flags = unsigned(value)
            elif number == 42:
                self.dropped += bool(value)
            elif kind == BYTES and number in (1, 6, 11, 12, 38, 40, 59, 60, 77, 107):
                inside.append((number, message(value)))
        if flags & 1:
            self._defaults.pop(sequence, None)
            self.slices.forget(sequence)
        for number, value in inside:
            if number == 59:
                default = next((unsigned(v) for n, _, v in fields(value) if n == 58), None)
                if default is not None:
                    self._defaults[sequence] = default
                self.slices.defaults(sequence, value)
            elif number == 6:
                self.clocks.snapshot(value, machine, sequence)
            elif number == 107:
                self.clocks.remote(value, machine)
        if clock is None:
            clock = self._defaults.get(sequence, BOOTTIME)
        when = None if stamp is None else self.clocks.boot(stamp, clock, machine, sequence)
        for number, value in inside:
            if number == 40:
                self._rails(value, when, machine)
            elif number == 77:
                self._estimates(value, when, machine)
            elif number == 38 and when is not None:
                self._battery(value, when)
            elif number in (11, 12, 60, 1):
                self.slices.add(number, value, when, sequence)

    def _rails(self, data: bytes, when: int | None, machine: int) -> None:
        session = next((unsigned(value) for number, _, value in fields(data) if number == 3), 0)
        for number, _, value in fields(data):
            if number == 1:
                index, name, subsystem, rate = 0, "", "", 0
                for inner, _, own in fields(message(value)):
                    if inner == 1:
                        index = unsigned(own)
                    elif inner == 2:
                        name = text(own)
                    elif inner == 3:
                        subsystem = text(own)
                    elif inner == 4:
                        rate = unsigned(own)
                self.names[machine, session, index] = name, subsystem, rate
            elif number == 2:
                index, energy, stamp = 0, None, when
                for inner, _, own in fields(message(value)):
                    if inner == 1:
                        index = unsigned(own)
                    elif inner == 2:
                        stamp = unsigned(own) * 1_000_000
                    elif inner == 3:
                        energy = unsigned(own)
                if index > _MAX_INDEX or stamp is None or stamp >= 2**62 or energy is None or energy >= 2**62:
                    self.odd_rails += 1
                    continue
                self.energies.setdefault((machine, session, index), []).append((stamp, energy))

    def _estimates(self, data: bytes, when: int | None, machine: int) -> None:
        identity, energy = 0, None
        for number, _, value in fields(data):
            if number == 1:
                for inner, _, consumer in fields(message(value)):
                    if inner != 1:
                        continue
                    own, name, kind = 0, "", ""
                    for field_, _, entry in fields(message(consumer)):
                        if field_ == 1:
                            own = signed(entry)
                        elif field_ == 3:
                            kind = text(entry)
                        elif field_ == 4:
                            name = text(entry)
                    self.consumers[machine, own] = name or kind
            elif number == 2:
                identity = signed(value)
            elif number == 3:
                energy = signed(value)
        if energy is not None and when is not None and 0 <= energy < 2**62:
            self.estimates.setdefault((machine, identity), []).append((when, energy))

    def _battery(self, data: bytes, when: int) -> None:
        found = BatteryReading(when)
        for number, _, value in fields(data):
            if number == 1:
                found.charge_uah = signed(value)
            elif number == 2:
                found.percent = real(value)
            elif number == 3:
                found.current_ua = signed(value)
            elif number == 5:
                found.name = text(value, 40)
            elif number == 6:
                found.energy_uwh = signed(value)
            elif number == 7:
                found.voltage_uv = signed(value)
        self.batteries.setdefault(found.name, []).append(found)
