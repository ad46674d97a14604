"""A simulated INA228 with its energy and charge counters, and the INA238 made from the same core."""

from __future__ import annotations

from typing import ClassVar

from powermeter.testing.i2c_chip import NS, POINTS, SimulatedChip, clip
from powermeter.testing.i2c_ina226 import SimulatedINA226


class SimulatedINA228(SimulatedChip):
    """INA228: one channel, 20 bit, energy and charge."""

    RESET: ClassVar[dict[int, int]] = {
        0: 0,
        1: 0xFB68,
        2: 0x1000,
        3: 0,
        6: 3200,
        11: 0x0001,
        12: 0x7FFF,
        13: 0x8000,
        14: 0x7FFF,
        15: 0,
        16: 0x7FFF,
        17: 0xFFFF,
    }
    ID: ClassVar[dict[int, int]] = {0x3E: 0x5449, 0x3F: 0x2281}
    CONFIG: ClassVar[tuple[int, ...]] = (0, 1)
    TIMES_NS: ClassVar[tuple[int, ...]] = (
        50_000,
        84_000,
        150_000,
        280_000,
        540_000,
        1_052_000,
        2_074_000,
        4_120_000,
    )
    SIZES: ClassVar[dict[int, int]] = {4: 3, 5: 3, 7: 3, 8: 3, 9: 5, 10: 5}
    SHUNT_LSB, BUS_LSB = 312.5e-9, 195.3125e-6
    BITS = 20
    SHIFT = 4
    POWER_DIVISOR = 1
    UNLATCHED_NS = 100_000

    def size(self, register: int) -> int:
        """Return 2, 3 or 5 bytes."""
        return self.SIZES.get(register, 2)

    def power_up(self, now_ns: int) -> None:
        """Start from the reset values, counters at 0."""
        self.energy = self.charge = 0.0
        self.energy_overflow = self.charge_overflow = self.math_overflow = False
        super().power_up(now_ns)

    def _timing(self) -> tuple[int, int, int, int]:
        """Return (averages, bus ns, shunt ns, temperature ns) of what is converted."""
        config = self.registers[1]
        mode = config >> 12
        if mode < 9:
            return 0, 0, 0, 0
        bus, shunt, die = (self.TIMES_NS[config >> at & 7] for at in (9, 6, 3))
        averages = SimulatedINA226.AVERAGES[config & 7]
        return averages, bus * (mode & 1), shunt * (mode >> 1 & 1), die * (mode >> 2 & 1)

    def round_ns(self) -> float:
        """Return averages × the conversions of a turn."""
        averages, *times = self._timing()
        return averages * sum(times)

    def catch_up(self, first: int, last: int, length: float) -> None:
        """Do every round for the counters, up to a thousand; beyond that, rounds are taken together."""
        step = max(1, (last - first) // 1000)
        at = first
        while at < last:
            count = min(step, last - at)
            self.convert(self._began_ns + (at + count - 1) * length, length)
            self._count(length * count)
            at += count

    def convert(self, start_ns: float, length_ns: float) -> None:
        """Shunt, bus and temperature take turns."""
        averages, bus_ns, shunt_ns, die_ns = self._timing()
        count = min(averages, POINTS)
        turn = length_ns / count
        whole = bus_ns + shunt_ns + die_ns
        starts = [start_ns + i * turn for i in range(count)]
        narrow = self.registers[0] >> 4 & 1
        top = 1 << self.BITS - 1
        if shunt_ns:
            spans = [(s, turn * shunt_ns / whole) for s in starts]
            lsb = self.SHUNT_LSB / 4 if narrow else self.SHUNT_LSB
            self._shunt = self.mean(0, 1, spans, lsb, 1, -top, top - 1)
        if bus_ns:
            spans = [(s + turn * shunt_ns / whole, turn * bus_ns / whole) for s in starts]
            self._bus = self.mean(0, 0, spans, self.BUS_LSB, 1, 0, top - 1)
        calibration = self.registers[2]
        self._current = int(self._shunt * 4096 / calibration) if calibration else 0
        self.math_overflow = not -top <= self._current < top
        self._current = clip(self._current, -top, top - 1)
        self._set_results()

    _shunt = _bus = _current = 0

    def _set_results(self) -> None:
        self.registers[4] = self._shunt << self.SHIFT
        self.registers[5] = self._bus << self.SHIFT
        self.registers[7] = self._current << self.SHIFT
        # 3.2 × current LSB a count: 195.3125 µV / 3.2 is 1/16384 V exactly.
        self.registers[8] = abs(self._current) * self._bus >> 14

    def _count(self, length_ns: float) -> None:
        seconds = length_ns / NS
        watts = abs(self._current) * self._bus * self.BUS_LSB / (3.2 * 16)
        self.energy += watts * seconds
        self.charge += self._current * seconds
        if self.energy >= 1 << 40:
            self.energy -= 1 << 40
            self.energy_overflow = True
        if not -(1 << 39) <= self.charge < 1 << 39:
            self.charge += -(1 << 40) if self.charge > 0 else 1 << 40
            self.charge_overflow = True

    def advance(self, now_ns: int) -> None:
        """Finish rounds; without latching, the ready flag goes by itself."""
        super().advance(now_ns)
        length = self.round_ns() * (1 + self.clock_error)
        if self.ready and length and not self.registers[11] & 0x8000:
            since = now_ns - (self._began_ns + self._done * length)
            self.ready = since < self.UNLATCHED_NS

    def view(self, register: int) -> int:
        """Return a register; 0Bh carries the flags, 09h and 0Ah the counters."""
        if register == 9:
            return int(self.energy)
        if register == 10:
            return int(self.charge // 1)
        if register == 11:
            flags = self.energy_overflow << 11 | self.charge_overflow << 10 | self.math_overflow << 9
            return self.registers[11] & 0xF001 | flags | self.ready << 1
        return super().view(register)

    def on_read(self, register: int) -> None:
        """Reading 0Bh clears CNVRF, reading a counter clears its overflow."""
        if register == 11:
            self.ready = False
        if register == 9:
            self.energy_overflow = False
        if register == 10:
            self.charge_overflow = False

    def on_write(self, register: int, value: int) -> int:
        """RSTACC zeroes the counters; the calibration has 15 bits; results cannot be written."""
        if register == 0:
            if value & 0x4000:
                self.energy = self.charge = 0.0
                self.energy_overflow = self.charge_overflow = False
            return value & 0x3FF0
        if register == 1:
            self.ready = False
        if register == 2:
            return value & 0x7FFF
        if register == 11:
            self.ready = False
            return value & 0xF000 | self.registers[11] & 0x0001
        return value if register in self.RESET and register != 6 else self.registers.get(register, 0)


class SimulatedINA238(SimulatedINA228):
    """INA238: as INA228 with 16 bits and without counters."""

    RESET: ClassVar[dict[int, int]] = {**SimulatedINA228.RESET, 6: 200 << 4}
    ID: ClassVar[dict[int, int]] = {0x3E: 0x5449, 0x3F: 0x2381}
    SIZES: ClassVar[dict[int, int]] = {8: 3}
    SHUNT_LSB, BUS_LSB = 5e-6, 3.125e-3
    BITS, SHIFT = 16, 0

    def _set_results(self) -> None:
        super()._set_results()
        # 0.2 × current LSB a count: 3.125 mV / 0.2 is 1/64 V exactly.
        self.registers[8] = abs(self._current) * self._bus >> 6

    def view(self, register: int) -> int:
        """Return a register; there are no counters."""
        return 0 if register in (9, 10) else super().view(register)
