"""AVHzY / Shizuku CT-2 and CT-3 USB meters that answer `Get Meter Data` on their serial port.

The answer is five floats without a check; the power among them must be the product of the voltage
and the current, which refuses most damage.  The script this was learned from talks to a meter that
runs a matching Lua program; whether a CT-3 with stock firmware answers is not established, and the
binary protocol of the maker's own tool is not known.  Source: Py-AVHzY-CT-2.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import DataError
from powermeter.platforms.assumptions import TESTERS
from powermeter.source import Found, Row

from .links.link import UsbId
from .links.serial_port import usb_ports
from .meters.request_response import RequestMeter

USB = (UsbId(0x0483, 0xFFFE, "AVHzY C-3"), UsbId(0x0483, 0xFFFF, "AVHzY CT-3"))
FRAME_LENGTH = 20
MAX_VOLTAGE_V = 36.0
MAX_CURRENT_A = 6.5


@dataclass(frozen=True, slots=True)
class AvhzyFrame:
    """One answer; the current is a magnitude."""

    voltage_v: float
    current_a: float
    power_w: float
    dp_v: float
    dm_v: float


def decode(frame: bytes) -> AvhzyFrame:
    """Return the reading of 20 bytes.

    Raises:
        DataError: Wrong length, not numbers, out of range, or power is not voltage × current.
    """
    if len(frame) != FRAME_LENGTH:
        raise DataError(f"an answer has {FRAME_LENGTH} bytes, not {len(frame)}")
    reading = AvhzyFrame(*struct.unpack("<5f", frame))
    values = (reading.voltage_v, reading.current_a, reading.power_w, reading.dp_v, reading.dm_v)
    if not all(math.isfinite(value) for value in values):
        raise DataError("a value is not a number")
    if not (-0.5 <= reading.voltage_v <= MAX_VOLTAGE_V and -0.01 <= reading.current_a <= MAX_CURRENT_A):
        raise DataError(f"{reading.voltage_v:.3f} V, {reading.current_a:.3f} A is out of its range")
    product = reading.voltage_v * reading.current_a
    if abs(reading.power_w - product) > 0.002 + 0.02 * abs(product):
        raise DataError(f"power {reading.power_w:.4f} W is not voltage × current = {product:.4f} W")
    return reading


class Avhzy(RequestMeter):
    """An AVHzY meter that runs the answering script."""

    scheme = "avhzy"
    title = "AVHzY meter"
    summary = (
        "AVHzY/Shizuku CT-2, CT-3 that answer `Get Meter Data`: V, A, W, up to 50 a second (see its notes)"
    )
    example = "avhzy:///dev/ttyACM0"
    request = b"Get Meter Data"
    frame_length = FRAME_LENGTH
    answer_s = 0.3
    default_period_s = 0.02
    stale_when_equal = True
    usb = USB

    def decode(self, frame: bytes) -> AvhzyFrame:
        return decode(frame)

    def describe(self, reading: AvhzyFrame) -> None:
        note = TESTERS
        voltage = Accuracy(gain=1e-2, offset=1e-3, step=1e-4, source=note)
        current = Accuracy(gain=2e-2, offset=1e-3, step=1e-4, source=note)
        power = Accuracy(gain=3e-2, offset=5e-3, step=1e-4, source=note)
        self.channels = (
            Channel("voltage", Quantity.VOLTAGE, 1e-6, self.rail, accuracy=voltage),
            Channel("current", Quantity.CURRENT, 1e-6, self.rail, accuracy=current),
            Channel("power", Quantity.POWER, 1e-6, self.rail, accuracy=power),
        )

    def row(self, reading: AvhzyFrame) -> Row:
        return Row([round(value * 1e6) for value in (reading.voltage_v, reading.current_a, reading.power_w)])

    @classmethod
    def discover(cls) -> list[Found]:
        """List meters by their USB ids, which unrelated products share."""
        return [
            cls.found_on(
                port.device, entry.title, rate_hz=50.0, resolution_w=5e-4, rank=18, certainty="guess"
            )
            for port, entry in usb_ports(USB)
        ]
