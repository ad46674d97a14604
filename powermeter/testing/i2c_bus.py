"""A simulated I²C bus with the methods of `smbus2.SMBus`, its transfer times and its faults.

::

    bus = SimulatedBus(bus_hz=400_000)
    bus.add(0x40, SimulatedINA219(load=lambda t: (5.0, 0.4), shunt_ohm=0.1))
    word = bus.read_word_data(0x40, 0x02)

Time passes on the bus's own clock: a `StepClock`, which only transfers and sleeps move (tests run in
no time and repeat exactly), or a `WallClock`, by which a person can try the program without hardware.
`ina219://virtual/0x40?shunt=0.1ohm` makes the second kind.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.testing.i2c_chips import MODELS, Load, SimulatedChip

FUNC_I2C, FUNC_SMBUS = 0x00000001, 0x0C7F0000
"""Plain I²C, and the byte, word and block calls that `i2c-stub` and most adapters offer (linux/i2c.h)."""

READ_FLAG = 0x0001


class StepClock:
    """A clock that stands still until something on the bus, or a sleep, takes time."""

    def __init__(self, start_ns: int = 1_000_000_000) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return nanoseconds."""
        return self._now_ns

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._now_ns += max(0, round(seconds * 1e9))

    spend = sleep


class RealClock:
    """The machine's own clock; a transfer takes as long as the wire would."""

    @staticmethod
    def now_ns() -> int:
        """Return monotonic nanoseconds."""
        return time.monotonic_ns()

    @staticmethod
    def sleep(seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))

    spend = sleep


