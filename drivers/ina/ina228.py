"""INA228, INA237, INA238 and, with a shunt inside, INA700, INA740, INA745, INA780.

Source: TI SLYS021A (INA228), SLYS025B (INA238), SBOSA27A (INA237), and the returned-values tables of
the INA7xx datasheets.  What matters:

* INA228 results are 20 bit in the upper part of 24: sign first, then `>> 4`, in one transfer.
* CNVRF (0Bh bit 1) is kept until it is read only while ALATCH (bit 15) is set; ALATCH is 0 after a
  restart, so it also shows one.
* ENERGY and CHARGE add up every single conversion, however many are averaged.  ENERGY counts
  magnitudes: for a stretch in which current flowed backwards, voltage × CHARGE stands for it.  Its
  wrap is harmless; after a CHARGE overflow the count is invalid until both are reset (RSTACC).  Their
  overflow bits clear on reading them, so 0Bh comes first.
* With SHUNT_CAL = 4096 the chip's current equals its shunt voltage, and
  CURRENT_LSB = shunt LSB / R holds exactly in both ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from powermeter.channel import MISSING
from powermeter.errors import ReadError, Reason

from .chip import Chip
from .datasheet import TI, ChipModel, InputLimits, Register
from .settings import Setting

CONFIG, ADC_CONFIG, SHUNT_CAL = 0x00, 0x01, 0x02
SHUNT, BUS, TEMPERATURE, CURRENT, POWER, ENERGY, CHARGE, DIAGNOSIS = range(0x04, 0x0C)
RESET_ACCUMULATORS, ADCRANGE = 0x4000, 0x0010
LATCH, CHARGE_OVERFLOW, MATH_OVERFLOW, READY, MEMORY_OK = 0x8000, 0x0400, 0x0200, 0x0002, 0x0001
UNIT_CALIBRATION = 4096

AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
CONVERSION_S = (50e-6, 84e-6, 150e-6, 280e-6, 540e-6, 1.052e-3, 2.074e-3, 4.12e-3)
CONTINUOUS = 0x8  # of MODE: bit 0 bus, bit 1 shunt, bit 2 temperature
FULL_SHUNT_V = (0.16384, 0.04096)
"""By ADCRANGE."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What a model of this family has beyond shunt and bus.

    Attributes:
        temperature: The die's temperature in °C.
        energy_ratio: J per ENERGY code over A per current code; 0 where there is no such counter.
        charge_ratio: C per CHARGE code over A per current code.
    """

    temperature: Register
    energy_ratio: float = 0.0
    charge_ratio: float = 0.0


_228 = InputLimits((None, 0.0005), (None, 1e-6), (None, 20e-6), (None, 0.01e-6), "TI SLYS021A, INA228")
_238 = InputLimits((0.0001, 0.001), (1.5e-6, 5e-6), (None, 25e-6), (2e-9, 20e-9), "TI SLYS025B, INA238")
_238_BUS = InputLimits((0.0001, 0.001), (1e-3, 5e-3), (None, 25e-6), source="TI SLYS025B, INA238")
# SLYS021A's row for the bus could not be read.  Its power error, bus included, is the smaller one: 0.5 against 0.7 %.
_228_BUS = replace(
    _238_BUS, source="at most INA238's (TI SLYS025B): INA228's power error is smaller (SLYS021A)"
)
_237 = InputLimits((None, 0.003), (None, 50e-6), (None, 50e-6), (None, 20e-9), "TI SBOSA27A, INA237")
_237_BUS = InputLimits((None, 0.003), (None, 5e-3), (None, 50e-6), source="TI SBOSA27A; offset of INA238")
_700 = InputLimits(
    (0.001, 0.0125), (0.48e-3, 1.5e-3), (15e-6, 50e-6), (50e-6, 250e-6), "TI SBOSAB4A, INA700 to 10 A"
)
_700_BUS = InputLimits((0.0005, 0.002), (6.2e-3, 15e-3), (None, 30e-6), (4e-6, 40e-6), "TI SBOSAB4A, INA700")
# The A and B grades of these cannot be distinguished by register: the B limits are the default.
_745 = {
    "b": InputLimits(
        (0.001, 0.0125), (7.5e-3, 62.5e-3), (None, 75e-6), (5e-6, 30e-6), "TI SBOSAC3A, INA745B"
    ),
    "a": InputLimits(
        (0.001, 0.0075), (0.9e-3, 6.25e-3), (None, 25e-6), (5e-6, 30e-6), "TI SBOSAC3A, INA745A"
    ),
}
_745_BUS = {
    "b": InputLimits((0.0001, 0.003), (2e-3, 5e-3), (None, 50e-6), (20e-6, 100e-6), "TI SBOSAC3A, INA745B"),
    "a": InputLimits((0.0001, 0.001), (2e-3, 5e-3), (None, 25e-6), (8e-6, 40e-6), "TI SBOSAC3A, INA745A"),
}
# The rows of SBOSAC1A (INA740) and SBOSAB6A (INA780) could not be read: the widest of the sheets that were.
_SISTERS = "the widest of INA700 (TI SBOSAB4A), INA745B (SBOSAC3A), INA750B (SBOSAE5A)"
_LIKE_745 = {"": replace(_745["b"], offset=(None, 105e-3), offset_drift=(50e-6, 250e-6), source=_SISTERS)}
_LIKE_745_BUS = {"": replace(_745_BUS["b"], offset=(6.2e-3, 15e-3), source=_SISTERS)}
_780 = {
    "": replace(
        _LIKE_745[""],
        offset=(62.5e-3, 375e-3),
        offset_drift=(0.25e-3, 1.25e-3),
        source=f"{_SISTERS}, INA790B (SBOSAA6)",
    )
}

INA228 = ChipModel(
    name="INA228",
    config_reset=0x0000,
    shunts=(Register(SHUNT, 312.5e-9, size=3, shift=4),),
    buses=(Register(BUS, 195.3125e-6, size=3, signed=False, shift=4),),
    shunt_limits={"": _228},
    bus_limits={"": _228_BUS},
    bus_input_v=85.0,
    usual_conversion_s=1.052e-3,
    tolerance=0.005,
    ids=((0x3E, TI, 0xFFFF), (0x3F, 0x2280, 0xFFF0)),
)
INA238 = replace(
    INA228,
    name="INA238",
    shunts=(Register(SHUNT, 5e-6),),
    buses=(Register(BUS, 3.125e-3, signed=False),),
    shunt_limits={"": _238},
    bus_limits={"": _238_BUS},
    ids=((0x3E, TI, 0xFFFF), (0x3F, 0x2380, 0xFFF0)),
)
# An INA237 shows no identification, zeros, 2370h or INA238's own 2381h: 3Fh proves nothing.
INA237 = replace(
    INA238, name="INA237", shunt_limits={"": _237}, bus_limits={"": _237_BUS}, ids=((0x3E, TI, 0xFFFF),)
)


def _internal(
    name: str,
    current_lsb: float,
    bus_v: float,
    shunt: Mapping[str, InputLimits],
    bus: Mapping[str, InputLimits],
) -> ChipModel:
    return replace(
        INA237,
        name=name,
        shunts=(Register(CURRENT, current_lsb),),
        bus_input_v=bus_v,
        internal=True,
        shunt_limits=shunt,
        bus_limits=bus,
    )


_DIE_16 = Register(TEMPERATURE, 7.8125e-3)
_DIE_12 = Register(TEMPERATURE, 0.125, shift=4)

FAMILY = {
    "ina228": (INA228, Extras(_DIE_16, energy_ratio=16 * 3.2, charge_ratio=1.0)),
    "ina237": (INA237, Extras(_DIE_12)),
    "ina238": (INA238, Extras(_DIE_12)),
    # POWER = 0.2 × current step, ENERGY = 16 × that, CHARGE = current step / 16 (SBOS tables).
    "ina700": (_internal("INA700", 480e-6, 40.0, {"": _700}, {"": _700_BUS}), Extras(_DIE_12, 3.2, 1 / 16)),
    "ina740": (_internal("INA740", 1.2e-3, 85.0, _LIKE_745, _LIKE_745_BUS), Extras(_DIE_12, 3.2, 1 / 16)),
    "ina745": (_internal("INA745", 1.2e-3, 40.0, _745, _745_BUS), Extras(_DIE_12, 3.2, 1 / 16)),
    "ina780": (_internal("INA780", 2.4e-3, 85.0, _780, _LIKE_745_BUS), Extras(_DIE_12, 3.2, 1 / 16)),
}

ENERGY_REGISTER = Register(ENERGY, size=5, signed=False)
CHARGE_REGISTER = Register(CHARGE, size=5, signed=True)


class INA228Chip(Chip):
    """An INA228 or one of its kin."""

    models: ClassVar[Mapping[str, ChipModel]] = {name: model for name, (model, _) in FAMILY.items()}

    _counted: tuple[int, int] | None = None
    _totals: tuple[int, int] | None = None
    counter_period_ns = 0
    """How often the counters are read; they cost as much bus time as the rest of a row."""

    @property
    def extras(self) -> Extras:
        """What this model has beyond shunt and bus."""
        return FAMILY[self.model.name.lower()][1]

    @property
    def has_counters(self) -> bool:
        """Whether energy and charge are read."""
        return bool(self.extras.energy_ratio) and self.request.counters

    def settings(self) -> Iterable[Setting]:
        """Return every setting of averages and conversion times in the range that holds what was asked for."""
        model, request = self.model, self.request
        narrow = not model.internal and request.shunt_v is not None and request.shunt_v <= FULL_SHUNT_V[1]
        register = model.shunts[0]
        if narrow:
            register = replace(register, lsb=register.lsb / 4)
        full = register.lsb * register.high if model.internal else FULL_SHUNT_V[narrow]
        unit = "A" if model.internal else "V"
        self.need(request.shunt_v, full, unit, "a current" if model.internal else "a shunt voltage")
        self.need(request.bus_v, model.bus_input_v, "V", "a bus voltage")
        mode = CONTINUOUS | 3 | (4 if request.temperature else 0)
        extra_code = 3 if request.temperature else 0
        writes: list[tuple[int, int, int]] = []
        if not model.internal:
            writes = [(CONFIG, ADCRANGE if narrow else 0, ADCRANGE), (SHUNT_CAL, UNIT_CALIBRATION, 0x7FFF)]
        for average_code, averages in enumerate(AVERAGES):
            for bus_code, bus_s in enumerate(CONVERSION_S):
                for shunt_code, shunt_s in enumerate(CONVERSION_S):
                    if shunt_s > 16 * bus_s or bus_s > 16 * shunt_s:
                        continue
                    config = mode << 12 | bus_code << 9 | shunt_code << 6 | extra_code << 3 | average_code
                    extra_s = CONVERSION_S[extra_code] if request.temperature else 0.0
                    yield Setting(
                        writes=(*writes, (ADC_CONFIG, config, 0xFFFF if request.temperature else 0xFFC7)),
                        round_s=averages * (bus_s + shunt_s + extra_s),
                        shunt_s=averages * shunt_s,
                        bus_s=averages * bus_s,
                        averages=averages,
                        conversion_s=shunt_s,
                        shunt_step=register.lsb,
                        bus_step=model.buses[0].lsb,
                        shunt_full=full,
                        bus_full=model.bus_input_v,
                        shunt=register,
                        facts={"bus_conversion_s": bus_s},
                    )

    def start(self) -> None:
        """Latch the ready flag and forget what was counted before."""
        self.link.read(DIAGNOSIS)
        self.link.write(DIAGNOSIS, LATCH)
        self._counted_ns = 0

    def reset_counters(self) -> None:
        """Set energy and charge to 0, as an invalid count needs."""
        if self.model.internal:
            self.link.write(CONFIG, RESET_ACCUMULATORS)
        else:
            self.link.write(CONFIG, self.setting.writes[0][1] | RESET_ACCUMULATORS)

    def poll(self) -> Sequence[int] | None:
        """Return (bus, shunt) codes of a finished round, then temperature, energy and charge as asked for."""
        link = self.link
        count = self.has_counters and link.clock.now_ns() - self._counted_ns >= self.counter_period_ns
        # In the narrow range a restart would quarter the scale unseen: every row must show the latch.
        ask = self.wait_for_ready or count or self.setting.shunt != self.model.shunts[0]
        status = link.read(DIAGNOSIS) if ask else LATCH  # clears CNVRF
        if not status & LATCH:
            raise self.lost()
        if self.wait_for_ready and not status & READY:
            return None
        register = self.setting.shunt or self.model.shunts[0]
        bus = self.model.buses[0]
        shunt = register.decode(link.read(register.address, register.size))
        row = [bus.decode(link.read(bus.address, bus.size)), shunt]
        if self.request.temperature:
            row.append(self.extras.temperature.decode(link.read(TEMPERATURE)))
        if count:
            row += self._counters(status, row[0])
        elif self.has_counters:
            row += (MISSING, MISSING)
        return row

    def _counters(self, status: int, bus: int) -> tuple[int, int]:
        """Return energy and charge so far, as signed totals that never wrap.

        `status` was read before, as the overflow bits clear on reading the counters.
        """
        if status & CHARGE_OVERFLOW:
            self.reset_counters()
            self._counted = None
            raise ReadError(f"{self.where}: its charge counter overflowed and was set to 0", Reason.BAD_DATA)
        self._counted_ns = self.link.clock.now_ns()
        energy = ENERGY_REGISTER.decode(self.link.read(ENERGY, 5))
        charge = CHARGE_REGISTER.decode(self.link.read(CHARGE, 5))
        if self._counted is None:
            if self._totals is None:
                self._totals = energy, charge
        else:
            more_energy = (energy - self._counted[0]) % (1 << 40)
            more_charge = charge - self._counted[1]
            if more_charge < 0:
                # The register counts magnitudes; what flowed back is its charge times the voltage.
                volts = bus * self.model.buses[0].lsb
                more_energy = round(volts * more_charge * self.extras.charge_ratio / self.extras.energy_ratio)
            assert self._totals is not None
            self._totals = self._totals[0] + more_energy, self._totals[1] + more_charge
        self._counted = energy, charge
        assert self._totals is not None
        return self._totals

    def finished(self) -> bool:
        """Whether CNVRF was set; asking clears it."""
        return bool(self.link.read(DIAGNOSIS) & READY)
