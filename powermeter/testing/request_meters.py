"""Simulated meters that answer one binary request with one frame: UM, TC66, KM003C, AVHzY."""

from __future__ import annotations

import struct
from typing import ClassVar

from powermeter.errors import NotInstalledError
from powermeter.testing.load import Load
from powermeter.testing.meter import MWH_J, SimulatedMeter

UM34C_POSITIONS = (
    1,
    3,
    7,
    9,
    15,
    17,
    19,
    23,
    31,
    39,
    41,
    45,
    49,
    53,
    55,
    57,
    59,
    63,
    67,
    69,
    73,
    79,
    83,
    89,
    97,
    99,
    109,
    111,
    113,
    119,
    121,
    127,
)


class SimulatedUM(SimulatedMeter):
    """A UM24C, UM25C or UM34C; its totals began long before the simulation."""

    checks_frames = False
    model = 0x09C9
    per_volt, per_ampere = 1000, 10000
    earlier_mah, earlier_mwh = 1234, 6170

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        return [self.frame(now_s) for byte in data if byte == 0xF0]

    def frame(self, now_s: float) -> bytes:
        """Return the 130 bytes that answer F0."""
        amperes = self.amperes(now_s)
        block = bytearray(130)
        struct.pack_into(
            ">HHHIHHH",
            block,
            0,
            self.model,
            round(self.volts * self.per_volt),
            round(amperes * self.per_ampere),
            round(self.watts(now_s) * 1000),
            25,
            77,
            0,
        )
        mah = self.earlier_mah + int(self.coulombs(now_s) / MWH_J)
        mwh = self.earlier_mwh + int(self.joules(now_s) / MWH_J)
        struct.pack_into(">II", block, 16, mah, mwh)
        struct.pack_into(">HHHIIHIHHHIH", block, 96, 1, 2, 7, 0, 0, 13, 0, 0, 2, 4, 0, 1)
        struct.pack_into(">I", block, 122, min(99999, round(10 * self.volts / max(amperes, 1e-6))))
        block[128:] = b"\xff\xf1"
        if self.model == 0x0D4C:
            value = 0
            for at in UM34C_POSITIONS:
                value ^= block[at]
            block[129] = value
        return bytes(block)


class SimulatedUM25C(SimulatedUM):
    """A UM25C."""

    kind = "um25c"


class SimulatedUM24C(SimulatedUM):
    """A UM24C: coarser steps."""

    kind, model = "um24c", 0x0963
    per_volt, per_ampere = 100, 1000


class SimulatedUM34C(SimulatedUM):
    """A UM34C: coarser steps and a real check byte."""

    kind, model = "um34c", 0x0D4C
    per_volt, per_ampere = 100, 1000


class SimulatedTC66(SimulatedMeter):
    """A TC66C on its USB serial port.

    Raises:
        NotInstalledError: The library `cryptography`, which does what the meter's firmware does, is missing.
    """

    kind = "tc66"
    KEY: ClassVar[bytes] = bytes.fromhex("5821fa5601b2f02687ff1204622a4fb086f40260816f9a0ba7f106619ab87288")

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        except ModuleNotFoundError as error:
            raise NotInstalledError("a simulated TC66 encrypts: pip install 'powermeter[tc66]'") from error
        self._cipher = Cipher(algorithms.AES(self.KEY), modes.ECB())
        self._heard = b""

    def restart(self) -> None:
        self._heard = b""

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        answers = []
        for byte in data:
            self._heard = (self._heard + bytes([byte]))[-5:]
            if self._heard == b"query":
                answers.append(b"firm")
            elif self._heard == b"getva":
                encryptor = self._cipher.encryptor()
                answers.append(encryptor.update(self.plain(now_s)) + encryptor.finalize())
        return answers

    def plain(self, now_s: float) -> bytes:
        """Return the 192 bytes before encryption."""
        first, second, third = bytearray(64), bytearray(64), bytearray(64)
        first[:12] = b"pac1TC661.18"
        amperes = self.amperes(now_s)
        struct.pack_into("<I", first, 12, 48724)
        struct.pack_into(
            "<4I",
            first,
            44,
            40,
            round(self.volts * 1e4),
            round(amperes * 1e5),
            round(self.watts(now_s) * 1e4),
        )
        second[:4] = b"pac2"
        struct.pack_into(
            "<9I",
            second,
            4,
            min(2**31, round(10 * self.volts / max(amperes, 1e-6))),
            int(self.coulombs(now_s) / MWH_J),
            int(self.joules(now_s) / MWH_J),
            0,
            0,
            0,
            27,
            281,
            280,
        )
        third[:4] = b"pac3"
        for block in (first, second, third):
            struct.pack_into("<I", block, 60, _modbus(bytes(block[:60])))
        return bytes(first + second + third)


