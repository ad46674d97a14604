"""What a datasheet states of a chip of the INA family, as data: registers, limits, addresses, identification."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from powermeter.channel import Accuracy
from powermeter.units import format_percent

TI = 0x5449
"""The manufacturer's identification that newer chips carry."""


@dataclass(frozen=True, slots=True)
class Register:
    """Where a value is and how its bits become a signed code.

    Attributes:
        address: The register pointer.
        lsb: SI units per code.
        size: Bytes.
        signed: Two's complement, or never negative.
        shift: How many low bits are not part of the value.
    """

    address: int
    lsb: float = 1.0
    size: int = 2
    signed: bool = True
    shift: int = 0

    def decode(self, raw: int) -> int:
        """Return the code of what was read; the sign first, the shift after it."""
        if self.signed and raw >> (8 * self.size - 1):
            raw -= 1 << (8 * self.size)
        return raw >> self.shift

    def encode(self, code: int) -> int:
        """Return what a chip would hold for a code: the inverse of `decode`."""
        return (code << self.shift) & ((1 << (8 * self.size)) - 1)

    @property
    def low(self) -> int:
        """The smallest code."""
        return -(1 << (8 * self.size - 1 - self.shift)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest code."""
        return (1 << (8 * self.size - int(self.signed) - self.shift)) - 1


@dataclass(frozen=True, slots=True)
class InputLimits:
    """A datasheet's limits of one input, as (typical, maximum); typical is None where it states none.

    Attributes:
        gain: Relative, at 25 °C.
        offset: In the input's unit (V, or A with an internal shunt), at 25 °C.
        gain_drift: Relative per kelvin.
        offset_drift: In the input's unit per kelvin.
        source: Which table of which document.
    """

    gain: tuple[float | None, float]
    offset: tuple[float | None, float]
    gain_drift: tuple[float | None, float] = (0.0, 0.0)
    offset_drift: tuple[float | None, float] = (0.0, 0.0)
    source: str = ""

    def accuracy(
        self, *, typical: bool, span_k: float, unit_per_input: float, step: float, tolerance: float = 0.0
    ) -> Accuracy:
        """Return the accuracy of a channel fed by this input.

        Independent limits join as their variances do, so their half-widths join in quadrature
        (GUM 5.1.2); a maximum used among typical values counts as its half-width/√3 (GUM 4.3.7).

        Args:
            typical: Whether to use the typical values.
            span_k: Kelvin away from 25 °C.
            unit_per_input: Channel units per unit of the input (1/R for a current).
            step: Resolution in the channel's unit.
            tolerance: Relative limit of the shunt's value, its temperature coefficient included.
        """

        def pick(pair: tuple[float | None, float]) -> float:
            if not typical:
                return pair[1]
            return pair[0] if pair[0] is not None else pair[1] / math.sqrt(3)

        shunt = tolerance / math.sqrt(3) if typical else tolerance
        return Accuracy(
            gain=math.hypot(pick(self.gain), pick(self.gain_drift) * span_k, shunt),
            offset=math.hypot(pick(self.offset), pick(self.offset_drift) * span_k) * abs(unit_per_input),
            step=step,
            typical=typical,
            source=self.source + (f"; shunt ± {format_percent(tolerance)}" if tolerance else ""),
        )


@dataclass(frozen=True, slots=True)
class ChipModel:
    """One chip as data.

    Attributes:
        name: As printed on it.
        config_reset: What register 00h holds after power-up.
        shunts: The shunt register of each of its channels; a current register in ampere where the
            shunt is inside.
        buses: The bus voltage register of each channel.
        shunt_limits: Grade or revision → limits of the shunt input, the default first.
        bus_limits: The same for the bus input.
        bus_input_v: The most its input stands, in volt.
        usual_conversion_s: One conversion as after power-up.
        tolerance: How far its conversion times may be off, relative.
        ids: (register, expected, mask) of its identification registers.
        internal: Whether the shunt is inside, so that it reads ampere.
        load_side: Whether the bus voltage is taken behind the shunt (at IN−).
    """

    name: str
    config_reset: int
    shunts: tuple[Register, ...]
    buses: tuple[Register, ...]
    shunt_limits: Mapping[str, InputLimits]
    bus_limits: Mapping[str, InputLimits]
    bus_input_v: float
    usual_conversion_s: float = 1.1e-3
    tolerance: float = 0.10
    ids: tuple[tuple[int, int, int], ...] = ()
    internal: bool = False
    load_side: bool = False
