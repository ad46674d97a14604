"""Simulated HID meters: FNIRSI testers and a WITRN meter, as 64-byte reports."""

from __future__ import annotations

import struct

from powermeter.testing.load import Load
from powermeter.testing.meter import MWH_J, SimulatedMeter


class SimulatedFnirsi(SimulatedMeter):
    """A FNB58: silent until started, then four samples each 40 ms, sent with the last; they change each 20 ms."""

    kind = "fnirsi"
    hid = (0x2E3C, 0x5558)
    refresh_s = 0.02
    tick_s = 0.002
    states_times = False
    SILENT_AFTER_S = 3.0

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._heard: list[int] = []
        self._alive_s = -1e9
        self._next = 0

    def restart(self) -> None:
        self._heard, self._alive_s = [], -1e9

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        if len(data) == 64 and data[0] == 0xAA and _crc(data[1:63]) == data[63]:
            self._heard = [*self._heard[-2:], data[1]]
            if self._heard == [0x81, 0x82, 0x82] or (data[1] == 0x83 and self._streaming(now_s)):
                if not self._streaming(now_s):
                    self._next = int(now_s * 25)
                self._alive_s = now_s
        return []

    def _streaming(self, now_s: float) -> bool:
        return now_s - self._alive_s < self.SILENT_AFTER_S

    def send(self, now_s: float) -> list[bytes]:
        reports = []
        while self._streaming(now_s) and self._next / 25 + 0.03 <= now_s:
            reports.append(self.report(self._next / 25))
            self._next += 1
        return reports

    def report(self, start_s: float) -> bytes:
        """Return the report of the four samples from a time on."""
        body = bytearray(b"\x04")
        for number in range(4):
            at_s = start_s + number * 0.01
            body += struct.pack(
                "<IIHHBH", round(self.volts * 1e5), round(self.amperes(at_s) * 1e5), 1184, 1031, 1, 305
            )
        body += b"\x00"
        return b"\xaa" + bytes(body) + bytes([_crc(bytes(body))])


def _crc(data: bytes) -> int:
    """CRC-8, polynomial x⁸+x⁵+x⁴+x³+1, register first 0x42, most significant bit first."""
    register = 0x42
    for byte in data:
        for bit in range(7, -1, -1):
            feedback = register >> 7 ^ (byte >> bit & 1)
            register = register << 1 & 0xFF
            if feedback:
                register ^= 0x39
    return register


class SimulatedWitrn(SimulatedMeter):
    """A WITRN U3: a report each 10 ms while someone reads."""

    kind = "witrn"
    hid = (0x0716, 0x5044)
    refresh_s = tick_s = 0.01
    states_times = False  # whole seconds

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._next = 0

    def send(self, now_s: float) -> list[bytes]:
        if now_s * 100 - self._next > 100:
            self._next = int(now_s * 100)
        reports = []
        while self._next <= now_s * 100:
            reports.append(self.report(self._next / 100))
            self._next += 1
        return reports

    def report(self, at_s: float) -> bytes:
        """Return the report of one instant."""
        report = bytearray(64)
        report[:2], report[8], report[9] = b"\xff\x55", 0x1A, 0x36
        watts = float(self.load.power_w(at_s))
        joules = self.load.energy_j(0.0, at_s)
        struct.pack_into(
            "<2f2I6f",
            report,
            14,
            joules / self.volts / MWH_J / 1000,
            joules / MWH_J / 1000,
            int(at_s),
            3600 + int(at_s),
            2.7,
            2.6,
            31.0,
            25.0,
            self.volts,
            watts / self.volts,
        )
        report[62] = sum(report[8:62]) & 255
        report[63] = (sum(report[:8]) + report[62]) & 255
        return bytes(report)
