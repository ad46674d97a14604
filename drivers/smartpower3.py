"""Hardkernel ODROID SmartPower3: a bench supply that prints a checked line per interval on its USB port.

Each line carries the supply's own milliseconds, its input and both outputs, and two checks over the
first 74 characters: the two's complement of their sum, and their XOR.  Source: the osp3 library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.source import Option

from .links.link import RAIL_OPTIONS
from .meters.framing import cut_lines
from .meters.stream import StreamMeter, StreamRow

LINE_LENGTH = 79  # without CR LF
_CHECKED = 74
_LINE = re.compile(
    rb"(\d{10}),(\d{5}),(\d{4}),(\d{5}),([01]),"
    rb"(\d{5}),(\d{4}),(\d{5}),([01]),([0-9a-f]{2}),"
    rb"(\d{5}),(\d{4}),(\d{5}),([01]),([0-9a-f]{2}),([0-9a-f]{2}),([0-9a-f]{2})\Z"
)


@dataclass(frozen=True, slots=True)
class Port:
    """The input or one output: millivolt, milliampere, milliwatt."""

    voltage_mv: int
    current_ma: int
    power_mw: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log line."""

    time_ms: int
    input: Port
    outputs: tuple[Port, Port]


def decode(line: bytes) -> LogLine:
    """Return the content of a line, its end already taken off.

    Raises:
        DataError: Its form or one of its checks is wrong.
    """
    match = _LINE.match(line)
    if match is None:
        raise DataError(f"not a SmartPower3 line of {LINE_LENGTH} characters")
    checked = line[:_CHECKED]
    xor = 0
    for byte in checked:
        xor ^= byte
    if int(match[16], 16) != -sum(checked) & 0xFF or int(match[17], 16) != xor:
        raise DataError("a check of the line is wrong")
    fields = match.groups()
    supply, *outputs = (Port(*map(int, fields[at : at + 3])) for at in (1, 5, 10))
    return LogLine(int(fields[0]), supply, (outputs[0], outputs[1]))


class SmartPower3(StreamMeter):
    """A SmartPower3 on its USB serial port; its interval is set on the device."""

    scheme = "smartpower3"
    title = "SmartPower3"
    summary = (
        "Hardkernel SmartPower3 supply over USB serial: V, A, W of its input and two outputs, up to 200/s"
    )
    example = "smartpower3:///dev/ttyUSB0"
    tick_ns = 1e6
    tick_wrap = 10**10
    steady = True
    silence_s = 3.0
    OPTIONS: ClassVar[dict[str, Option]] = {"boundary": RAIL_OPTIONS["boundary"]}

    def describe(self, reading: LogLine) -> None:
        boundary: Boundary = self.options["boundary"]
        rails = (
            Rail(
                "input",
                boundary=Boundary.WALL,
                covers="what its own supply delivers to it, its loss included",
            ),
            Rail("out0", "input", boundary, "everything behind output 0"),
            Rail("out1", "input", boundary, "everything behind output 1"),
        )
        note = "3 % above 5 V and 1 A, typical (Hardkernel wiki)"
        channels = []
        for rail in rails:
            for name, quantity in (
                ("voltage", Quantity.VOLTAGE),
                ("current", Quantity.CURRENT),
                ("power", Quantity.POWER),
            ):
                channels.append(
                    Channel(
                        f"{rail.name}.{name}",
                        quantity,
                        1e-3,
                        rail,
                        accuracy=Accuracy(gain=0.03, offset=1e-3, step=1e-3, typical=True, source=note),
                    )
                )
        self.channels = tuple(channels)

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut_lines(buffer, 256)

    def decode(self, frame: bytes) -> LogLine | None:
        return decode(frame) if frame and not frame.startswith(b"#") else None

    def rows(self, reading: LogLine, arrival_ns: int) -> list[StreamRow]:
        row = []
        for port in (reading.input, *reading.outputs):
            row += [port.voltage_mv, port.current_ma, port.power_mw]
        return [StreamRow(row, tick=reading.time_ms)]
