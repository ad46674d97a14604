"""Bytes to and from one instrument: what every cable, radio and socket has in common.

A driver asks `open_link` for a `Link` and never sees pyserial, sockets or hidraw.  Whatever goes
wrong on the way is one of two errors: `OpenError` before the first byte, `ReadError` after it.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.source import Option

MAC_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")
HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})\Z")


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
    """

    where: str
    facts: dict[str, Any]

    @abstractmethod
    def read(self, limit: int, timeout_s: float) -> bytes:
        """Give what has arrived, at most `limit` bytes; nothing when nothing came within the time.

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

    def read_exactly(self, length: int, timeout_s: float) -> bytes:
        """Give `length` bytes, or the fewer that came within the time."""
        deadline = time.monotonic() + timeout_s
        data = bytearray()
        while len(data) < length:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            data += self.read(length - len(data), left)
        return bytes(data)

    def read_line(self, limit: int, timeout_s: float) -> bytes:
        """Give one line without its end (LF or CR LF), or the unfinished part that came within the time.

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


def open_link(
    location: str,
    *,
    instrument: str,
    baud: int = 115200,
    usb: Sequence[UsbId] = (),
    tcp_port: int | None = None,
) -> Link:
    """Open the way that a URL's location names.

    Args:
        location: A port (`/dev/ttyACM0`, `/dev/rfcomm0`, `COM5`), a Bluetooth address (RFCOMM channel 1),
            `host:port`, a USB serial number, or nothing for the only such instrument plugged in.
        instrument: Its name, for messages.
        baud: For serial ports; 8 data bits, no parity, one stop bit.
        usb: The ids it may have, to find it without a port name.
        tcp_port: The usual TCP port, where the instrument can be on the network; None where it cannot.

    Raises:
        ConfigurationError: The location is none of these.
        OpenError: It is not there, not ours to use, or in use.
    """
    if MAC_ADDRESS.match(location):
        from .sockets import RfcommLink

        return RfcommLink(location, instrument=instrument)
    if location.startswith("/") or re.match(r"COM\d+\Z", location, re.IGNORECASE):
        from .serial_port import SerialLink

        return SerialLink(location, baud=baud, instrument=instrument)
    if tcp_port is not None and location:
        from .sockets import TcpLink

        match = HOST_AND_PORT.match(location)
        host, port = (match[1].strip("[]"), int(match[2])) if match else (location, tcp_port)
        return TcpLink(host, port, instrument=instrument)
    if not usb:
        raise ConfigurationError(
            f"{instrument}: {location or 'no port'!r} does not say where it is; write a port, for example "
            f"{instrument.lower().split()[0]}:///dev/ttyUSB0"
        )
    from .serial_port import SerialLink, find_usb_port

    return SerialLink(find_usb_port(usb, location, instrument), baud=baud, instrument=instrument)


def parse_baud(text: str) -> int:
    """Give the speed of a serial port.

    Raises:
        ConfigurationError: It is none.
    """
    if text.isdigit() and 50 <= int(text) <= 12_000_000:
        return int(text)
    raise ConfigurationError("write a speed in baud, for example 115200")


RAIL_OPTIONS = {
    "rail": Option(str, "input", "the name of the line it measures"),
    "boundary": Option(Boundary, Boundary.BOARD, "what that line feeds: wall, battery, board, module, device, part"),
}
"""Options of every meter that sits in a cable: only its user knows what hangs behind it."""


def rail_of(options: dict[str, Any], covers: str, nominal_v: float | None = None) -> Rail:
    """Give the rail that a meter in a cable measures."""
    return Rail(options.get("rail", "input"), boundary=options["boundary"], covers=covers, nominal_v=nominal_v)
