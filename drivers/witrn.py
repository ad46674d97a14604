"""WITRN USB meters (U2p, U3, U3L, A2, A2L, C4, K2) over HID.

Layout: witrn_protocol, witrn-ui, WITRN_HID_WEB.  The check bytes come from a decompiled program and
were never seen to hold on a capture: the meter is held to them only if its first reports satisfy
them.  No capture was public when this was written; the driver rests on layouts alone.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import DataError
from powermeter.platforms.assumptions import TESTERS
from powermeter.source import Found

from .links.hid import REPORT_LENGTH, cut_reports, hid_devices, open_hid
from .links.link import Link, UsbId
from .meters.linked import thermometer
from .meters.running_total import ContinuousTotals, counted
from .meters.stream import StreamMeter, StreamRow

MEASUREMENT = 0x1A
MAX_VOLTAGE_V = 60.0
MAX_CURRENT_A = 20.0
PER_H = 1e6
"""Codes of its totals: 1 µAh and 1 µWh."""
USB = tuple(
    UsbId(0x0716, product, f"WITRN {model}")
    for product, model in (
        (0x5030, "U2p"),
        (0x5044, "U3"),
        (0x5054, "U3L"),
        (0x5045, "A2"),
        (0x5050, "A2L"),
        (0x5053, "C4"),
        (0x5060, "K2"),
    )
)


@dataclass(frozen=True, slots=True)
class WitrnFrame:
    """One report; counters run since the meter's own reset."""

    charge_ah: float
    energy_wh: float
    inner_degc: float
    voltage_v: float
    current_a: float
    check_ok: bool


def decode(report: bytes, *, check: bool = False) -> WitrnFrame:
    """Return the reading of a report.

    Args:
        report: All 64 bytes.
        check: Whether wrong check bytes refuse it; they are reported in `check_ok` either way.

    Raises:
        DataError: Wrong length, marks or check, another command, or values no meter can show.
    """
    if len(report) != REPORT_LENGTH or report[:2] != b"\xff\x55":
        raise DataError(
            f"a report has {REPORT_LENGTH} bytes and begins with ff55, not {report[:2].hex() or 'nothing'}"
        )
    if report[8] != MEASUREMENT:
        raise DataError(f"command {report[8]:02x} is not a measurement")
    body = sum(report[8:62]) & 0xFF
    check_ok = report[62] == body and report[63] == (sum(report[:8]) + body) & 0xFF
    if check and not check_ok:
        raise DataError("the check bytes are wrong")
    if not all(map(math.isfinite, struct.unpack_from("<2f8x6f", report, 14))):
        raise DataError("a value is not a number")
    charge, energy, inner, volts, amperes = struct.unpack_from("<2f16xf4x2f", report, 14)
    if (
        not -1.0 <= volts <= MAX_VOLTAGE_V
        or abs(amperes) > MAX_CURRENT_A
        or max(abs(charge), abs(energy)) > 1e6
    ):
        raise DataError(f"{volts:.3f} V, {amperes:.3f} A is out of its range")
    return WitrnFrame(charge, energy, inner, volts, amperes, check_ok)


class Witrn(StreamMeter):
    """A WITRN meter on its HID interface."""

    scheme = "witrn"
    title = "WITRN meter"
    summary = (
        "WITRN USB meters over HID: V, A, Ah, Wh, as fast as the host reads (layouts only, no capture seen)"
    )
    example = "witrn://"
    first_frames, first_s = 3, 2.0
    silence_s = 2.0
    repeats = True

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._model = "WITRN"
        self._check: bool | None = None
        self._totals = ContinuousTotals(MAX_CURRENT_A, MAX_VOLTAGE_V, per_h=PER_H)

    def connect(self) -> Link:
        link, known = open_hid(self.address.location, USB, self.title)
        self._model = known.usb.title if known else self._model
        return link

    def describe(self, reading: WitrnFrame) -> None:
        if self._check is None:
            self._check = sum(one.check_ok for one in self.first) * 2 > len(self.first)
        note = TESTERS
        self.channels = (
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                1e-6,
                self.rail,
                accuracy=Accuracy(gain=1e-2, offset=1e-3, step=1e-5, source=note),
            ),
            Channel(
                "current",
                Quantity.CURRENT,
                1e-6,
                self.rail,
                accuracy=Accuracy(gain=2e-2, offset=1e-3, step=1e-5, source=note),
            ),
            *counted(self.rail, 2e-2, 3e-2, per_h=PER_H),
            thermometer(0.01),
        )

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut_reports(buffer)

    def decode(self, frame: bytes) -> WitrnFrame:
        return decode(frame, check=bool(self._check))

    def rows(self, reading: WitrnFrame, arrival_ns: int) -> list[StreamRow]:
        codes = [
            round(reading.voltage_v * 1e6),
            round(reading.current_a * 1e6),
            *self._totals.feed(
                round(reading.charge_ah * PER_H), round(reading.energy_wh * PER_H), arrival_ns
            ),
            round(reading.inner_degc * 100),
        ]
        return [StreamRow(codes)]

    def info(self) -> dict[str, Any]:
        held = "held to it" if self._check else "its check bytes do not follow the published rule: not used"
        return {**super().info(), "model": self._model, "check": held}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "counter_resets": self._totals.resets}

    @classmethod
    def discover(cls) -> list[Found]:
        """List WITRN meters by their USB ids."""
        return [
            cls.found_on(device.path, device.usb.title, rate_hz=100.0, resolution_w=5e-5, rank=13)
            for device in hid_devices(USB)
        ]
