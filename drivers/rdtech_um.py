"""RuiDeng UM24C, UM25C and UM34C USB meters, over Bluetooth.

They answer the byte F0 with 130 bytes.  This driver sends nothing else: the other commands change
what the user sees, and one of them clears the counters.  The registers refresh about twice a second
however fast they are asked.

Layout and check rules: libsigrok (rdtech-um), rdserialtool (um), pyummeter, rd-usb.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, OpenError, Reason
from powermeter.platforms.assumptions import TESTERS
from powermeter.source import Found, Option, Row, now_ns

from .links.link import RAIL_OPTIONS
from .links.serial_port import port_problem
from .meters.linked import thermometer
from .meters.request_response import RequestMeter
from .meters.running_total import ContinuousTotals, counted

FRAME_LENGTH = 130
END_MARK = b"\xff\xf1"
UM34C_CHECKED = (
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
"""Positions whose XOR is the last byte of a UM34C answer."""

CHARGING_MODES = {
    1: "QC2.0",
    2: "QC3.0",
    3: "Apple 2.4 A",
    4: "Apple 2.1 A",
    5: "Apple 1.0 A",
    6: "Apple 0.5 A",
    7: "DCP 1.5 A",
    8: "Samsung",
}
MAX_VOLTAGE_V = 30.0
MAX_CURRENT_A = 6.0
REFRESH_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class UmModel:
    """What differs between the three."""

    title: str
    volts_per_code: float
    amperes_per_code: float
    accuracy_voltage: Accuracy
    accuracy_current: Accuracy


def _limits(gain: float, digits: int, step: float) -> Accuracy:
    return Accuracy(gain=gain, offset=digits * step, step=step, source=TESTERS)


MODELS = {
    0x0963: UmModel("UM24C", 0.01, 0.001, _limits(0.01, 2, 0.01), _limits(0.02, 4, 0.001)),
    0x09C9: UmModel("UM25C", 0.001, 0.0001, _limits(0.01, 2, 0.001), _limits(0.02, 4, 0.0001)),
    0x0D4C: UmModel("UM34C", 0.01, 0.001, _limits(0.01, 2, 0.01), _limits(0.02, 4, 0.001)),
}


@dataclass(frozen=True, slots=True)
class UMFrame:
    """One answer, in the meter's own integers where a channel is recorded from it and in SI beside."""

    model: UmModel
    voltage_code: int
    current_code: int
    power_mw: int
    temperature_c: int
    temperature_f: int
    group: int
    groups: tuple[tuple[int, int], ...]  # (mAh, mWh)
    dp_v: float
    dm_v: float
    charging_mode: str | None
    recorder_mah: int
    recorder_mwh: int
    threshold_a: float
    recorder_s: int
    recording: bool
    screen_timeout_min: int
    brightness: int
    resistance_ohm: float
    screen: int
    check_ok: bool

    @property
    def voltage_v(self) -> float:
        """Bus voltage in volt."""
        return self.voltage_code * self.model.volts_per_code

    @property
    def current_a(self) -> float:
        """Magnitude of the current in ampere; the meter has no direction bit."""
        return self.current_code * self.model.amperes_per_code

    def problem(self) -> str:
        """Return which values contradict each other or the meter's range; empty when none do."""
        if self.voltage_v > MAX_VOLTAGE_V or self.current_a > MAX_CURRENT_A:
            return f"{self.voltage_v:.3f} V, {self.current_a:.4f} A is out of the meter's range"
        product = self.voltage_v * self.current_a
        rounding = 0.5 * (
            self.voltage_v * self.model.amperes_per_code + self.current_a * self.model.volts_per_code
        )
        if abs(product - self.power_mw / 1000) > 0.005 + 0.01 * product + 2 * rounding:
            return (
                f"power {self.power_mw / 1000:.3f} W is not {self.voltage_v:.3f} V × {self.current_a:.4f} A"
                f" = {product:.3f} W"
            )
        if self.group > 9 or abs(self.temperature_f - (self.temperature_c * 1.8 + 32)) > 3:
            return f"group {self.group}, {self.temperature_c} °C and {self.temperature_f} °F do not fit"
        return ""


def decode(frame: bytes, *, check: bool = True) -> UMFrame:
    """Return the reading of a 130-byte answer.

    Args:
        frame: All 130 bytes.
        check: Whether a wrong end mark (UM24C, UM25C) or check byte (UM34C) refuses the frame; it is
            reported in `check_ok` either way.

    Raises:
        DataError: Wrong length, unknown model, or the check fails.
    """
    if len(frame) != FRAME_LENGTH:
        raise DataError(f"an answer has {FRAME_LENGTH} bytes, not {len(frame)}")

    def word(at: int, width: int = 2) -> int:
        return int.from_bytes(frame[at : at + width], "big")

    model = MODELS.get(word(0))
    if model is None:
        raise DataError(f"model {word(0):04x} is not a UM24C, UM25C or UM34C")
    check_ok = frame[129] == _xor(frame) if model.title == "UM34C" else frame[128:] == END_MARK
    if check and not check_ok:
        raise DataError(f"the frame ends in {frame[128:].hex()}, its check fails")
    return UMFrame(
        model=model,
        voltage_code=word(2),
        current_code=word(4),
        power_mw=word(6, 4),
        temperature_c=word(10),
        temperature_f=word(12),
        group=word(14),
        groups=tuple((word(16 + 8 * g, 4), word(20 + 8 * g, 4)) for g in range(10)),
        dp_v=word(96) / 100,
        dm_v=word(98) / 100,
        charging_mode=CHARGING_MODES.get(word(100)),
        recorder_mah=word(102, 4),
        recorder_mwh=word(106, 4),
        threshold_a=word(110) / 100,
        recorder_s=word(112, 4),
        recording=bool(word(116)),
        screen_timeout_min=word(118),
        brightness=word(120),
        resistance_ohm=word(122, 4) / 10,
        screen=word(126),
        check_ok=check_ok,
    )


def _xor(frame: bytes) -> int:
    value = 0
    for at in UM34C_CHECKED:
        value ^= frame[at]
    return value


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
