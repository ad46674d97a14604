"""VOLTA-9, an invented inline meter: 500 frames a second on a USB serial port after `S`, until `X`.

Frame: 7E 55, sequence (1 byte), milliseconds (4, wraps), millivolt (2), 10 µA (4, signed), status (1; bit 0 over
range, bit 7 settling: its reference, no reading), CRC-8 (polynomial 07h) of what comes before.  Little endian.  Limits: 0.2 % + 2 mV, 0.5 % + 0.2 mA.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters.checksums import crc8
from powermeter.drivers.meters.stream import StreamMeter, StreamRow
from powermeter.errors import DataError, OpenError, Reason
from powermeter.source import SATURATED

SOURCE = "VOLTA-9 manual, table 2"
REFRESH_NS = 2_000_000
SETTLING = 0x80


class Reading(NamedTuple):
    """One frame."""

    number: int
    time_ms: int
    millivolt: int
    current_code: int
    status: int


class Volta(StreamMeter):
    """A VOLTA-9 in the supply line of a device."""

    scheme = "volta"
    title = "VOLTA-9"
    summary = "VOLTA-9 inline meter over USB serial: V and A, 500 a second"
    example = "volta:///dev/ttyACM0"
    baud = 230400
    head, frame_length = b"\x7e\x55", 15
    start_message, stop_message = b"S\n", b"X\n"
    tick_ns, tick_wrap, number_wrap = 1e6, 2**32, 256

    def identify(self, link: Link) -> None:
        link.write(b"X\n")
        link.wait_until_quiet()
        link.write(b"ID\n")
        answer = link.read_line(64, 1.0).decode("ascii", "replace")
        if not answer.endswith("\n"):
            raise OpenError(f"{self.address}: no answer; check the port and the cable", Reason.NO_ANSWER)
        if not answer.startswith("VOLTA-9"):
            raise OpenError(f"{self.address}: {answer.strip()!r} answers, not a VOLTA-9", Reason.WRONG_DEVICE)
        self.firmware = answer.strip().rpartition(" v")[2]

    def decode(self, frame: bytes) -> Reading | None:
        if crc8(frame[:-1], 0x07) != frame[-1]:
            raise DataError("the CRC of a frame is wrong")
        reading = Reading(*struct.unpack("<BIHiB", frame[2:-1]))
        return None if reading.status & SETTLING else reading

    def describe(self, reading: Reading) -> None:
        volts = Accuracy(gain=2e-3, offset=2e-3, step=1e-3, source=SOURCE)
        amperes = Accuracy(gain=5e-3, offset=2e-4, step=1e-5, source=SOURCE)
        self.channels = (
            Channel("voltage", Quantity.VOLTAGE, 1e-3, self.rail, refresh_ns=REFRESH_NS, accuracy=volts),
            Channel("current", Quantity.CURRENT, 1e-5, self.rail, refresh_ns=REFRESH_NS, accuracy=amperes),
        )

    def rows(self, reading: Reading, arrival_ns: int) -> list[StreamRow]:
        flags = SATURATED if reading.status & 1 else 0
        return [StreamRow([reading.millivolt, reading.current_code], flags, reading.time_ms, reading.number)]

    def info(self) -> dict[str, Any]:
        return {**super().info(), "firmware": self.firmware}
