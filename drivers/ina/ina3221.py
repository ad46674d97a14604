"""INA3221: three channels, 13 bit, no current or power of its own.

Source: TI SBOS576A and SBOS576C.  Shunt and bus values sit in bits 15..3.  CVRF (0Fh bit 0) sets
after a round of all enabled channels and clears on reading 0Fh, which also clears latched warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from .chip import Chip
from .datasheet import TI, ChipModel, InputLimits, Register
from .ina226 import rounds
from .settings import Setting

CONFIG, MASK = 0x00, 0x0F
READY = 0x0001
SUM_CHANNELS = 0x7000
KEPT = 0x7C00
"""The bits of 0Fh that hold what was written: summed channels, and the two latches."""

FULL_SHUNT_V = 0.16380

INA3221 = ChipModel(
    name="INA3221",
    config_reset=0x7127,
    shunts=tuple(Register(address, 40e-6, shift=3) for address in (1, 3, 5)),
    buses=tuple(Register(address, 8e-3, shift=3) for address in (2, 4, 6)),
    shunt_limits={
        "": InputLimits(
            (0.001, 0.0025), (40e-6, 80e-6), (10e-6, 50e-6), (0.1e-6, 0.5e-6), "TI SBOS576A, INA3221"
        )
    },
    bus_limits={
        "": InputLimits((0.001, 0.0025), (8e-3, 16e-3), (10e-6, 50e-6), source="TI SBOS576A, INA3221")
    },
    bus_input_v=26.0,
    ids=((0xFE, TI, 0xFFFF), (0xFF, 0x3220, 0xFFF0)),
    load_side=True,
)


class INA3221Chip(Chip):
    """An INA3221."""

    models: ClassVar[Mapping[str, ChipModel]] = {"ina3221": INA3221}

    def settings(self) -> Iterable[Setting]:
        """Return every setting of averages and conversion times for the channels in use."""
        request = self.request
        self.need(request.shunt_v, FULL_SHUNT_V, "V", "a shunt voltage")
        self.need(request.bus_v, self.model.bus_input_v, "V", "a bus voltage")
        count = len(request.channels)
        enabled = sum(0x4000 >> channel for channel in request.channels)
        for one in rounds():
            yield Setting(
                writes=((CONFIG, enabled | one.code, 0x7FFF),),
                round_s=count * (one.bus_s + one.shunt_s),
                shunt_s=one.shunt_s,
                bus_s=one.bus_s,
                averages=one.averages,
                conversion_s=one.shunt_s / one.averages,
                shunt_step=40e-6,
                bus_step=8e-3,
                shunt_full=FULL_SHUNT_V,
                bus_full=self.model.bus_input_v,
                facts={"bus_conversion_s": one.bus_s / one.averages},
            )

    def start(self) -> None:
        """Leave a mark in 0Fh that a restart erases; the sum it enables meets no limit by default."""
        mask = self.link.read(MASK) & KEPT
        if not mask:
            mask = SUM_CHANNELS
            self.link.write(MASK, mask)
        self._mark = mask
        self._pairs = list(zip(self.buses, self.shunts, strict=True))

    def poll(self) -> Sequence[int] | None:
        """Return (bus, shunt) codes of each channel of a finished round."""
        link = self.link
        if self.wait_for_ready:
            mask = link.read(MASK)  # clears CVRF
            if mask & KEPT != self._mark:
                raise self.lost()
            if not mask & READY:
                return None
        row: list[int] = []
        for bus, shunt in self._pairs:
            current = shunt.decode(link.read(shunt.address))
            row += (bus.decode(link.read(bus.address)), current)
        return row

    def finished(self) -> bool:
        """Whether CVRF was set; asking clears it."""
        return bool(self.link.read(MASK) & READY)
