"""INA226 and its kin: INA230, INA231, INA260, INA234, INA236; one channel, 16 bit, flags in 06h.

Source: TI SBOS547B (INA226, 2024), SBOS601 and SBOS601A (INA230), SBOS644D (INA231), SBOS656C
(INA260), SBOSA81D (INA236).  CVRF (06h bit 3) clears on reading 06h, or on writing the configuration;
reading results does not clear it.  Reading 06h also clears a latched alert: where the alert pin
protects a board, use `ready=clock`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

from .chip import Chip
from .datasheet import TI, ChipModel, InputLimits, Register
from .settings import Setting

CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION, MASK = range(7)
MANUFACTURER, DIE = 0xFE, 0xFF
READY, OVERFLOW, LATCH = 0x0008, 0x0004, 0x0001
ALERTS = 0xFC00
UNIT_CALIBRATION = 2048
"""Calibration with which the current register equals the shunt register (0.00512 / 2.5 µV)."""

AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
CONVERSION_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)
"""By code, typical; the maximum is 10 % above (table 7 and 8 of SBOS547B)."""

FULL_SHUNT_V = 0.08192

_226 = InputLimits((0.0002, 0.001), (2.5e-6, 10e-6), (10e-6, 50e-6), (0.02e-6, 0.1e-6), "TI SBOS547B, INA226")
_226_BUS = InputLimits(
    (0.0002, 0.001), (1.25e-3, 7.5e-3), (10e-6, 50e-6), (10e-6, 40e-6), "TI SBOS547B, INA226"
)
_230 = InputLimits(
    (0.002, 0.005), (10e-6, 50e-6), (10e-6, 50e-6), (0.1e-6, 0.5e-6), "TI SBOS601 (2012), INA230"
)
_230_BUS = InputLimits(
    (0.002, 0.005), (5e-3, 30e-3), (10e-6, 50e-6), (10e-6, 40e-6), "TI SBOS601 (2012), INA230"
)
_230_NEW = InputLimits(
    (None, 0.003), (None, 25e-6), (10e-6, 50e-6), (0.1e-6, 0.5e-6), "TI SBOS601A (2021), INA230"
)
_230_NEW_BUS = replace(_230_BUS, gain=(None, 0.003), source="TI SBOS601A (2021), offset of SBOS601, INA230")
_260 = InputLimits(
    (None, 0.0015), (1.25e-3, 5e-3), (0.0, 0.0), (1e-6, 50e-6), "TI SBOS656C, INA260, shunt included"
)
_260_BUS = InputLimits(
    (None, 0.001), (1.25e-3, 7.5e-3), (0.0, 0.0), (10e-6, 40e-6), "TI SBOS656C; offset of INA226"
)
_236 = InputLimits(
    (None, 0.001),
    (None, 5e-6),
    (10e-6, 50e-6),
    (None, 0.5e-6),
    "TI SBOSA81D, INA236 features; drifts of the family",
)
# Rows that could not be read take the widest of the family's sheets that were (INA226, INA230, INA234, INA2227).
_236_BUS = InputLimits(
    (0.002, 0.005), (5e-3, 30e-3), (10e-6, 50e-6), (None, 100e-6), "TI SBOS601, SBOS844C, SBOSAL5: the widest"
)
_234 = InputLimits(
    (0.002, 0.005),
    (None, 100e-6),
    (10e-6, 50e-6),
    (None, 0.5e-6),
    "TI SBOS844C, INA234; gain at most INA230's",
)
_234_BUS = InputLimits(
    (0.002, 0.005),
    (None, 15e-3),
    (10e-6, 50e-6),
    (None, 100e-6),
    "TI SBOS844C, INA234; gain at most INA230's",
)

INA226 = ChipModel(
    name="INA226",
    config_reset=0x4127,
    shunts=(Register(SHUNT, 2.5e-6),),
    buses=(Register(BUS, 1.25e-3, signed=False),),
    shunt_limits={"": _226},
    bus_limits={"": _226_BUS},
    bus_input_v=36.0,
    ids=((MANUFACTURER, TI, 0xFFFF), (DIE, 0x2260, 0xFFF0)),
)
# The revision of an INA230 cannot be read from it: the older, wider limits are the default.
INA230 = replace(
    INA226,
    name="INA230",
    ids=(),
    bus_input_v=28.0,
    shunt_limits={"2012": _230, "2021": _230_NEW},
    bus_limits={"2012": _230_BUS, "2021": _230_NEW_BUS},
)
INA231 = replace(
    INA226,
    name="INA231",
    ids=(),
    bus_input_v=28.0,
    shunt_limits={"": replace(_230, source="TI SBOS644D, INA231")},
    bus_limits={"": replace(_230_BUS, source="TI SBOS644D, bus offset of SBOS601, INA231")},
)
INA260 = replace(
    INA226,
    name="INA260",
    config_reset=0x6127,
    internal=True,
    shunts=(Register(0x01, 1.25e-3),),
    shunt_limits={"": _260},
    bus_limits={"": _260_BUS},
    ids=((MANUFACTURER, TI, 0xFFFF), (DIE, 0x2270, 0xFFF0)),
)
INA236 = replace(
    INA226,
    name="INA236",
    bus_input_v=48.0,
    buses=(Register(BUS, 1.6e-3, signed=False),),
    shunt_limits={"": _236},
    bus_limits={"": _236_BUS},
    ids=((0x3E, TI, 0xFFFF), (0x3F, 0xA080, 0xFFF0)),
)
INA234 = replace(
    INA236,
    name="INA234",
    bus_input_v=28.0,
    shunts=(Register(SHUNT, 40e-6, shift=4),),
    shunt_limits={"": _234},
    bus_limits={"": _234_BUS},
    buses=(Register(BUS, 25.6e-3, signed=False, shift=4),),
    ids=((0x3E, TI, 0xFFFF), (0x3F, 0xA480, 0xFFF0)),
)


class Round(NamedTuple):
    """A setting of averages and conversion times: its codes, how long bus and shunt take with all averages, and how many there are."""

    average_code: int
    bus_code: int
    shunt_code: int
    bus_s: float
    shunt_s: float
    averages: int

    @property
    def code(self) -> int:
        """What the configuration register holds of it, with continuous conversion of both."""
        return self.average_code << 9 | self.bus_code << 6 | self.shunt_code << 3 | 7


def rounds() -> Iterable[Round]:
    """Return every setting.

    Bus conversions much shorter than the shunt's are left out: their noise would rule the power.
    """
    for average_code, averages in enumerate(AVERAGES):
        for bus_code, bus_s in enumerate(CONVERSION_S):
            for shunt_code, shunt_s in enumerate(CONVERSION_S):
                if shunt_s <= 16 * bus_s and bus_s <= 16 * shunt_s:
                    whole_s = averages * bus_s, averages * shunt_s
                    yield Round(average_code, bus_code, shunt_code, *whole_s, averages)


class INA226Chip(Chip):
    """An INA226 or one of its kin."""

    models: ClassVar[Mapping[str, ChipModel]] = {
        "ina226": INA226,
        "ina230": INA230,
        "ina231": INA231,
        "ina260": INA260,
        "ina234": INA234,
        "ina236": INA236,
    }

    def settings(self) -> Iterable[Setting]:
        """Return every setting of averages and conversion times."""
        model, request = self.model, self.request
        shunt, bus = model.shunts[0], model.buses[0]
        full = 15.0 if model.internal else FULL_SHUNT_V
        unit = "A" if model.internal else "V"
        self.need(request.shunt_v, full, unit, "a current" if model.internal else "a shunt voltage")
        self.need(request.bus_v, model.bus_input_v, "V", "a bus voltage")
        base = model.config_reset & 0x6000
        for one in rounds():
            writes = [(CONFIG, base | one.code, 0x0FFF)]
            if not model.internal:
                writes.append((CALIBRATION, UNIT_CALIBRATION, 0x7FFF))
            yield Setting(
                writes=tuple(writes),
                round_s=one.bus_s + one.shunt_s,
                shunt_s=one.shunt_s,
                bus_s=one.bus_s,
                averages=one.averages,
                conversion_s=one.shunt_s / one.averages,
                shunt_step=shunt.lsb,
                bus_step=bus.lsb,
                shunt_full=full,
                bus_full=min(model.bus_input_v, bus.high * bus.lsb),
                facts={"bus_conversion_s": one.bus_s / one.averages},
            )

    def start(self) -> None:
        """Leave a mark in 06h that a restart erases, so that each row shows whether the chip restarted.

        Latching is harmless while no alert is chosen; alerts that someone has chosen stay as they are.
        """
        mask = self.link.read(MASK)
        if not mask & (ALERTS | LATCH):
            self.link.write(MASK, LATCH)
            mask = LATCH
        self._mark = mask & (ALERTS | LATCH)

    def poll(self) -> Sequence[int] | None:
        """Return (bus, shunt) codes of a finished round."""
        link = self.link
        if self.wait_for_ready:
            mask = link.read(MASK)  # clears CVRF
            if mask & (ALERTS | LATCH) != self._mark:
                raise self.lost()
            if not mask & READY:
                return None
        shunt = self.model.shunts[0].decode(link.read(SHUNT))
        return self.model.buses[0].decode(link.read(BUS)), shunt

    def finished(self) -> bool:
        """Whether CVRF was set; asking clears it."""
        return bool(self.link.read(MASK) & READY)
