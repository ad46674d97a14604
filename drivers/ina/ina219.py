"""INA219 and INA220: one channel, 12 bit, the ready flag inside the bus voltage register.

Source: TI SBOS448G (INA219, 2015) and SBOS459 (INA220).  Four things matter here:

* The shunt register counts 10 µV in every range; the ADC's own step grows with the range.
* CNVR (02h bit 1) clears on reading the power register 03h, or on writing a mode (section 8.6.3.2).
  So a row is 02h until ready, 01h, and 03h last.
* The power register is 0 as long as the calibration register is 0, as after a brown-out.
* There is no identification register, and no way to distinguish the two chips or their grades.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from .chip import Chip
from .datasheet import ChipModel, InputLimits, Register
from .settings import Setting

CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
READY, OVERFLOW = 0x0002, 0x0001
UNIT_CALIBRATION = 4096
"""Calibration with which the current register equals the shunt register (0.04096 / 10 µV)."""

# ADC code, bits, samples averaged, conversion time typical in s (table 5; 0100–0111 repeat 0000–0011).
ADC = (
    (0b0000, 9, 1, 84e-6),
    (0b0001, 10, 1, 148e-6),
    (0b0010, 11, 1, 276e-6),
    (0b0011, 12, 1, 532e-6),
    (0b1001, 12, 2, 1.06e-3),
    (0b1010, 12, 4, 2.13e-3),
    (0b1011, 12, 8, 4.26e-3),
    (0b1100, 12, 16, 8.51e-3),
    (0b1101, 12, 32, 17.02e-3),
    (0b1110, 12, 64, 34.05e-3),
    (0b1111, 12, 128, 68.10e-3),
)

PGA = ((0, 0.04), (1, 0.08), (2, 0.16), (3, 0.32))
"""Gain code and full scale in volt."""

_OFFSETS = {
    "a": {0.04: (10e-6, 100e-6), 0.08: (20e-6, 125e-6), 0.16: (30e-6, 150e-6), 0.32: (40e-6, 200e-6)},
    "b": {0.04: (10e-6, 50e-6), 0.08: (20e-6, 75e-6), 0.16: (30e-6, 75e-6), 0.32: (40e-6, 100e-6)},
}
"""Grade → full scale in volt → shunt offset (typical, maximum) in volt."""

_SOURCE = "TI SBOS448G, electrical characteristics, INA219"

_GAIN_DRIFT = (10e-6, 83e-6)
"""Per kelvin; 83 ppm/K takes the 0.5 % at 25 °C to the 1 % stated for −25..85 °C."""


def shunt_limits(grade: str, full_v: float) -> InputLimits:
    """Return the limits of the shunt input in one range."""
    gain = (0.002, 0.005) if grade == "a" else (0.002, 0.003)
    return InputLimits(gain, _OFFSETS[grade][full_v], _GAIN_DRIFT, (0.1e-6, 0.1e-6), _SOURCE + grade.upper())


_BUS_LIMITS = InputLimits((0.002, 0.005), (0.0, 0.0), _GAIN_DRIFT, source=_SOURCE)

INA219 = ChipModel(
    name="INA219",
    config_reset=0x399F,
    shunts=(Register(SHUNT, 10e-6),),
    buses=(Register(BUS, 4e-3, signed=False, shift=3),),
    shunt_limits={grade: shunt_limits(grade, 0.32) for grade in _OFFSETS},
    bus_limits={grade: _BUS_LIMITS for grade in _OFFSETS},
    bus_input_v=26.0,
    usual_conversion_s=532e-6,
    load_side=True,
)
INA220 = replace(INA219, name="INA220")


class INA219Chip(Chip):
    """An INA219 or INA220."""

    models: ClassVar[Mapping[str, ChipModel]] = {"ina219": INA219, "ina220": INA220}

    def settings(self) -> Iterable[Setting]:
        """Return every pair of ADC settings in the smallest ranges that hold what was asked for."""
        request = self.request
        self.need(request.shunt_v, PGA[-1][1], "V", "a shunt voltage")
        self.need(request.bus_v, self.model.bus_input_v, "V", "a bus voltage")
        gain, full = next(entry for entry in PGA if (request.shunt_v or PGA[-1][1]) <= entry[1] * 1.000001)
        wide = request.bus_v is None or request.bus_v > 16.0
        for bus_code, bus_bits, bus_samples, bus_s in ADC:
            for shunt_code, bits, samples, shunt_s in ADC:
                config = wide << 13 | gain << 11 | bus_code << 7 | shunt_code << 3 | 7
                # The 12-bit step is full scale / 4000; averaging n samples narrows it by √n.
                step = full / 4000 * 2 ** (12 - bits) / samples**0.5
                bus_step = (8e-3 if wide else 4e-3) * 2 ** (12 - bus_bits) / bus_samples**0.5
                yield Setting(
                    writes=((CONFIG, config, 0x3FFF), (CALIBRATION, UNIT_CALIBRATION, 0xFFFE)),
                    round_s=shunt_s + bus_s,
                    shunt_s=shunt_s,
                    bus_s=bus_s,
                    averages=samples,
                    conversion_s=shunt_s / samples,
                    shunt_step=max(step, 10e-6),
                    bus_step=max(bus_step, 4e-3),
                    shunt_full=full,
                    bus_full=32.0 if wide else 16.0,
                    facts={"bits": bits, "bus_bits": bus_bits, "bus_averages": bus_samples},
                )

    def limits(self, grade: str) -> InputLimits:
        """Return the limits of the shunt input in the range in use."""
        return shunt_limits(grade, self.setting.shunt_full)

    def poll(self) -> Sequence[int] | None:
        """Return (bus, shunt) codes of a finished round."""
        link = self.link
        bus = link.read(BUS)
        if self.wait_for_ready and not bus & READY:
            return None
        shunt = link.read(SHUNT)
        volts, current = bus >> 3, shunt - (shunt >> 15 << 16)
        if not self.wait_for_ready:
            return volts, current
        power = link.read(POWER)  # clears CNVR
        # With the calibration lost the chip's product is 0 whatever flows; 5000 is the datasheet's divisor.
        hint = power == 0 and abs(current) * volts >= 10_000
        if (hint or bus & OVERFLOW) and not self.intact():
            raise self.lost()
        return volts, current

    def finished(self) -> bool:
        """Whether CNVR is set; asking leaves it."""
        return bool(self.link.read(BUS) & READY)

    def forget(self) -> None:
        """Clear CNVR."""
        self.link.read(POWER)
