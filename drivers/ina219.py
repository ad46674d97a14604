"""INA219 and INA220 on an I²C bus: one rail to 26 V, 12 bit; the chips' own conversation is in `ina/ina219.py`."""

from __future__ import annotations

from .ina.source import SingleModel


class INA219(SingleModel):
    """INA219: one rail to 26 V, 12 bit."""

    scheme = "ina219"
    summary = "TI INA219 on an I²C bus: one rail to 26 V, 12 bit"
    example = "ina219://1/0x40?shunt=0.1ohm"


class INA220(SingleModel):
    """INA220: one rail to 26 V, 12 bit."""

    scheme = "ina220"
    summary = "TI INA220 on an I²C bus: one rail to 26 V, 12 bit"
    example = "ina220://1/0x40?shunt=0.1ohm"
