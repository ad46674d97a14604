"""The way to one chip on an I²C bus: a register per transfer, errors with names, no fight with the kernel.

A bus is anything with the methods of `smbus2.SMBus`; `virtual` names a simulated one
(`powermeter.testing.i2c_bus`).  Registers are most significant byte first, as TI's chips send them.

Each register is one transfer, pointer and data joined by a repeated start, so that no other program
can move the pointer in between.  Several registers are never batched: the controller of the
Raspberry Pi 0 to 4 refuses more than one read message (i2c-bcm2835.c).
"""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any, Protocol

from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, ReadError, Reason

from .permission import permission_remedy

GROUP = "i2c"
"""The group of buses."""

FUNC_I2C = 0x00000001
FUNC_READ_BLOCK = 0x04000000
"""Capability bits of an adapter (linux/i2c.h)."""

ATTEMPTS = 3
"""How often a transfer is tried where the chip did not answer; a NACK may be a disturbed line."""

# Errno → (reason, whether to try again, what it means).  The kernel's fault-codes.rst, and what
# i2c-bcm2835, i2c-tegra and i2c-i801 return in fact.
FAULTS: dict[int, tuple[Reason, bool, str]] = {
    errno.EREMOTEIO: (Reason.NO_ANSWER, True, "does not acknowledge; check its wiring, supply and address"),
    errno.ENXIO: (Reason.NO_ANSWER, True, "does not acknowledge; check its wiring, supply and address"),
    errno.EIO: (Reason.NO_ANSWER, True, "answers with a bus error; check the wiring and the pull-ups"),
    errno.EAGAIN: (Reason.NO_ANSWER, True, "lost the bus to another master"),
    errno.EPROTO: (Reason.NO_ANSWER, True, "breaks the bus protocol; check the wiring and the bus speed"),
    errno.ETIMEDOUT: (
        Reason.NO_ANSWER,
        False,
        "timed out: a bus line is held low; power-cycle what holds it",
    ),
    errno.EBUSY: (Reason.BUSY, False, "is busy: the bus is stuck or a kernel driver took the chip"),
    errno.ENODEV: (Reason.ABSENT, False, "is gone: the bus adapter was removed"),
    errno.ENOENT: (Reason.ABSENT, False, "is gone: the bus adapter was removed"),
    errno.EBADF: (Reason.ABSENT, False, "is gone: the bus was closed"),
}


class Bus(Protocol):
    """What is used of `smbus2.SMBus`."""

    funcs: Any

    def read_byte(self, i2c_addr: int) -> int: ...
    def read_word_data(self, i2c_addr: int, register: int) -> int: ...
    def write_word_data(self, i2c_addr: int, register: int, value: int) -> None: ...
    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]: ...
    def i2c_rdwr(self, *i2c_msgs: Any) -> None: ...
    def close(self) -> None: ...


