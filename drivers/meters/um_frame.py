"""Frames of the RuiDeng UM24C, UM25C and UM34C: 130 bytes, one reading.

Layout and check rules: libsigrok (rdtech-um), rdserialtool (um), pyummeter, rd-usb.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.channel import Accuracy
from powermeter.errors import DataError
from powermeter.platforms.assumptions import TESTERS

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
    charging_mode: str | None

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
        check: Whether a wrong end mark (UM24C, UM25C) or check byte (UM34C) refuses the frame.

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
        charging_mode=CHARGING_MODES.get(word(100)),
    )


def _xor(frame: bytes) -> int:
    value = 0
    for at in UM34C_CHECKED:
        value ^= frame[at]
    return value
