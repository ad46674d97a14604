"""FNIRSI FNB48, C1, FNB48S, FNB48P and FNB58 USB testers over HID: 100 samples a second, four a report.

The reports carry no time and no number.  Samples are 10 ms apart; a sample count fitted to the
earliest arrivals places them, and reports that never came show as a count that falls behind.

Layout: fnirsi-usb-power-data-logger, fnirsi-usb-tool, OpenFNB58.  No raw data report was public when
this was written: it rests on their layouts and on three command reports whose check was reproduced.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import DataError, ReadError, Reason
from powermeter.platforms.assumptions import FNIRSI, FNIRSI_GAIN
from powermeter.source import Found

from .links.hid import REPORT_LENGTH, HidLink, cut_reports, drain, hid_devices, open_hid
from .links.link import Link, UsbId
from .meters.checksums import crc8
from .meters.linked import thermometer
from .meters.stream import StreamMeter, StreamRow

SAMPLE_NS = 10_000_000
SAMPLES_PER_REPORT = 4
REFRESH_NS = 2 * SAMPLE_NS  # assumed: the values change less often than they are sent
KEEP_ALIVE = 0x83
START_S = 0.6
COMMAND_SPACING_S = 0.03  # the unit crashes under 25 ms
MAX_VOLTAGE_V = 130.0
MAX_CURRENT_A = 12.0

USB = (
    UsbId(0x0483, 0x003A, "FNB48"),
    UsbId(0x0483, 0x003B, "C1"),
    UsbId(0x2E3C, 0x0049, "FNB48S"),
    UsbId(0x2E3C, 0x5558, "FNB58"),
)

# Start sequences to try in turn, and seconds between keep-alives.  0x81 can reboot a streaming FNB58.
FIRST_GENERATION = (((0x81, 0x82, 0x83),), 0.003)
SECOND_GENERATION = (((0x83,), (0x82, 0x82), (0x81, 0x82, 0x82)), 1.0)
STARTS = {
    "FNB48": FIRST_GENERATION,
    "C1": FIRST_GENERATION,
    "FNB48S": SECOND_GENERATION,
    "FNB58": SECOND_GENERATION,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the four samples of a report; the current has no direction."""

    voltage_code: int  # 10 µV
    current_code: int  # 10 µA
    temperature_code: int  # 0.1 °C


def check_of(data: bytes) -> int:
    """Return the CRC-8 of its reports."""
    return crc8(data, 0x39, 0x42)


def command(code: int) -> bytes:
    """Return the 64-byte report of a command."""
    report = bytes([0xAA, code]) + bytes(61)
    return report + bytes([check_of(report[1:])])


def decode(report: bytes) -> list[Sample]:
    """Return the four samples of a data report; none for a report of another type.

    Raises:
        DataError: Wrong length, mark or check, or values no meter can show.
    """
    if len(report) != REPORT_LENGTH or report[0] != 0xAA:
        raise DataError(
            f"a report has {REPORT_LENGTH} bytes and begins with aa, not {report[:2].hex() or 'nothing'}"
        )
    if check_of(report[1:63]) != report[63]:
        raise DataError("the check of a report is wrong")
    if report[1] != 0x04:
        return []
    samples = []
    for at in range(2, 62, 15):

        def word(offset: int, width: int, at: int = at) -> int:
            return int.from_bytes(report[at + offset : at + offset + width], "little")

        sample = Sample(word(0, 4), word(4, 4), word(13, 2))
        if sample.voltage_code > MAX_VOLTAGE_V * 1e5 or sample.current_code > MAX_CURRENT_A * 1e5:
            raise DataError(
                f"{sample.voltage_code / 1e5:.1f} V, {sample.current_code / 1e5:.1f} A is out of its range"
            )
        samples.append(sample)
    return samples


