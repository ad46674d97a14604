"""Reports of ATORCH and Juwei meters: 36 bytes each, cut out of a stream and decoded.

Layout: atorch-console, esphome-atorch-dl24, libsigrok (atorch), atorch-ble, j7-c_usb_meter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from powermeter.errors import ConfigurationError, DataError

HEAD = b"\xff\x55"
REPORT = 1
LENGTHS = {1: 36, 2: 8, 17: 10}  # message type → bytes
AC, DC, USB = 1, 2, 3
_NEXT_REPORT = re.compile(rb"\xff\x55\x01[\x01-\x03]")


class Scale(NamedTuple):
    """What one code is in SI, and the most a meter can pass in V and A."""

    volts: float
    amperes: float
    coulombs: float | None
    joules: float
    most_v: float
    most_a: float


SCALES = {
    AC: Scale(0.1, 0.001, None, 36000.0, 300.0, 100.0),
    DC: Scale(0.1, 0.001, 36.0, 36000.0, 500.0, 100.0),
    USB: Scale(0.01, 0.01, 3.6, 36.0, 40.0, 10.0),
}
"""By the device type in a report."""


@dataclass(frozen=True, slots=True)
class AtorchReport:
    """One report in the meter's own integers, as far as it is recorded.

    Attributes:
        device: 1 alternating current, 2 direct current, 3 USB.
        check: The rule its last byte satisfies: 1, 2, or None.
        power_code: 0.1 W; AC meters only.
        charge_code: 1 mAh (USB) or 10 mAh (DC).
        energy_code: 10 mWh (USB) or 10 Wh.
    """

    device: int
    check: int | None
    voltage_code: int
    current_code: int
    power_code: int | None
    charge_code: int | None
    energy_code: int
    temperature_c: int

    @property
    def voltage_v(self) -> float:
        """Volt."""
        return self.voltage_code * SCALES[self.device].volts

    @property
    def current_a(self) -> float:
        """Ampere."""
        return self.current_code * SCALES[self.device].amperes


def check_rule(frame: bytes) -> int | None:
    """Return the rule that the last byte satisfies: 1 (sum from byte 2), 2 (from byte 3), else None."""
    for rule, start in ((1, 2), (2, 3)):
        if frame[-1] == (sum(frame[start:-1]) & 0xFF) ^ 0x44:
            return rule
    return None


def decode(frame: bytes, *, rule: int | None = None) -> AtorchReport:
    """Return the report in a 36-byte frame.

    Args:
        frame: From `FF 55` to the check byte.
        rule: The check rule it must satisfy; None accepts any last byte.

    Raises:
        DataError: No report, a failed check, another frame begins inside, or values no meter can show.
    """
    if len(frame) != LENGTHS[REPORT] or frame[:3] != HEAD + b"\x01":
        raise DataError("not a report of 36 bytes")
    device = frame[3]
    if device not in SCALES:
        raise DataError(f"device type {device} is not known")
    found = check_rule(frame)
    if rule is not None and frame[-1] != (sum(frame[rule + 1 : -1]) & 0xFF) ^ 0x44:
        raise DataError("the check byte is wrong")
    if _NEXT_REPORT.search(frame, 4):
        raise DataError("another report begins inside this one")
    report = _fields(frame, device, found)
    most = SCALES[device]
    at = 25 if device == USB else 28
    if frame[at] > 59 or frame[at + 1] > 59:
        raise DataError("its clock shows more than 59 minutes or seconds")
    if report.voltage_v > most.most_v or report.current_a > most.most_a or report.temperature_c > 150:
        raise DataError(f"{report.voltage_v:.2f} V, {report.current_a:.3f} A is out of the meter's range")
    return report


def _fields(frame: bytes, device: int, check: int | None) -> AtorchReport:
    def word(at: int, width: int) -> int:
        return int.from_bytes(frame[at : at + width], "big")

    if device == USB:
        return AtorchReport(
            device,
            check,
            word(4, 3),
            word(7, 3),
            None,
            word(10, 3),
            word(13, 4),
            temperature_c=word(21, 2),
        )
    alternating = device == AC
    return AtorchReport(
        device,
        check,
        word(4, 3),
        word(7, 3),
        word(10, 3) if alternating else None,
        None if alternating else word(10, 3),
        word(13, 4),
        temperature_c=word(24, 2),
    )


def cut(buffer: bytearray) -> tuple[list[bytes], int]:
    """Take whole reports off the front of a buffer; replies and rubbish count as skipped."""
    frames: list[bytes] = []
    skipped = 0
    while True:
        start = buffer.find(HEAD)
        if start < 0:
            keep = 1 if buffer.endswith(HEAD[:1]) else 0
            skipped += len(buffer) - keep
            del buffer[: len(buffer) - keep]
            return frames, skipped
        skipped += start
        del buffer[:start]
        if len(buffer) < 4:
            return frames, skipped
        length = LENGTHS.get(buffer[2])
        if length is None:
            skipped += 2
            del buffer[:2]
            continue
        if len(buffer) < length:
            later = _NEXT_REPORT.search(buffer, 2)
            if later is None or len(buffer) - later.start() < 4:
                return frames, skipped
        elif buffer[2] == REPORT and check_rule(bytes(buffer[:length])) is not None:
            frames.append(bytes(buffer[:length]))
            del buffer[:length]
            continue
        else:
            later = _NEXT_REPORT.search(buffer, 2, length + 3)
            if later is None or later.start() >= length:
                if buffer[2] == REPORT:
                    frames.append(bytes(buffer[:length]))
                else:
                    skipped += length
                del buffer[:length]
                continue
        assert later is not None  # cut short: the next report begins inside
        skipped += later.start()
        del buffer[: later.start()]


def parse_rule(text: str) -> int | str | None:
    table: dict[str, int | str | None] = {"auto": "auto", "1": 1, "2": 2, "off": None}
    if text not in table:
        raise ConfigurationError("write auto, 1, 2 or off")
    return table[text]
