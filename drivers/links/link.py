"""Bytes to and from one instrument: what every cable, radio and socket has in common.

A driver asks `opening.open_link` for a `Link` and never sees pyserial, sockets or hidraw.  Whatever goes
wrong on the way is one of two errors: `OpenError` before the first byte, `ReadError` after it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from powermeter.channel import Boundary, Channel, Rail
from powermeter.errors import ConfigurationError
from powermeter.result import Grade
from powermeter.source import Option


@dataclass(frozen=True, slots=True)
class UsbId:
    """One kind of instrument on the USB: vendor and product id, and the name to show."""

    vendor: int
    product: int
    title: str


class Link(ABC):
    """An open way to one instrument.

    Attributes:
        where: How to name it in a message: `/dev/ttyACM0`, `192.168.1.7:5025`.
        facts: What the operating system knows of it: USB serial number, product.
        is_simulated: Whether `powermeter.testing` plays the instrument.
    """

    where: str
    facts: dict[str, Any]
    is_simulated: bool = False

    def graded(self, channels: Iterable[Channel]) -> tuple[Channel, ...]:
        """Return channels, as simulated ones where no instrument is behind the link."""
        if not self.is_simulated:
            return tuple(channels)
        return tuple(replace(channel, grade=Grade.SIMULATED) for channel in channels)

    @abstractmethod
    def read(self, limit: int, timeout_s: float) -> bytes:
        """Return what has arrived, at most `limit` bytes; nothing when nothing came within the time.

        Raises:
            ReadError: The instrument is gone.
        """

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            ReadError: The instrument is gone, or takes no bytes.
        """

    @abstractmethod
    def close(self) -> None:
        """Release it; never raises, may be called twice."""

    def clear(self) -> None:
        """Throw away what has arrived and was not read, at most 1 MB of it.

        Raises:
            ReadError: The instrument is gone.
        """
        for _ in range(256):
            if not self.read(4096, 0.0):
                return

    def wait_until_quiet(self, quiet_s: float = 0.2, limit_s: float = 2.0) -> bool:
        """Throw away what arrives until nothing has come for `quiet_s`; return whether that was within the limit.

        For an instrument that may still be sending when it is opened: stop it, wait, then ask.

        Raises:
            ReadError: The instrument is gone.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if not self.read(4096, quiet_s):
                return True
        return False

    def read_exactly(self, length: int, timeout_s: float) -> bytes:
        """Return `length` bytes, or the fewer that came within the time."""
        deadline = time.monotonic() + timeout_s
        data = bytearray()
        while len(data) < length:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            data += self.read(length - len(data), left)
        return bytes(data)

    def read_line(self, limit: int, timeout_s: float) -> bytes:
        """Return one line, which ends in LF (CR LF is made one), or the part without an end that came within the time.

        Reads byte by byte so that nothing behind the line is swallowed.
        """
        deadline = time.monotonic() + timeout_s
        data = bytearray()
        while len(data) < limit:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            byte = self.read(1, left)
            if byte == b"\n":
                return bytes(data).rstrip(b"\r") + b"\n"
            data += byte
        return bytes(data)


def parse_baud(text: str) -> int:
    """Return the speed of a serial port.

    Raises:
        ConfigurationError: It is none.
    """
    if text.isdigit() and 50 <= int(text) <= 12_000_000:
        return int(text)
    raise ConfigurationError("write a speed in baud, for example 115200")


RAIL_OPTIONS = {
    "rail": Option(str, "input", "the name of the line it measures"),
    "boundary": Option(
        Boundary, Boundary.BOARD, "what that line feeds: wall, battery, board, module, device, part"
    ),
}
"""Options of every meter that sits in a cable: only its user knows what hangs behind it."""


def rail_of(options: dict[str, Any], covers: str, nominal_v: float | None = None) -> Rail:
    """Return the rail that a meter in a cable measures."""
    return Rail(
        options.get("rail", "input"), boundary=options["boundary"], covers=covers, nominal_v=nominal_v
    )