def _modbus(data: bytes) -> int:
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


class SimulatedKM003C(SimulatedMeter):
    """A KM003C on its serial interface: polled readings, and the queue after a start command."""

    kind = "km003c"
    checks_frames = False
    STEPS: ClassVar[tuple[int, ...]] = (500, 100, 20, 1)

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._heard = b""
        self._rate: int | None = None
        self._sent_ms = 0

    def restart(self) -> None:
        self._heard, self._rate = b"", None

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        self._heard += data
        answers = []
        while len(self._heard) >= 4:
            request, self._heard = self._heard[:4], self._heard[4:]
            code, number, attribute = request[0], request[1], int.from_bytes(request[2:], "little") >> 1
            if code == 0x0C and attribute == 1:
                answers.append(self.answer(number, now_s))
            elif code == 0x0C and attribute == 2 and self._rate is not None:
                answers.append(self.queue(number, now_s))
            elif code == 0x0E and attribute < len(self.STEPS):
                self._rate, self._sent_ms = attribute, int(now_s * 1000)
                answers.append(bytes([0x05, number, 0, 0]))
            elif code == 0x0F:
                self._rate = None
                answers.append(bytes([0x05, number, 0, 0]))
        return answers

    def answer(self, number: int, now_s: float) -> bytes:
        """Return the 52 bytes that answer a poll."""
        volts, amperes = round(self.volts * 1e6), round(self.amperes(now_s) * 1e6)
        header = struct.pack("<BBHI", 0x41, number, 0x0282, 1 | 44 << 22)
        data = struct.pack(
            "<6ih5H2B3H",
            volts,
            amperes,
            volts,
            amperes,
            volts,
            amperes,
            round(24.5 * 128),
            665,
            32375,
            0,
            0,
            32383,
            0,
            0x80,
            3237,
            0,
            0,
        )
        return header + data

    def queue(self, number: int, now_s: float) -> bytes:
        """Return the samples since the last one, at most 39, with the 1 kHz sequence."""
        rate = self._rate or 0
        step = self.STEPS[rate]
        samples: list[bytes] = []
        while self._sent_ms + step <= now_s * 1000 and len(samples) < 39:
            self._sent_ms += step
            at_s = self._sent_ms / 1000
            # Voltage and current are converted in turn: each value is held for two samples at 1000/s.
            held_s = at_s if rate < 3 else (self._sent_ms // 2 * 2) / 1000
            amperes = float(self.load.power_w(held_s)) / self.volts
            samples.append(
                struct.pack(
                    "<2H2i4H",
                    self._sent_ms & 0xFFFF,
                    0x3C,
                    round(self.volts * 1e6),
                    round(amperes * 1e6),
                    75,
                    3235,
                    0,
                    0,
                )
            )
        header = struct.pack("<BBHI", 0x41, number, 0x0282, 2 | len(samples) << 16 | 20 << 22)
        return header + b"".join(samples)


class SimulatedAvhzy(SimulatedMeter):
    """An AVHzY CT-2 with the answering script: it measures when it is asked."""

    kind = "avhzy"
    checks_frames = False
    refresh_s = 0.001
    REQUEST: ClassVar[bytes] = b"Get Meter Data"

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._heard = b""

    def restart(self) -> None:
        self._heard = b""

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        self._heard += data
        count = self._heard.count(self.REQUEST)
        if count:
            self._heard = self._heard[self._heard.rindex(self.REQUEST) + len(self.REQUEST) :]
        self._heard = self._heard[-64:]
        watts = self.watts(now_s)
        return [struct.pack("<5f", self.volts, watts / self.volts, watts, 2.7, 2.6)] * count
