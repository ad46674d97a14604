"""ATORCH meters and loads (UD18, AT24, DL24, DT24, S1) and the Juwei J7-C: a report a second, unasked.

Three behaviours of the check byte are in the field: the sum from byte 2, the sum from byte 3, and a
byte that means nothing.  `check=auto` takes whichever rule the first frames satisfy and then holds the
meter to it; where none holds, the header, the length and the values themselves are all there is.

`atorch://ble:ADDRESS` reads one over Bluetooth LE.  The commands of this family all change the meter's state; this driver sends none.
"""

from __future__ import annotations

from typing import Any, ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.platforms.assumptions import TESTERS
from powermeter.source import Option
from powermeter.units import NS

from .links.link import RAIL_OPTIONS, Link
from .meters.atorch_report import AC, DC, SCALES, USB, AtorchReport, cut, decode, parse_rule
from .meters.linked import thermometer
from .meters.running_total import Odometer, total
from .meters.stream import StreamMeter, StreamRow

DEVICE_NAMES = {AC: "AC meter", DC: "DC meter or load", USB: "USB meter"}
BLE_PAIRS = ((0xFFE1, 0xFFE2), (0xFFE1, 0xFFE1))  # (notify, write); nothing is ever written


class Atorch(StreamMeter):
    """An ATORCH or J7-C meter on a Bluetooth serial port or a UART."""

    scheme = "atorch"
    title = "ATORCH meter"
    summary = "ATORCH and J7-C meters over Bluetooth serial or UART: V, A, mAh, mWh, once a second"
    example = "atorch:///dev/rfcomm0"
    baud = 9600
    first_frames, first_s = 3, 6.0
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "check": Option(parse_rule, "auto", "the check byte's rule: auto, 1, 2 or off"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._device = 0
        self._rule: int | None = None
        self._charge = Odometer(0.0)
        self._energy = Odometer(0.0)

    def connect(self) -> Link:
        if not self.address.location.startswith("ble:"):
            return super().connect()
        from .links.ble import BleLink

        return BleLink(self.address.location.removeprefix("ble:"), BLE_PAIRS, instrument=self.title)

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut(buffer)

    def decode(self, frame: bytes) -> AtorchReport:
        report = decode(frame, rule=self._rule)
        if self._device and report.device != self._device:
            raise DataError(f"a frame of device type {report.device} among those of {self._device}")
        return report

    def restarted(self) -> None:
        self._device = 0

    def describe(self, reading: AtorchReport) -> None:
        self._device = reading.device
        scale = SCALES[reading.device]
        if not self.channels:
            rules = [report.check for report in self.first]
            asked = self.options["check"]
            likely = max((1, 2), key=rules.count)
            self._rule = (
                asked if asked != "auto" else likely if rules.count(likely) > len(rules) / 2 else None
            )
            self._charge = (
                Odometer(scale.most_a / scale.coulombs) if scale.coulombs is not None else self._charge
            )
            self._energy = Odometer(scale.most_a * scale.most_v / scale.joules)
        rail = self.rail
        if (
            reading.device == AC
            and rail.boundary is Boundary.BOARD
            and "boundary" not in self.address.options
        ):
            rail = Rail(
                rail.name, boundary=Boundary.WALL, covers="everything at the socket, power supply included"
            )
        note = TESTERS
        voltage = Accuracy(gain=0.01, offset=scale.volts, step=scale.volts, source=note)
        current = Accuracy(gain=0.02, offset=scale.amperes, step=scale.amperes, source=note)
        channels = [
            Channel("voltage", Quantity.VOLTAGE, scale.volts, rail, refresh_ns=NS, accuracy=voltage),
            Channel("current", Quantity.CURRENT, scale.amperes, rail, refresh_ns=NS, accuracy=current),
        ]
        if reading.device == AC:
            channels.append(
                Channel(
                    "power",
                    Quantity.POWER,
                    0.1,
                    rail,
                    refresh_ns=NS,
                    accuracy=Accuracy(gain=0.03, offset=0.1, step=0.1, source=note),
                )
            )
        if scale.coulombs is not None:
            channels.append(total(rail, Quantity.CHARGE, scale.coulombs, 0.02, source=note))
        channels.append(total(rail, Quantity.ENERGY, scale.joules, 0.03, source=note))
        channels.append(thermometer(1.0))
        self.channels = tuple(channels)

    def rows(self, reading: AtorchReport, arrival_ns: int) -> list[StreamRow]:
        codes = [reading.voltage_code, reading.current_code]
        if reading.power_code is not None:
            codes.append(reading.power_code)
        if reading.charge_code is not None:
            codes.append(self._charge.feed(reading.charge_code, arrival_ns))
        codes += [self._energy.feed(reading.energy_code, arrival_ns), reading.temperature_c]
        return [StreamRow(codes)]

    def info(self) -> dict[str, Any]:
        rule = {1: "sum from byte 2", 2: "sum from byte 3", None: "none: its last byte is not a check"}[
            self._rule
        ]
        return {
            **super().info(),
            "model": DEVICE_NAMES.get(self._device, "unknown"),
            "check": rule,
        }

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "counter_resets": self._charge.resets + self._energy.resets}
