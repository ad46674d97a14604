"""Opening the link that a URL's location names: a port, an address, a host, or the only one plugged in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason

from .link import Link, UsbId

if TYPE_CHECKING:
    from powermeter.source import Source

MAC_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")
HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})\Z")


@contextmanager
def closed_on_failure(source: Source, question: str = "") -> Iterator[None]:
    """Close a source whose opening fails inside the block; a failed read and a refused answer become an `OpenError`.

    Args:
        source: What is being opened.
        question: Appended to their message: `is this the UM25C's port?`.
    """
    try:
        yield
    except ReadError as error:
        source.close()
        raise OpenError(f"{error}; {question}" if question else str(error), error.reason) from error
    except DataError as error:
        source.close()
        text = f"{source.address}: {error}"
        raise OpenError(f"{text}; {question}" if question else text, Reason.BAD_DATA) from error
    except BaseException:
        source.close()
        raise


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
            f"{instrument}: {location or 'no port'!r} does not state where it is; write a port, for example "
            f"{instrument.lower().split()[0]}:///dev/ttyUSB0"
        )
    from .serial_port import SerialLink, find_usb_port

    return SerialLink(find_usb_port(usb, location, instrument), baud=baud, instrument=instrument)
