"""A simulated INA219: its ready flag sits in the bus register and clears on reading power."""

from __future__ import annotations

from typing import ClassVar

from powermeter.testing.i2c_chip import SimulatedChip, spread


class SimulatedINA219(SimulatedChip):
    """INA219: one channel, 12 bit."""

    RESET: ClassVar[dict[int, int]] = {0: 0x399F, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}
    ID: ClassVar[dict[int, int]] = {}
    TIMES_NS: ClassVar[tuple[int, ...]] = (84_000, 148_000, 276_000, 532_000)

    def _adc(self, code: int) -> tuple[int, int, int]:
        """Return (time in ns, samples, step in 12-bit steps) of an ADC code."""
        if code < 8:
            return self.TIMES_NS[code & 3], 1, 8 >> (code & 3)
        samples = 1 << (code & 7)
        return 532_000 if samples == 1 else round(532_000 * samples), samples, 1

    @property
    def _codes(self) -> tuple[int, int]:
        config = self.registers[0]
        return config >> 7 & 15, config >> 3 & 15

    def round_ns(self) -> float:
        """Return the sum of both conversions."""
        bus, shunt = (self._adc(code)[0] for code in self._codes)
        return {7: bus + shunt, 5: shunt, 6: bus}.get(self.registers[0] & 7, 0)

    def convert(self, start_ns: float, length_ns: float) -> None:
        """Shunt first, then bus."""
        config = self.registers[0]
        bus_code, shunt_code = self._codes
        (bus_ns, bus_n, bus_step), (shunt_ns, shunt_n, shunt_step) = (
            self._adc(bus_code),
            self._adc(shunt_code),
        )
        stretch = length_ns / self.round_ns()
        gain = 1 << (config >> 11 & 3)
        full = 4000 * gain
        if config & 1:
            spans = spread(start_ns, shunt_ns * stretch, shunt_n)
            self.registers[1] = self.mean(0, 1, spans, 10e-6, gain * shunt_step, -full, full)
        if config & 2:
            wide = config >> 13 & 1
            begin = start_ns + (shunt_ns * stretch if config & 1 else 0)
            spans = spread(begin, bus_ns * stretch, bus_n)
            code = self.mean(0, 0, spans, 4e-3, (1 + wide) * bus_step, 0, 8000 if wide else 4000)
            self.registers[2] = code << 3
        current = int(self.registers[1] * self.registers[5] / 4096)
        power = int(abs(current) * (self.registers[2] >> 3) / 5000)
        self._overflow = abs(current) > 32767 or power > 65535
        self.registers[4], self.registers[3] = current, power

    _overflow = False

    def view(self, register: int) -> int:
        """Return a register; the bus register carries the flags."""
        if register == 2:
            return self.registers[2] & 0xFFF8 | self.ready << 1 | self._overflow
        return super().view(register)

    def on_read(self, register: int) -> None:
        """Reading the power register clears CNVR."""
        if register == 3:
            self.ready = False

    def on_write(self, register: int, value: int) -> int:
        """A new mode clears CNVR; bit 0 of the calibration is void; results cannot be written."""
        if register == 0:
            self.ready = False
        if register == 5:
            return value & 0xFFFE
        return value if register == 0 else self.registers.get(register, 0)
