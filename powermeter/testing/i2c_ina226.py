"""A simulated INA226: averages take turns, flags sit in 06h and clear on reading it."""

from __future__ import annotations

from typing import ClassVar

from powermeter.testing.i2c_chip import POINTS, SimulatedChip, clip


class SimulatedINA226(SimulatedChip):
    """INA226: one channel, 16 bit, flags in 06h."""

    RESET: ClassVar[dict[int, int]] = {0: 0x4127, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0}
    ID: ClassVar[dict[int, int]] = {0xFE: 0x5449, 0xFF: 0x2260}
    TIMES_NS: ClassVar[tuple[int, ...]] = (
        140_000,
        204_000,
        332_000,
        588_000,
        1_100_000,
        2_116_000,
        4_156_000,
        8_244_000,
    )
    AVERAGES: ClassVar[tuple[int, ...]] = (1, 4, 16, 64, 128, 256, 512, 1024)
    _overflow = False

    def _timing(self) -> tuple[int, int, int, int]:
        """Return (averages, bus ns, shunt ns, mode)."""
        config = self.registers[0]
        return (
            self.AVERAGES[config >> 9 & 7],
            self.TIMES_NS[config >> 6 & 7],
            self.TIMES_NS[config >> 3 & 7],
            config & 7,
        )

    def round_ns(self) -> float:
        """Return averages × (bus + shunt)."""
        averages, bus, shunt, mode = self._timing()
        return averages * {7: bus + shunt, 5: shunt, 6: bus}.get(mode, 0)

    def convert(self, start_ns: float, length_ns: float) -> None:
        """Shunt and bus take turns; all four results load together."""
        averages, bus_ns, shunt_ns, _ = self._timing()
        turn = length_ns / min(averages, POINTS)
        share = shunt_ns / (bus_ns + shunt_ns)
        starts = [start_ns + i * turn for i in range(min(averages, POINTS))]
        shunt = self.mean(0, 1, [(s, turn * share) for s in starts], 2.5e-6, 1, -32768, 32767)
        bus = self.mean(0, 0, [(s + turn * share, turn * (1 - share)) for s in starts], 1.25e-3, 1, 0, 32767)
        current = int(shunt * self.registers[5] / 2048)
        power = int(abs(current) * bus / 20000)
        self._overflow = abs(current) > 32767 or power > 65535
        self.registers.update({1: shunt, 2: bus, 3: min(power, 65535), 4: clip(current, -32768, 32767)})

    def view(self, register: int) -> int:
        """Return a register; 06h carries the flags."""
        if register == 6:
            return self.registers[6] & 0xFC13 | self.ready << 3 | self._overflow << 2
        return super().view(register)

    def on_read(self, register: int) -> None:
        """Reading 06h clears CVRF."""
        if register == 6:
            self.ready = False

    def on_write(self, register: int, value: int) -> int:
        """Writing the configuration clears CVRF, except power-down."""
        if register == 0:
            if value & 7 not in (0, 4):
                self.ready = False
            return value & 0x0FFF | 0x4000
        if register == 5:
            return value & 0x7FFF
        return value if register in (6, 7) else self.registers.get(register, 0)
