"""A meter with only a display, read by a person: the readings come as lines of a text file.

`powermeter record` asks for them on the terminal; or the user keeps a list (`+30s 6.3`, `14:05:10
6.3 W`) and names it.  What is recorded is what was typed; the display's step and the moment of
reading are its uncertainty.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Boundary, Channel, Quantity
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.importers.manual_readings import (
    SCALE,
    TIMING_S,
    Display,
    advice,
    channel_of,
    parse_reading,
    rail_of,
)
from powermeter.source import Address, Block, Gap, Option, StreamingSource, now_ns
from powermeter.units import parse_quantity

_POLL_S = 0.05
_MOST = 1_000_000
_BOUNDARIES = {"wall": Boundary.WALL, "board": Boundary.BOARD, "battery": Boundary.BATTERY}


def _boundary(text: str) -> Boundary:
    if text not in _BOUNDARIES:
        raise ConfigurationError(f"{text!r} is none of {', '.join(_BOUNDARIES)}")
    return _BOUNDARIES[text]


def _share(text: str) -> float:
    value = parse_quantity(text, "1")
    if not 0 <= value < 1:
        raise ConfigurationError(f"{text!r} is not an accuracy; write for example 2%")
    return value


class Manual(StreamingSource):
    """Readings by hand from a display."""

    scheme = "manual"
    summary = "a meter with only a display, read by eye and typed"
    example = "manual://?unit=W&step=0.1W&at=wall"
    patience_s: ClassVar[float] = 1e9  # a person reads when a person likes
    OPTIONS: ClassVar = {
        "unit": Option(str, "W", "what the display shows: W, Wh, kWh, mAh, A, V"),
        "step": Option(str, "0.1W", "one step of its last digit: 0.1W, 1mAh"),
        "at": Option(_boundary, Boundary.WALL, "where it sits: wall, board or battery"),
        "accuracy": Option(_share, 0.02, "what its maker states: 1%"),
        "nominal": Option(
            lambda text: parse_quantity(text, "V"), None, "the supply's voltage, for charge: 5V"
        ),
        "around": Option(
            lambda text: parse_quantity(text, "W"), None, "about what it will draw, for totals: 5W"
        ),
    }

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.display = Display.of(self.options["unit"], self.options["step"])
        self._path: Path | None = None
        self._position = 0
        self._rest = b""
        self._start_ns = 0
        self._last_ns = 0
        self._refused = ""

    def open(self) -> None:
        """Go to the beginning of the list."""
        if not self.address.location:
            raise OpenError(
                "manual:// has nobody to ask here; use powermeter record on a terminal, "
                "or name a file of readings: manual://readings.txt",
                Reason.ABSENT,
            )
        path = Path(self.address.location)
        if not path.is_file():
            raise OpenError(
                f"{path}: no such file of readings; make it, and add a line for each reading", Reason.ABSENT
            )
        self._start_ns = self._start_ns or now_ns()
        self._path = path
        self.channels = (self._channel(),)

    def _channel(self) -> Channel:
        options = self.options
        around = options["around"]
        noise = TIMING_S * around if around and self.display.quantity is Quantity.ENERGY else 0.0
        rail = rail_of(options["at"], options["step"], options["nominal"])
        return channel_of(self.display, rail, gain=options["accuracy"], noise=noise)

    def read_block(self, timeout_s: float) -> Block | None:
        """Return the readings that have been added to the list."""
        if self._path is None:
            raise ReadError("manual:// is not open", Reason.ABSENT)
        deadline = time.monotonic() + timeout_s
        while True:
            block = self._take()
            left = deadline - time.monotonic()
            if block is not None or left <= 0:
                return block
            time.sleep(min(_POLL_S, left))

    def _take(self) -> Block | None:
        assert self._path is not None
        try:
            with open(self._path, "rb") as file:
                file.seek(self._position)
                data = file.read(_MOST)
        except OSError as error:
            raise ReadError(f"{self._path}: {error.strerror or error}", Reason.ABSENT) from error
        arrived = now_ns()
        self._position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        times: list[int] = []
        rows: list[list[int]] = []
        gaps: list[Gap] = []
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if not text or text.startswith("#"):
                continue
            try:
                reading = parse_reading(text, self.display, self._start_ns)
            except ConfigurationError as error:
                gaps.append(Gap(self._last_ns or arrived, arrived, Reason.BAD_DATA.value, str(error)))
                continue
            at_ns = arrived if reading.at_ns is None else reading.at_ns
            if at_ns < self._last_ns:
                gaps.append(
                    Gap(self._last_ns, self._last_ns, Reason.BAD_DATA.value, f"{text!r}: before the last one")
                )
                continue
            self._last_ns = at_ns
            times.append(at_ns)
            rows.append([round(reading.value / SCALE)])
        if not times and not gaps:
            return None
        import numpy as np

        codes = np.array(rows, np.int64).reshape(len(rows), 1)
        return Block(np.array(times, np.int64), codes, gaps=gaps)

    def close(self) -> None:
        """Stop following the list."""
        self._path = None

    def info(self) -> dict[str, Any]:
        """Return how it was read and what the display can resolve."""
        return {
            "taken": "by hand",
            "display_unit": self.display.unit,
            "display_step": self.options["step"],
            "advice": advice(self.display, self.options["around"]),
        }
