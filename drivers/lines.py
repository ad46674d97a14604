"""Anything that prints its readings a line at a time: a microcontroller with CSV or JSON on a serial port.

`lines:///dev/ttyUSB0?columns=t_us,mV,mA` names the columns in order; `-` skips one.  A column is a unit
(`mV`), a unit on a rail (`cpu.mA`), or a time (`t_us`, `t_ms`, `t_s`) from the device's own clock.  With
`json=yes` the names are keys (`a.avg=A,v.avg=V,time=t_ms`).  A counter's unit (`mAh`, `mWh`, `J`, `C`)
makes a running total.

Boot banners, half lines, comments and other prints are passed over and counted; a value that is no
finite number is missing, never 0.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.platforms.assumptions import assumed
from powermeter.source import Option, parse_yes
from powermeter.units import format_short, parse_quantity

from .links.link import RAIL_OPTIONS, Link, parse_baud
from .links.opening import open_link
from .meters.framing import cut_lines
from .meters.line_columns import (
    CHECKS,
    CODE_FRACTION,
    COUNTERS,
    LARGEST,
    LineColumn,
    parse_columns,
    parse_number,
    without_check,
)
from .meters.running_total import Odometer
from .meters.stream import StreamMeter, StreamRow

LONGEST_LINE = 4096


def _separator(text: str) -> str:
    return {"tab": "\t", "space": " ", "semicolon": ";", "comma": ","}.get(text, text) or ","


def _check(text: str) -> str:
    if text in CHECKS:
        return text
    raise ConfigurationError("write xor or sum")


class Lines(StreamMeter):
    """A device that prints CSV or JSON lines."""

    scheme = "lines"
    title = "line meter"
    summary = "a microcontroller that prints CSV or JSON lines, with its own clock where it prints one"
    example = "lines:///dev/ttyUSB0?columns=t_us,mV,mA"
    first_s = (
        6.0  # a board that resets when its port is opened is silent for two seconds, then prints a banner
    )
    covers = "what the sensor behind this microcontroller measures"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "columns": Option(str, None, "what the columns are: t_us,mV,mA,- or with json=yes key=unit pairs"),
        "json": Option(parse_yes, False, "yes: a JSON object a line"),
        "separator": Option(_separator, ",", "between columns: comma, tab, space, semicolon"),
        "baud": Option(parse_baud, 115200, "speed of the serial port"),
        "bits": Option(int, None, "wrap of the device's time in bits, 32 for micros()"),
        "check": Option(_check, None, "each line ends in *HH: xor (NMEA) or sum"),
        "gain": Option(partial(parse_quantity, unit="1"), 0.05, "the sensor's gain error at most"),
    }

    def __init__(self, address: Any) -> None:
        if "columns" not in address.options:
            raise ConfigurationError(f"{address}: name the columns: columns=t_us,mV,mA")
        self._columns: tuple[LineColumn, ...] = ()
        super().__init__(address)
        if self.options["bits"] is not None and not 8 <= self.options["bits"] <= 63:
            raise ConfigurationError(f"{address}: bits of the device's time is 8 to 63, for example 32")
        try:
            self._columns = parse_columns(self.options["columns"], keyed=self.options["json"])
        except ConfigurationError as error:
            raise ConfigurationError(f"{address}: {error}") from None
        times = [column for column in self._columns if column.quantity is None]
        self._time = times[0] if times else None
        self._values = [column for column in self._columns if column.quantity is not None]
        self.tick_ns = self._time.factor if self._time else None
        self._odometers = {
            at: Odometer(LARGEST[Quantity.POWER] / column.factor / CODE_FRACTION)
            for at, column in enumerate(self._values)
            if column.quantity in COUNTERS
        }
        # Microseconds wrap at 2³² (71.6 min), and so do milliseconds (49.7 days); seconds are taken not to.
        self.tick_wrap = 2 ** (self.options["bits"] or (32 if self.tick_ns != 1e9 else 62))
        self._passed = 0

    def connect(self) -> Link:
        return open_link(
            self.address.location, instrument="lines meter", baud=self.options["baud"], tcp_port=None
        )

    def describe(self, reading: list[float | None]) -> None:
        stated = "gain" in self.address.options
        note = "the gain that the URL states" if stated else assumed("unstated")
        rails = {
            column.rail: Rail(
                column.rail or self.options["rail"], boundary=self._boundary(column.rail), covers=self.covers
            )
            for column in self._values
        }
        channels = []
        for column in self._values:
            quantity = column.quantity
            assert quantity is not None
            rail = None if quantity is Quantity.TEMPERATURE else rails[column.rail]
            name = f"{column.rail}.{quantity.value}" if column.rail else quantity.value
            scale = column.factor * CODE_FRACTION
            channels.append(
                Channel(
                    name,
                    quantity,
                    scale,
                    rail,
                    Kind.COUNTER if quantity in COUNTERS else Kind.INSTANT,
                    accuracy=Accuracy(gain=self.options["gain"], step=scale, source=note),
                )
            )
        self.channels = tuple(channels)

    def _boundary(self, rail: str) -> Boundary:
        named: Boundary = self.options["boundary"]
        return Boundary.PART if rail and "boundary" not in self.address.options else named

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        return cut_lines(buffer, LONGEST_LINE)

    def decode(self, frame: bytes) -> list[float | None] | None:
        fields = self._fields(frame)
        self._passed += fields is None
        return fields

    def rows(self, reading: list[float | None], arrival_ns: int) -> list[StreamRow]:
        *values, tick = reading
        codes = []
        for at, value in enumerate(values):
            code = MISSING if value is None else round(value / CODE_FRACTION)
            if at in self._odometers and code != MISSING:
                code = self._odometers[at].feed(code, arrival_ns)
            codes.append(code)
        return [StreamRow(codes, tick=None if tick is None else round(tick))]

    def _fields(self, frame: bytes) -> list[float | None] | None:
        """Return the values in the columns' own units and the tick last; None for a line that is not a reading.

        Raises:
            DataError: It looks like a reading but cannot be trusted.
        """
        if not frame.strip() or frame.lstrip().startswith(b"#"):
            return None
        if self.options["check"]:
            frame = without_check(frame.strip(), self.options["check"])
        try:
            text = frame.decode("ascii").strip()
        except UnicodeDecodeError:
            raise DataError("the line is not plain text") from None
        raw = self._from_json(text) if self.options["json"] else self._from_columns(text)
        if raw is None:
            return None
        values: list[float | None] = []
        for column, item in zip(self._values, raw, strict=False):
            value = parse_number(item)
            assert column.quantity is not None
            if value is not None and abs(value * column.factor) > LARGEST[column.quantity]:
                raise DataError(f"{value:g} {column.unit} cannot be")
            values.append(value)
        tick = parse_number(raw[-1])
        if self._time is not None and tick is None:
            raise DataError("the line has no time")
        if all(value is None for value in values):
            if not any(character.isdigit() for character in text):
                return None  # a header or a banner
            raise DataError("no value in the line is a number")
        self._agree(values)
        return [*values, tick if self._time else None]

    def _from_columns(self, text: str) -> list[Any] | None:
        separator = self.options["separator"]
        fields = text.split() if separator == " " else text.split(separator)
        if len(fields) < max(column.place for column in self._columns) + 1:
            if parse_number(fields[0]) is None:
                return None  # a banner
            raise DataError(f"a line of {len(fields)} columns")
        return [fields[c.place] for c in self._values] + [fields[self._time.place] if self._time else None]

    def _from_json(self, text: str) -> list[Any] | None:
        if not text.startswith("{"):
            return None
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise DataError("the line is not a JSON object") from None
        return [_dig(data, c.key) for c in self._values] + [
            _dig(data, self._time.key) if self._time else None
        ]

    def _agree(self, values: list[float | None]) -> None:
        """Refuse a line whose power is not its voltage × its current, where it prints all three."""
        by_rail: dict[str, dict[Quantity, float]] = {}
        for column, value in zip(self._values, values, strict=False):
            if value is not None and column.quantity is not None:
                by_rail.setdefault(column.rail, {})[column.quantity] = value * column.factor
        for have in by_rail.values():
            if {Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER} <= have.keys():
                product = have[Quantity.VOLTAGE] * have[Quantity.CURRENT]
                power = have[Quantity.POWER]
                if abs(abs(power) - abs(product)) > 0.02 + 0.2 * abs(product):
                    raise DataError(
                        f"power {format_short(power, 4)} W is not voltage × current = {format_short(product, 4)} W"
                    )

    def info(self) -> dict[str, Any]:
        return {**super().info(), "model": "lines", "columns": self.options["columns"]}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "lines_without_readings": self._passed}


def _dig(data: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(key)
    return data
