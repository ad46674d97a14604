"""FNIRSI FNB58 and FNB48S over Bluetooth LE: another protocol than over HID.

Segments `AA`, type, length, payload, check; several in a notification or one over several.  Type 04
(V, A, W in steps of 0.1 m) is recorded; the coarse type 07 and the disputed totals of type 08 are not.

Layout: ha-fnirsi-fnb58, FNIRSI-FNB-Web-Server; the check was confirmed on captured segments.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from powermeter.channel import MISSING, Accuracy, Channel, Quantity
from powermeter.errors import DataError
from powermeter.platforms.assumptions import FNIRSI, FNIRSI_GAIN

from .links.ble import BleLink
from .links.link import Link
from .meters.linked import thermometer
from .meters.stream import StreamMeter, StreamRow

NOTIFY, WRITE = 0xFFE4, 0xFFE9
GREETING, START, STOP = bytes.fromhex("aa8100f4"), bytes.fromhex("aa8200a7"), bytes.fromhex("aa840001")
LENGTHS = {0x03: 14, 0x04: 12, 0x05: 7, 0x06: 6, 0x07: 4, 0x08: 17}
MAX_VOLTAGE_V, MAX_CURRENT_A = 130.0, 12.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """A type 04 segment, all in steps of 1e-4."""

    voltage_code: int
    current_code: int
    power_code: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A type 05 segment."""

    temperature_code: int  # 0.1 °C


@dataclass(frozen=True, slots=True)
class TesterIdentity:
    """A type 03 segment."""

    model: int
    firmware: int
    serial: int


Segment = Measurement | Surroundings | TesterIdentity | None


def check_of(data: bytes) -> int:
    """Return the low byte of CRC-16/XMODEM (polynomial 0x1021, start 0)."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc & 0xFF


def decode(segment: bytes) -> Segment:
    """Return the content of a segment; None for a type that is not used.

    Raises:
        DataError: Its mark, length or check is wrong, or its values contradict each other.
    """
    if len(segment) < 4 or segment[0] != 0xAA or len(segment) != 4 + segment[2]:
        raise DataError("not a segment")
    if check_of(segment[:-1]) != segment[-1]:
        raise DataError("the check of a segment is wrong")
    kind, body = segment[1], segment[3:-1]
    if kind in LENGTHS and len(body) != LENGTHS[kind]:
        raise DataError(f"a segment of type {kind:02x} has {LENGTHS[kind]} bytes, not {len(body)}")

    def word(at: int, width: int) -> int:
        return int.from_bytes(body[at : at + width], "little")

    if kind == 0x04:
        found = Measurement(word(0, 4), word(4, 4), word(8, 4))
        volts, amperes, watts = found.voltage_code / 1e4, found.current_code / 1e4, found.power_code / 1e4
        if (
            volts > MAX_VOLTAGE_V
            or amperes > MAX_CURRENT_A
            or abs(watts - volts * amperes) > 0.05 + 0.02 * watts
        ):
            raise DataError(f"{volts:.4f} V, {amperes:.4f} A, {watts:.4f} W do not go together")
        return found
    if kind == 0x05:
        return Surroundings(word(5, 2) * (1 if body[4] == 1 else -1))
    if kind == 0x03:
        return TesterIdentity(word(0, 2), word(2, 2), word(4, 4))
    return None


def cut(buffer: bytearray) -> tuple[list[bytes], int]:
    """Take whole segments off the front of a buffer; what belongs to none counts as skipped."""
    segments: list[bytes] = []
    skipped = 0
    while True:
        start = buffer.find(0xAA)
        if start < 0:
            skipped += len(buffer)
            buffer.clear()
            return segments, skipped
        skipped += start
        del buffer[:start]
        if len(buffer) < 3:
            return segments, skipped
        length = 4 + buffer[2]
        plausible = LENGTHS.get(buffer[1], buffer[2]) == buffer[2] and length <= 64
        if plausible and len(buffer) < length:
            return segments, skipped
        if plausible and check_of(bytes(buffer[: length - 1])) == buffer[length - 1]:
            segments.append(bytes(buffer[:length]))
            del buffer[:length]
        else:
            skipped += 1
            del buffer[:1]


class FnirsiBle(StreamMeter):
    """A FNB58 or FNB48S over Bluetooth LE."""

    scheme = "fnirsi-ble"
    title = "FNIRSI tester (Bluetooth)"
    summary = "FNIRSI FNB58/FNB48S over Bluetooth LE: V, A, W"
    example = "fnirsi-ble://00:11:22:33:44:55"
    first_s = 5.0
    stop_message = STOP
    repeats = True

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._identity: TesterIdentity | None = None
        self._temperature = MISSING

    def connect(self) -> Link:
        return BleLink(self.address.location, [(NOTIFY, WRITE)], instrument=self.title)

    def start(self, link: Link) -> None:
        link.write(GREETING)
        time.sleep(0.5)
        link.write(START)

    def describe(self, reading: Measurement) -> None:
        self.channels = (
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                1e-4,
                self.rail,
                accuracy=Accuracy(gain=FNIRSI_GAIN, offset=2e-4, step=1e-4, source=FNIRSI),
            ),
            Channel(
                "current",
                Quantity.CURRENT,
                1e-4,
                self.rail,
                accuracy=Accuracy(gain=FNIRSI_GAIN, offset=2e-4, step=1e-4, source=FNIRSI),
            ),
            Channel(
                "power",
                Quantity.POWER,
                1e-4,
                self.rail,
                accuracy=Accuracy(
                    gain=2 * FNIRSI_GAIN,
                    offset=1e-3,
                    step=1e-4,
                    source=FNIRSI,
                ),
            ),
            thermometer(0.1),
        )

    def decode(self, frame: bytes) -> Measurement | None:
        found = decode(frame)
        if isinstance(found, TesterIdentity):
            self._identity = found
        elif isinstance(found, Surroundings):
            self._temperature = found.temperature_code
        return found if isinstance(found, Measurement) else None

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut(buffer)

    def rows(self, reading: Measurement, arrival_ns: int) -> list[StreamRow]:
        codes = [reading.voltage_code, reading.current_code, reading.power_code, self._temperature]
        return [StreamRow(codes)]

    def info(self) -> dict[str, Any]:
        known = self._identity
        facts = (
            {"serial": str(known.serial), "firmware": known.firmware, "model_code": known.model}
            if known
            else {}
        )
        return {**super().info(), "model": "FNB58 or FNB48S", **facts}
