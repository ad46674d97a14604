"""RuiDeng UM24C, UM25C and UM34C USB meters, over Bluetooth.

They answer the byte F0 with 130 bytes.  This driver sends nothing else: the other commands change
what the user sees, and one of them clears the counters.  The registers refresh about twice a second
however fast they are asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, OpenError, Reason
from powermeter.source import Found, Option, Row, now_ns

from .links.link import RAIL_OPTIONS
from .links.serial_port import port_problem
from .meters.linked import thermometer
from .meters.request_response import RequestMeter
from .meters.running_total import ContinuousTotals, counted
from .meters.um_frame import FRAME_LENGTH, MAX_CURRENT_A, MAX_VOLTAGE_V, MODELS, UMFrame, decode

REFRESH_NS = 500_000_000


def _check(text: str) -> bool:
    if text in ("on", "off"):
        return text == "on"
    raise ConfigurationError("write on or off")


class RDTechUM(RequestMeter):
    """One UM meter; the subclass names the model it must be."""

    example = "um25c:///dev/rfcomm0"
    baud = 9600
    request = b"\xf0"
    frame_length = FRAME_LENGTH
    default_period_s = 0.25
    stale_when_equal = True
    model_id: ClassVar[int]
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "check": Option(_check, True, "off accepts frames whose end mark or check is wrong"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._totals = ContinuousTotals(MAX_CURRENT_A, MAX_VOLTAGE_V)
        self._group: int | None = None
        self._facts: dict[str, Any] = {}

    def decode(self, frame: bytes) -> UMFrame:
        reading = decode(frame, check=self.options["check"])
        problem = reading.problem()
        if problem:
            raise DataError(problem)
        return reading

    def describe(self, reading: UMFrame) -> None:
        wanted = MODELS[self.model_id]
        if reading.model is not wanted:
            raise OpenError(
                f"{self.address}: a {reading.model.title} answers; write {reading.model.title.lower()}:// instead",
                Reason.WRONG_DEVICE,
            )
        self._facts = {
            "model": wanted.title,
            "group": reading.group,
            "charging_mode": reading.charging_mode,
        }
        gain = wanted.accuracy_voltage.gain + wanted.accuracy_current.gain
        rail = self.rail
        self.channels = (
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                wanted.volts_per_code,
                rail,
                accuracy=wanted.accuracy_voltage,
                refresh_ns=REFRESH_NS,
            ),
            Channel(
                "current",
                Quantity.CURRENT,
                wanted.amperes_per_code,
                rail,
                accuracy=wanted.accuracy_current,
                refresh_ns=REFRESH_NS,
            ),
            Channel(
                "power",
                Quantity.POWER,
                1e-3,
                rail,
                refresh_ns=REFRESH_NS,
                accuracy=Accuracy(
                    gain=gain,
                    step=1e-3,
                    source=wanted.accuracy_voltage.source + "; voltage's and current's added",
                ),
            ),
            *counted(rail, wanted.accuracy_current.gain, gain, REFRESH_NS),
            thermometer(1.0),
        )

    def row(self, reading: UMFrame) -> Row:
        now = now_ns()
        charge, energy = reading.groups[reading.group]
        if self._group is not None and reading.group != self._group:
            self._totals.rebase(charge, energy, now)  # another group's totals are another counter
        self._group = reading.group
        return Row(
            [
                reading.voltage_code,
                reading.current_code,
                reading.power_mw,
                *self._totals.feed(charge, energy, now),
                reading.temperature_c,
            ]
        )

    def info(self) -> dict[str, Any]:
        return {**super().info(), **self._facts}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "counter_resets": self._totals.resets}


class UM24C(RDTechUM):
    """RuiDeng UM24C."""

    scheme = "um24c"
    title = "UM24C"
    summary = "RuiDeng UM24C USB meter over Bluetooth: V, A, W, mAh, mWh, about twice a second"
    example = "um24c:///dev/rfcomm0"
    model_id = 0x0963


class UM25C(RDTechUM):
    """RuiDeng UM25C."""

    scheme = "um25c"
    title = "UM25C"
    summary = "RuiDeng UM25C USB meter over Bluetooth: V, A, W, mAh, mWh, about twice a second"
    model_id = 0x09C9

    @classmethod
    def discover(cls) -> list[Found]:
        """List Bluetooth ports that exist already; nothing is sent, so what is behind them is a guess."""
        found = []
        for port in sorted(Path("/dev").glob("rfcomm*")):
            problem, remedy = port_problem(str(port))
            found.append(
                Found(
                    f"um25c://{port}",
                    f"Bluetooth port {port}: if it is a UM25C (write um24c, um34c or atorch for one of those)",
                    rails=("input",),
                    rate_hz=2.0,
                    resolution_w=5e-4,
                    covers=cls.covers,
                    certainty="guess",
                    problem=problem,
                    remedy=remedy,
                    rank=30,
                )
            )
        return found


class UM34C(RDTechUM):
    """RuiDeng UM34C."""

    scheme = "um34c"
    title = "UM34C"
    summary = "RuiDeng UM34C USB meter over Bluetooth: V, A, W, mAh, mWh, about twice a second"
    example = "um34c:///dev/rfcomm0"
    model_id = 0x0D4C