class BusClock:
    """The machine's clock; a simulated bus brings its own as `bus.clock`."""

    @staticmethod
    def now_ns() -> int:
        """Return monotonic nanoseconds."""
        return time.monotonic_ns()

    @staticmethod
    def sleep(seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def clock_of(bus: Bus) -> BusClock:
    """Return the clock that a bus lives by."""
    return getattr(bus, "clock", None) or BusClock()


def swapped(word: int) -> int:
    """Return an SMBus word, which is little-endian, with its bytes in the chip's order, or back."""
    return (word & 0xFF) << 8 | word >> 8 & 0xFF


def bus_path(name: str) -> Path:
    """Return the device of a bus named `1`, `i2c-1` or `/dev/i2c-1`.

    Raises:
        ConfigurationError: It is none of these.
    """
    text = name.removeprefix("/dev/").removeprefix("i2c-")
    if text.isdecimal() and len(text) <= 6:
        return Path(f"/dev/i2c-{int(text)}")
    raise ConfigurationError(f"{name!r} is not an I²C bus; write for example 1, /dev/i2c-1 or virtual")


def open_bus(name: str) -> Bus:
    """Open a bus.

    Raises:
        ConfigurationError: The name is not a bus.
        OpenError: There is no such bus, or this user may not use it.
        NotInstalledError: smbus2 is missing.
    """
    path = bus_path(name)
    try:
        from smbus2 import SMBus
    except ImportError as error:  # no fcntl outside Unix
        raise NotInstalledError(f"{path} needs smbus2 (Linux); run: pip install smbus2") from error
    try:
        bus: Bus = SMBus(str(path))
    except FileNotFoundError:
        raise OpenError(f"{path} does not exist; {_buses_there()}", Reason.ABSENT) from None
    except PermissionError:
        raise OpenError(
            f"{path}: permission denied; {permission_remedy(path, GROUP)}", Reason.PERMISSION
        ) from None
    except OSError as error:
        raise OpenError(f"{path}: {error.strerror or error}", Reason.BUSY) from error
    return bus


def _buses_there() -> str:
    there = sorted(str(path) for path in Path("/dev").glob("i2c-*"))
    if there:
        return "there are " + ", ".join(there)
    return (
        "enable I²C (Raspberry Pi: sudo raspi-config, Interface Options, I2C; others: sudo modprobe i2c-dev)"
    )


def holder(path: Path, address: int, sysfs: Path = Path("/sys")) -> tuple[str, str] | None:
    """Return the kernel driver that holds a chip and the URL of the source that reads it, or None.

    The URL is `hwmon://…`, `iio://…`, or empty where that driver publishes neither.
    """
    number = path.name.removeprefix("i2c-")
    device = sysfs / "bus/i2c/devices" / f"{number}-{address:04x}"
    link = device / "driver"
    if not link.exists():
        return None
    driver = link.resolve().name
    for entry in sorted(device.glob("hwmon/hwmon*/name")):
        try:
            chip = entry.read_text().strip()
        except OSError:
            continue
        return driver, f"hwmon://{chip}-i2c-{number}-{address:02x}"
    for node in sorted(device.glob("iio:device*")):
        return driver, f"iio://{node.name}"
    return driver, ""


class RegisterLink:
    """One chip's registers.

    Attributes:
        where: Bus and address for messages: `i2c-1 0x40`.
        clock: The clock the bus lives by.
    """

    def __init__(self, bus: Bus, bus_name: str, address: int) -> None:
        self.bus = bus
        self.bus_name = bus_name
        self.address = address
        self.where = f"i2c-{bus_name.removeprefix('/dev/i2c-').removeprefix('i2c-')} 0x{address:02x}"
        self.clock = clock_of(bus)
        self._plain = bool(int(bus.funcs) & FUNC_I2C)
        self._block = bool(int(bus.funcs) & FUNC_READ_BLOCK)
        self._messages: dict[tuple[int, int], tuple[Any, Any]] = {}

    @property
    def transfers(self) -> str:
        """How registers are read: `I2C` or `SMBus`."""
        return "I2C" if self._plain else "SMBus"

    def claim(self, register: int) -> int:
        """Read a 16-bit register by way of the kernel's check that no driver holds this address.

        A plain I²C transfer is not stopped by a bound driver (i2c-dev.c checks at I2C_SLAVE only),
        so this is what keeps two programs from one chip.

        Raises:
            OpenError: A kernel driver holds the chip, or it does not answer.
        """
        try:
            return swapped(self._retried(lambda: self.bus.read_word_data(self.address, register)))
        except ReadError as error:
            if error.reason is Reason.BUSY:
                raise OpenError(self._busy(), Reason.BUSY) from None
            raise OpenError(str(error), error.reason) from None

    def _busy(self) -> str:
        held = holder(Path(f"/dev/i2c-{self.where.split()[0].removeprefix('i2c-')}"), self.address)
        if held is None:
            return f"{self.where}: busy; the bus is stuck or another program holds it"
        driver, url = held
        if url:
            return f"{self.where}: the kernel driver {driver} holds this chip; read it with --source {url}"
        return f"{self.where}: the kernel driver {driver} holds this chip; unbind it to use the chip directly"

    def read(self, register: int, size: int = 2) -> int:
        """Return a register of 2, 3 or 5 bytes as an unsigned number.

        Raises:
            ReadError: The chip did not answer, after `ATTEMPTS` tries where trying again may help.
        """
        if self._plain:
            raw = self._retried(lambda: self._combined(register, size))
            if raw is not None:
                return int.from_bytes(raw, "big")
        if size == 2:
            return swapped(self._retried(lambda: self.bus.read_word_data(self.address, register)))
        if not self._block:
            raise ReadError(
                f"{self.where}: this adapter cannot read {size} bytes at once; use a chip with 16-bit registers",
                Reason.WRONG_DEVICE,
            )
        block = self._retried(lambda: self.bus.read_i2c_block_data(self.address, register, size))
        return int.from_bytes(bytes(block), "big")

    def _combined(self, register: int, size: int) -> bytes | None:
        """Read by one write and one read message; None where the adapter turns out to refuse that."""
        pair = self._messages.get((register, size))
        if pair is None:
            from smbus2 import i2c_msg

            pair = i2c_msg.write(self.address, [register]), i2c_msg.read(self.address, size)
            self._messages[register, size] = pair
        try:
            self.bus.i2c_rdwr(*pair)
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:
                raise
            self._plain = False
            return None
        return bytes(pair[1])

    def write(self, register: int, value: int) -> None:
        """Write a 16-bit register.

        Raises:
            ReadError: The chip did not acknowledge.
        """
        self._retried(lambda: self.bus.write_word_data(self.address, register, swapped(value)))

    def _retried(self, transfer: Any) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return transfer()
            except OSError as error:
                code = error.errno or 0
                reason, again, text = FAULTS.get(
                    code, (Reason.NO_ANSWER, False, error.strerror or str(error))
                )
                if again and attempt < ATTEMPTS:
                    continue
                name = errno.errorcode.get(code, str(code))
                raise ReadError(f"{self.where} {text} ({name})", reason) from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of the messages; the bus belongs to who opened it."""
        self._messages.clear()
