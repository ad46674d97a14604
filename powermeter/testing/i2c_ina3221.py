"""A simulated INA3221: three channels in turn, the flag in 0Fh, nothing multiplied."""

from __future__ import annotations

from typing import ClassVar

from powermeter.testing.i2c_chip import POINTS, SimulatedChip, clip
from powermeter.testing.i2c_ina226 import SimulatedINA226


class SimulatedINA3221(SimulatedChip):
    """INA3221: three channels, 13 bit, no current or power."""

    RESET: ClassVar[dict[int, int]] = {
        0: 0x7127,
        7: 0x7FF8,
        8: 0x7FF8,
        9: 0x7FF8,
        10: 0x7FF8,
        11: 0x7FF8,
        12: 0x7FF8,
        14: 0x7FFE,
        15: 0x0002,
        16: 0x2710,
        17: 0x2328,
    }
    ID: ClassVar[dict[int, int]] = {0xFE: 0x5449, 0xFF: 0x3220}

    def _timing(self) -> tuple[int, int, int, list[int]]:
        """Return (averages, bus ns, shunt ns, enabled channels)."""
        config = self.registers[0]
        enabled = [i for i in range(3) if config & 0x4000 >> i] if config & 7 in (5, 6, 7) else []
        times = SimulatedINA226.TIMES_NS
        return (
            SimulatedINA226.AVERAGES[config >> 9 & 7],
            times[config >> 6 & 7],
            times[config >> 3 & 7],
            enabled,
        )

    def round_ns(self) -> float:
        """Return channels × averages × (bus + shunt)."""
        averages, bus, shunt, enabled = self._timing()
        return len(enabled) * averages * (bus + shunt)

    def convert(self, start_ns: float, length_ns: float) -> None:
        """One channel after the other; the sum takes single conversions."""
        averages, bus_ns, shunt_ns, enabled = self._timing()
        count = min(averages, POINTS)
        turn = length_ns / (count * len(enabled))
        share = shunt_ns / (bus_ns + shunt_ns)
        total = 0
        for position, channel in enumerate(enabled):
            starts = [start_ns + (i * len(enabled) + position) * turn for i in range(count)]
            shunts = [(s, turn * share) for s in starts]
            shunt = self.mean(channel, 1, shunts, 40e-6, 1, -4096, 4095)
            buses = [(s + turn * share, turn * (1 - share)) for s in starts]
            bus = self.mean(channel, 0, buses, 8e-3, 1, 0, 4095)
            self.registers[1 + 2 * channel], self.registers[2 + 2 * channel] = shunt << 3, bus << 3
            if self.registers[15] & 0x4000 >> channel:
                total += self.mean(channel, 1, shunts[-1:], 40e-6, 1, -4096, 4095)
        self.registers[13] = clip(total, -16384, 16383) << 1

    def view(self, register: int) -> int:
        """Return a register; 0Fh carries the flag."""
        if register == 15:
            return self.registers[15] & 0xFFFE | self.ready
        return super().view(register)

    def on_read(self, register: int) -> None:
        """Reading 0Fh clears CVRF."""
        if register == 15:
            self.ready = False

    def on_write(self, register: int, value: int) -> int:
        """Writing the configuration clears CVRF, except power-down."""
        if register == 0 and value & 7 not in (0, 4):
            self.ready = False
        if register == 15:
            return value & 0x7C00 | self.registers[15] & 0x03FF
        return value if register in self.RESET else self.registers.get(register, 0)
