"""Simulated instruments that speak in lines or push reports: SCPI, Korad, SmartPower3, a microcontroller, ATORCH."""

from __future__ import annotations

import struct

from powermeter.testing.load import Load
from powermeter.testing.meter import MWH_J, SimulatedMeter


class SimulatedScpi(SimulatedMeter):
    """A supply (`MEAS:VOLT?` …) that also answers a multimeter's `CONF?` and `READ?` with its voltage."""

    kind = "scpi"
    refresh_s = 0.02
    identity = "POWERMETER,SIMULATED SUPPLY,0001,1.0"
    function = '"VOLT +1.000000E+01,+3.000000E-06"'

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._heard = b""

    def restart(self) -> None:
        self._heard = b""

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        self._heard += data
        answers = []
        while b"\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\n")
            for command in line.decode("ascii", "replace").strip().split(";"):
                answer = self.answer(command.strip(), now_s)
                if answer is not None:
                    answers.append(answer.encode() + b"\n")
        self._heard = self._heard[-256:]
        return answers

    def answer(self, command: str, now_s: float) -> str | None:
        """Return the answer to one command; None where it has none."""
        head = command.upper().lstrip(":").split(" ")[0]
        if head == "*IDN?":
            return self.identity
        if head in ("*OPC?", "SYST:BEEP:STAT?"):
            return "1"
        if head == "CONF?":
            return self.function
        if head in ("MEAS:VOLT?", "READ?", "FETCH?", "MEAS:VOLT:DC?"):
            return f"{self.volts:+.6E}"
        if head in ("MEAS:CURR?", "MEAS:CURR:DC?"):
            return f"{self.amperes(now_s):+.6E}"
        if head in ("MEAS:POW?", "MEAS:POWE?", "MEAS:POWER?"):
            return f"{self.watts(now_s):+.6E}"
        return None


class SimulatedMultimeter(SimulatedScpi):
    """A HP 34401A set to direct voltage."""

    kind = "scpi-dmm"
    identity = "HEWLETT-PACKARD,34401A,SIMULATED,11-5-2"


class SimulatedKorad(SimulatedMeter):
    """A KA3005P: neither commands nor answers have an end."""

    kind = "korad"
    refresh_s = 0.1

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        answers = {
            b"*IDN?": b"KORADKA3005PV2.0",
            b"VOUT1?": f"{self.volts:05.2f}".encode(),
            b"IOUT1?": f"{self.amperes(now_s):05.3f}".encode(),
            b"STATUS?": b"\x51",
        }
        return [answers[data]] if data in answers else []


class SimulatedSmartPower3(SimulatedMeter):
    """A SmartPower3 whose output 0 feeds the load; it prints a line each 10 ms."""

    kind = "smartpower3"
    shows_losses = True
    refresh_s = tick_s = 0.01

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._next_ms = 0

    def send(self, now_s: float) -> list[bytes]:
        frames = []
        now_ms = int(now_s * 1000)
        if now_ms - self._next_ms > 1000:
            self._next_ms = now_ms // 10 * 10
        while self._next_ms <= now_ms:
            frames.append(self.line(self._next_ms))
            self._next_ms += 10
        return frames

    def line(self, time_ms: int) -> bytes:
        """Return the line of one instant, checks and CR LF included."""
        watts = float(self.load.power_w(time_ms / 1000))
        milliampere, milliwatt = round(1000 * watts / self.volts), round(1000 * watts)
        text = (
            f"{815169 + time_ms:010d},15296,{round(milliwatt / 15.296 / 0.9):04d},{round(milliwatt / 0.9):05d},1,"
            f"{round(self.volts * 1000):05d},{milliampere:04d},{milliwatt:05d},1,00,00000,0000,00000,0,00,"
        )
        total, mixed = 0, 0
        for byte in text.encode():
            total += byte
            mixed ^= byte
        return f"{text}{256 - total % 256 & 255:02x},{mixed:02x}\r\n".encode()


class SimulatedLines(SimulatedMeter):
    """A microcontroller that prints `t_us,mV,mA*HH` a hundred times a second; `*HH` is the XOR of the rest."""

    kind = "lines"
    refresh_s = tick_s = 0.01

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._next = 0
        self._banner = True

    def restart(self) -> None:
        self._banner = True

    def send(self, now_s: float) -> list[bytes]:
        frames = []
        if self._banner:
            self._banner = False
            frames.append(b"2,mA,boot\r\nrst:0x1 (POWERON_RESET)\r\n# t_us,mV,mA\r\n")
        if now_s * 100 - self._next > 100:
            self._next = int(now_s * 100)
        while self._next <= now_s * 100:
            at_s = self._next / 100
            amperes = float(self.load.power_w(at_s)) / self.volts
            text = f"{4_294_000_000 + self._next * 10_000 & 0xFFFFFFFF},{self.volts * 1e3:.1f},{amperes * 1e3:.3f}"
            mixed = 0
            for byte in text.encode():
                mixed ^= byte
            frames.append(f"{text}*{mixed:02X}\r\n".encode())
            self._next += 1
        return frames


class SimulatedAtorch(SimulatedMeter):
    """A UD18 (check from byte 2): a report each 1.0117 s with its seconds; its totals began earlier."""

    kind = "atorch"
    refresh_s = 1.0
    tick_s = 0.1
    first_summed = 2
    interval_s = 1.0117
    states_times = False  # whole seconds

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self._next_s = 0.3

    def send(self, now_s: float) -> list[bytes]:
        if now_s < self._next_s:
            return []
        self._next_s = max(self._next_s + self.interval_s, now_s)
        return [self.report(now_s)]

    def report(self, now_s: float) -> bytes:
        """Return the 36 bytes of a report."""
        running = 195 * 3600 + 13 * 60 + int(now_s)
        mah = 234861 + int(self.coulombs(now_s) / MWH_J)
        ten_mwh = 324652 + int(self.joules(now_s) / (10 * MWH_J))
        frame = bytearray(b"\xff\x55\x01\x03")
        frame += round(self.volts * 100).to_bytes(3, "big") + round(self.amperes(now_s) * 100).to_bytes(
            3, "big"
        )
        frame += mah.to_bytes(3, "big") + ten_mwh.to_bytes(4, "big")
        frame += struct.pack(
            ">HHHHBBB7x", 230, 235, 25, running // 3600, running // 60 % 60, running % 60, 60
        )
        return bytes(frame) + bytes([sum(frame[self.first_summed :]) % 256 ^ 0x44])


class SimulatedJ7C(SimulatedAtorch):
    """A J7-C whose check is summed from byte 3."""

    kind = "j7c"
    first_summed = 3