class SimulatedBus:
    """One bus; chips are added by address.

    Args:
        bus_hz: SCL frequency.
        clock: What time is; a `StepClock` by default.
        plain_i2c: Whether the adapter takes `i2c_rdwr`; `i2c-stub` does not.
        single_read: Whether it refuses more than one read message, as the Raspberry Pi 0 to 4 does.
        call_s: What each call costs beside the wire (system call, interpreter).

    Attributes:
        transfers: How many transfers were made.
        log: Called with (kind, address, register, value) of each, when set.
    """

    def __init__(
        self,
        bus_hz: float = 400_000,
        clock: StepClock | RealClock | None = None,
        *,
        plain_i2c: bool = True,
        single_read: bool = False,
        call_s: float = 0.0,
    ) -> None:
        self.clock = clock or StepClock()
        self.bus_hz = bus_hz
        self.funcs = FUNC_SMBUS | (FUNC_I2C if plain_i2c else 0)
        self.transfers = 0
        self.log: Callable[[str, int, int, int], None] | None = None
        self._single_read = single_read
        self._call_s = call_s
        self._chips: dict[int, SimulatedChip] = {}
        self._unplugged: dict[int, int] = {}
        self._held: set[int] = set()
        self._hung = False
        self._faults: list[int] = []
        self.closed = False

    def add(self, address: int, chip: SimulatedChip) -> SimulatedBus:
        """Wire a chip up and switch it on; return the bus."""
        self._chips[address] = chip
        chip.power_up(self.clock.now_ns())
        return self

    def chip(self, address: int) -> SimulatedChip:
        """Return a chip."""
        return self._chips[address]

    # Faults -----------------------------------------------------------------------------------

    def unplug(self, address: int, code: int = errno.EREMOTEIO) -> None:
        """Take a chip off the bus; transfers to it fail with `code` until `plug`."""
        self._unplugged[address] = code

    def plug(self, address: int, *, restarted: bool = True) -> None:
        """Put it back, freshly powered up where it `restarted`."""
        self._unplugged.pop(address, None)
        if restarted:
            self._chips[address].power_up(self.clock.now_ns())

    def hang(self, hung: bool = True) -> None:
        """Hold a line low: every transfer times out."""
        self._hung = hung

    def hold(self, address: int, held: bool = True) -> None:
        """Have a kernel driver hold an address: SMBus calls return EBUSY, plain I²C does not notice."""
        (self._held.add if held else self._held.discard)(address)

    def fail(self, code: int, times: int = 1) -> None:
        """Let the next transfers fail with an errno."""
        self._faults += [code] * times

    # The methods of smbus2.SMBus --------------------------------------------------------------

    def read_word_data(self, i2c_addr: int, register: int, force: bool | None = None) -> int:
        """Read a register of two bytes, little-endian as SMBus has it."""
        self._claim(i2c_addr, force)
        data = self._read(i2c_addr, register, 2)
        return data[0] | data[1] << 8

    def read_i2c_block_data(
        self, i2c_addr: int, register: int, length: int, force: bool | None = None
    ) -> list[int]:
        """Read a register's bytes in the order of the wire."""
        self._claim(i2c_addr, force)
        return list(self._read(i2c_addr, register, length))

    def read_byte(self, i2c_addr: int, force: bool | None = None) -> int:
        """Read one byte from where the pointer stands."""
        self._claim(i2c_addr, force)
        self._spend(i2c_addr, 20)
        return self._chip_at(i2c_addr).read(self.clock.now_ns(), None, 1)[0]

    def read_byte_data(self, i2c_addr: int, register: int, force: bool | None = None) -> int:
        """Read one byte of a register."""
        self._claim(i2c_addr, force)
        return self._read(i2c_addr, register, 1)[0]

    def write_word_data(self, i2c_addr: int, register: int, value: int, force: bool | None = None) -> None:
        """Write a register of two bytes, little-endian as SMBus has it."""
        self._claim(i2c_addr, force)
        self._write(i2c_addr, bytes([register, value & 0xFF, value >> 8 & 0xFF]))

    def write_i2c_block_data(
        self, i2c_addr: int, register: int, data: Sequence[int], force: bool | None = None
    ) -> None:
        """Write bytes in the order of the wire."""
        self._claim(i2c_addr, force)
        self._write(i2c_addr, bytes([register, *data]))

    def i2c_rdwr(self, *i2c_msgs: Any) -> None:
        """Run messages made by `smbus2.i2c_msg`, joined by repeated starts."""
        if not self.funcs & FUNC_I2C:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        reads = [message for message in i2c_msgs if message.flags & READ_FLAG]
        if self._single_read and (len(reads) > 1 or (reads and i2c_msgs[-1] is not reads[0])):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        register: int | None = None
        for message in i2c_msgs:
            if message.flags & READ_FLAG:
                data = self._read(message.addr, register, message.len)
                for i, byte in enumerate(data):
                    message.buf[i] = byte
            else:
                payload = bytes(message)
                if len(payload) == 1:
                    register = payload[0]
                else:
                    self._write(message.addr, payload)

    def close(self) -> None:
        """Let go of it; the chips go on."""
        self.closed = True

    def __enter__(self) -> SimulatedBus:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The wire ---------------------------------------------------------------------------------

    def _claim(self, address: int, force: bool | None) -> None:
        if address in self._held and not force:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def _read(self, address: int, register: int | None, length: int) -> bytes:
        # Start, address, pointer, repeated start, address, data, stop; nine bits a byte.
        pointer_bits = 0 if register is None else 19
        self._spend(address, 2 + 9 + pointer_bits + 9 * length)
        data = self._chip_at(address).read(self.clock.now_ns(), register, length)
        if self.log is not None:
            self.log("read", address, -1 if register is None else register, int.from_bytes(data, "big"))
        return data

    def _write(self, address: int, payload: bytes) -> None:
        self._spend(address, 2 + 9 + 9 * len(payload))
        if self.log is not None:
            self.log("write", address, payload[0], int.from_bytes(payload[1:], "big"))
        self._chip_at(address).write(self.clock.now_ns(), payload[0], payload[1:])

    def _spend(self, address: int, bits: int) -> None:
        self.transfers += 1
        if self._hung:
            self.clock.spend(0.025)
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        if self._faults:
            self.clock.spend(11 / self.bus_hz + self._call_s)
            code = self._faults.pop(0)
            raise OSError(code, os.strerror(code))
        if address in self._unplugged or address not in self._chips:
            self.clock.spend(11 / self.bus_hz + self._call_s)
            code = self._unplugged.get(address, errno.EREMOTEIO)
            raise OSError(code, os.strerror(code))
        self.clock.spend(bits / self.bus_hz + self._call_s)

    def _chip_at(self, address: int) -> SimulatedChip:
        return self._chips[address]


def virtual_bus(chips: Sequence[tuple[str, int, Sequence[float], str | None]]) -> SimulatedBus:
    """Return a bus in real time with chips as (model, address, shunts in ohm, load as `volts,amps`).

    Raises:
        ConfigurationError: There is no such simulated chip, or the load is not two numbers.
    """
    bus = SimulatedBus(clock=RealClock())
    for model, address, ohms, text in chips:
        if model not in MODELS:
            raise ConfigurationError(f"no simulated {model}; there are {', '.join(MODELS)}")
        load = bursts if text is None else constant(text)
        bus.add(address, MODELS[model](load, ohms if len(ohms) > 1 else ohms[0]))
    return bus


def bursts(t: float) -> tuple[float, float]:
    """Return a small board's supply: 5.1 V behind 60 mΩ, 0.35 A idle, 1.1 A for 0.3 s of each second."""
    amps = 1.1 if t % 1.0 < 0.3 else 0.35
    return 5.1 - 0.06 * amps, amps


def constant(text: str) -> Load:
    """Return a load that stays at `volts,amps`.

    Raises:
        ConfigurationError: The text is not two numbers.
    """
    try:
        volts, amps = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigurationError(f"load {text!r} is not volts,amps; write for example load=5.0,0.4") from None
    return lambda t: (volts, amps)
