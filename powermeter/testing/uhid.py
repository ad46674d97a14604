"""A HID device made by Linux's `/dev/uhid`: the simulated meter then is a real `/dev/hidrawN`.

Event layouts: linux/uhid.h.  Needs root and the modules `hid` and `uhid`.
"""

from __future__ import annotations

import os
import struct

from powermeter.testing.terminal import SimulatedPort

DESTROY, OUTPUT, CREATE2, INPUT2 = 1, 6, 11, 12
EVENT_LENGTH = 4 + 4376
BUS_USB = 3
# Vendor page; one input and one output report of 64 bytes, without report numbers.
DESCRIPTOR = bytes.fromhex("0600ff0901a101150026ff00750895400901810209019102c0")


class UhidPort(SimulatedPort):
    """One HID device of the kernel's own making."""

    def __init__(self, vendor: int, product: int, *, name: str, serial: str = "0001") -> None:
        self.where = "uhid"
        self._ids = vendor, product
        self._name, self._serial = name, serial
        self._fd = -1

    def plug(self) -> None:
        self._fd = os.open("/dev/uhid", os.O_RDWR | os.O_NONBLOCK)
        os.write(self._fd, create_event(*self._ids, self._name, self._serial))

    def unplug(self) -> None:
        if self._fd >= 0:
            os.write(self._fd, struct.pack("<I", DESTROY).ljust(EVENT_LENGTH, b"\x00"))
            os.close(self._fd)
            self._fd = -1

    def handles(self) -> list[int]:
        return [self._fd] if self._fd >= 0 else []

    def receive(self, handle: int) -> list[bytes]:
        event = os.read(handle, EVENT_LENGTH)
        report = output_report(event)
        return [report] if report else []

    def send(self, data: bytes) -> int:
        os.write(self._fd, struct.pack("<IH", INPUT2, len(data)) + data)
        return len(data)


def create_event(vendor: int, product: int, name: str, serial: str) -> bytes:
    """Return the event that creates the device."""
    return struct.pack(
        "<I128s64s64sHHIIII4096s",
        CREATE2,
        name.encode()[:127],
        b"powermeter/0",
        serial.encode()[:63],
        len(DESCRIPTOR),
        BUS_USB,
        vendor,
        product,
        0x100,
        0,
        DESCRIPTOR,
    )


def output_report(event: bytes) -> bytes:
    """Return the report a program wrote to the device, its number taken off; nothing for other events."""
    if len(event) < 4 + 4096 + 3 or struct.unpack_from("<I", event)[0] != OUTPUT:
        return b""
    (size,) = struct.unpack_from("<H", event, 4 + 4096)
    report = event[4 : 4 + min(size, 4096)]
    return report[1:] if len(report) == 65 and report[0] == 0 else report
