"""Korad KA3005P supplies and their many names (Velleman, Tenma, RND): no line ends in either direction.

Sets nothing: asks for the measured voltage and current, with the pause these supplies need between
commands.  The end of an answer is its known length.  Source: libsigrok (korad-kaxxxxp).
"""

from __future__ import annotations

import re
import time
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import Option, Row

from .links.link import RAIL_OPTIONS, rail_of
from .links.opening import closed_on_failure, open_link
from .meters.asked_instrument import AskedInstrument

PAUSE_S = 0.08
ANSWER_S = 0.8
REFRESH_NS = 200_000_000  # assumed: four to six readings a second
_VOLTS = re.compile(rb"\d{2}\.\d{2}\Z")
_AMPERES = re.compile(rb"\d\.\d{3}\Z")


class Korad(AskedInstrument):
    """A single-output Korad supply on a serial port."""

    scheme = "korad"
    title = "Korad supply"
    summary = "Korad KA3005P and relatives (Velleman, Tenma, RND): V and A, about five a second"
    example = "korad:///dev/ttyACM0"
    default_period_s = 0.25
    stale_when_equal = True
    covers = "everything on the supply's output"
    OPTIONS: ClassVar[dict[str, Option]] = {**RAIL_OPTIONS}

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._next_s = 0.0

    def open(self) -> None:
        self._link = open_link(self.address.location, instrument=self.title, baud=9600)
        with closed_on_failure(self, f"is this the {self.title}'s port?"):
            self._identity = (
                self._ask(b"*IDN?", 64, quiet_s=0.15).decode("ascii", "replace").strip("\x00 \r\n")
            )
            if not re.search(r"KORAD|VELLEMAN|TENMA|RND|KA\d{4}", self._identity, re.IGNORECASE):
                raise OpenError(
                    f"{self.address}: {self._identity!r} is not a Korad supply", Reason.WRONG_DEVICE
                )
            self.sample()
        rail = rail_of(self.options, self.covers)
        note = (
            "0.5 % and 0.2 V: within 0.2 V of its set point it answers the set point (measured by others, "
            "whiteboard.ping.se/HackValue/KoradPsu); current 0.5 % and 10 steps, judged"
        )
        channels = (
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                0.01,
                rail,
                refresh_ns=REFRESH_NS,
                accuracy=Accuracy(gain=5e-3, offset=0.2, step=0.01, source=note),
            ),
            Channel(
                "current",
                Quantity.CURRENT,
                0.001,
                rail,
                refresh_ns=REFRESH_NS,
                accuracy=Accuracy(gain=5e-3, offset=0.01, step=0.001, source=note),
            ),
        )
        self.channels = self._link.graded(channels)

    def _ask(self, query: bytes, length: int, quiet_s: float | None = None) -> bytes:
        if self._link is None:
            raise ReadError(f"{self.title} is not open", Reason.NO_ANSWER)
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._link.clear()
        self._link.write(query)
        if quiet_s is None:
            answer = self._link.read_exactly(length, ANSWER_S)
        else:
            answer = self._link.read(length, ANSWER_S)
            while len(answer) < length and (more := self._link.read(length - len(answer), quiet_s)):
                answer += more
        self._next_s = time.monotonic() + PAUSE_S
        if not answer:
            raise ReadError(
                f"{self.title} on {self._link.where}: no answer to {query.decode()}", Reason.NO_ANSWER
            )
        return answer

    def sample(self) -> Row:
        problem = b""
        for _ in range(3):
            volts, amperes = self._ask(b"VOUT1?", 5), self._ask(b"IOUT1?", 5)
            if _VOLTS.match(volts) and _AMPERES.match(amperes):
                return Row([int(volts.replace(b".", b"")), int(amperes.replace(b".", b""))])
            self.refused += 1
            problem = volts if not _VOLTS.match(volts) else amperes
        raise ReadError(
            f"{self.title} on {self.address.location}: {problem!r} is not a reading", Reason.BAD_DATA
        )

    def info(self) -> dict[str, Any]:
        match = re.match(r"(.*?)\s*V?([\d.]+)(?:\s+SN:?(\S+))?$", self._identity)
        model, firmware, serial = match.groups() if match else (self._identity, None, None)
        return {"model": model.strip() or self._identity, "firmware": firmware, "serial": serial}
