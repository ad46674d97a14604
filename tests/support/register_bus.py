"""A bus whose registers hold what a test puts there, and a log of what was asked."""

from __future__ import annotations

import errno
import os
from typing import Any

from powermeter.testing.i2c_bus import FUNC_I2C, FUNC_SMBUS, StepClock

IDS: dict[str, dict[int, int]] = {
    "ina226": {0xFE: 0x5449, 0xFF: 0x2260},
    "ina228": {0x3E: 0x5449, 0x3F: 0x2281},
    "ina234": {0x3E: 0x5449, 0x3F: 0xA480},
    "ina236": {0x3E: 0x5449, 0x3F: 0xA080},
    "ina237": {0x3E: 0x5449},
    "ina238": {0x3E: 0x5449, 0x3F: 0x2381},
    "ina260": {0xFE: 0x5449, 0xFF: 0x2270},
    "ina3221": {0xFE: 0x5449, 0xFF: 0x3220},
    "ina700": {0x3E: 0x5449},
    "ina740": {0x3E: 0x5449},
    "ina745": {0x3E: 0x5449},
    "ina780": {0x3E: 0x5449},
}
"""Model → what its identification registers hold."""

READY: dict[str, dict[int, int]] = {
    "ina219": {},
    "ina220": {1: 100, 2: (1250 << 3) | 2, 3: 1},
    **{name: {6: 0x0009} for name in ("ina226", "ina230", "ina231", "ina234", "ina236", "ina260")},
    "ina3221": {15: 0x7001},
    **{name: {11: 0x8003} for name in ("ina228", "ina237", "ina238", "ina700", "ina740", "ina745", "ina780")},
}
"""Model → registers of a chip that has just converted."""


class RegisterBus:
    """Registers as plain numbers; nothing changes by itself.  Widths beyond 2 bytes are in `wide`."""

    def __init__(self, registers: dict[int, int], *, plain_i2c: bool = True) -> None:
        self.registers = registers
        self.clock = StepClock()
        self.funcs = FUNC_SMBUS | (FUNC_I2C if plain_i2c else 0)
        self.log: list[tuple[str, int, int]] = []
        self.fault = 0

    def _get(self, register: int, size: int) -> bytes:
        self.clock.sleep(100e-6)
        if self.fault:
            raise OSError(self.fault, os.strerror(self.fault))
        value = self.registers.get(register, 0)
        self.log.append(("read", register, value))
        return value.to_bytes(size, "big")

    def read_byte(self, i2c_addr: int) -> int:
        return self._get(0, 2)[0]

    def read_word_data(self, i2c_addr: int, register: int) -> int:
        return int.from_bytes(self._get(register, 2), "little")

    def write_word_data(self, i2c_addr: int, register: int, value: int) -> None:
        self.clock.sleep(100e-6)
        value = (value & 0xFF) << 8 | value >> 8
        self.log.append(("write", register, value))
        self.registers[register] = value

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]:
        return list(self._get(register, length))

    def i2c_rdwr(self, *i2c_msgs: Any) -> None:
        if not self.funcs & FUNC_I2C:
            raise OSError(errno.EOPNOTSUPP, "not supported")
        pointer, answer = i2c_msgs
        for i, byte in enumerate(self._get(bytes(pointer)[0], answer.len)):
            answer.buf[i] = byte

    def close(self) -> None:
        pass