class Fnirsi(StreamMeter):
    """A FNIRSI tester on its HID interface."""

    scheme = "fnirsi"
    title = "FNIRSI tester"
    summary = "FNIRSI FNB48/C1/FNB48S/FNB58 USB testers over HID: V and A, 100 samples a second"
    example = "fnirsi://"
    tick_ns = float(SAMPLE_NS)
    alive_message = command(KEEP_ALIVE)
    silence_s = 2.0
    repeats = True

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._model = "FNB58"
        self._count = 0
        self._late: deque[int] = deque(maxlen=25)
        self._pass_first = True

    def connect(self) -> Link:
        link, known = open_hid(self.address.location, USB, self.title)
        self._model = known.usb.title if known else self._model
        return link

    def start(self, link: Link) -> None:
        sequences, self.alive_s = STARTS[self._model]
        for sequence in sequences:
            for code in sequence:
                link.write(command(code))
                time.sleep(COMMAND_SPACING_S)
            try:
                self.gather(1, START_S)
                break
            except ReadError:
                continue
        else:
            raise ReadError(f"{self.title} on {link.where}: it sends no data", Reason.NO_ANSWER)
        self._late.clear()
        self._pass_first = True

    def describe(self, reading: list[Sample]) -> None:
        self.channels = (
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                1e-5,
                self.rail,
                refresh_ns=REFRESH_NS,
                accuracy=Accuracy(gain=FNIRSI_GAIN, offset=2e-5, step=1e-5, source=FNIRSI),
            ),
            Channel(
                "current",
                Quantity.CURRENT,
                1e-5,
                self.rail,
                refresh_ns=REFRESH_NS,
                accuracy=Accuracy(gain=FNIRSI_GAIN, offset=2e-5, step=1e-5, source=FNIRSI),
            ),
            thermometer(0.1),
        )

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut_reports(buffer)

    def decode(self, frame: bytes) -> list[Sample] | None:
        try:
            return decode(frame) or None
        except DataError:
            self._count += SAMPLES_PER_REPORT  # its samples were taken, whatever became of them
            raise

    def rows(self, reading: list[Sample], arrival_ns: int) -> list[StreamRow]:
        if self._pass_first:
            self._pass_first = False  # the first report after a restart can be garbage
            return []
        self._notice_loss(arrival_ns)
        rows = []
        for sample in reading:
            codes = [sample.voltage_code, sample.current_code, sample.temperature_code]
            rows.append(StreamRow(codes, tick=self._count))
            self._count += 1
        return rows

    def _notice_loss(self, arrival_ns: int) -> None:
        """Reports that never came leave the count behind the clock for good: a whole second late is not a delay."""
        late_ns = self.lateness_ns(self._count + SAMPLES_PER_REPORT - 1, arrival_ns)
        if late_ns is None:
            return
        report_ns = SAMPLE_NS * SAMPLES_PER_REPORT
        self._late.append(late_ns)
        if len(self._late) < 25 or min(self._late) < 0.8 * report_ns:
            return
        missing = round(min(self._late) / report_ns)
        samples = missing * SAMPLES_PER_REPORT
        self._count += samples
        self._late.clear()
        self.gaps.append(self.losses.dropped(arrival_ns - 26 * report_ns, arrival_ns, samples))

    def stop(self, link: Link) -> None:
        if isinstance(link, HidLink) and self.channels:
            drain(link)  # an FNB48 freezes when it is left with reports queued

    def info(self) -> dict[str, Any]:
        return {**super().info(), "model": self._model}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "samples_lost": self.losses.lost}

    @classmethod
    def discover(cls) -> list[Found]:
        """List FNIRSI testers by their USB ids."""
        return [
            cls.found_on(
                device.path,
                f"FNIRSI {device.usb.title}",
                rate_hz=100.0,
                resolution_w=5e-5,
                rank=12,
                certainty="likely" if device.usb.vendor == 0x0483 else "sure",
            )
            for device in hid_devices(USB)
        ]
