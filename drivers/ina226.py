"""INA226 and its relatives on an I²C bus: one rail, 12 to 16 bit; the chips' own conversation is in `ina/ina226.py`."""

from __future__ import annotations

from .ina.source import SingleModel


class INA226(SingleModel):
    """INA226: one rail to 36 V, 16 bit."""

    scheme = "ina226"
    summary = "TI INA226 on an I²C bus: one rail to 36 V, 16 bit"
    example = "ina226://1/0x40?shunt=10mohm&rate=100Hz"


class INA230(SingleModel):
    """INA230: one rail to 28 V, 16 bit."""

    scheme = "ina230"
    summary = "TI INA230 on an I²C bus: one rail to 28 V, 16 bit"
    example = "ina230://1/0x40?shunt=10mohm"


class INA231(SingleModel):
    """INA231: one rail to 28 V, 16 bit."""

    scheme = "ina231"
    summary = "TI INA231 on an I²C bus: one rail to 28 V, 16 bit"
    example = "ina231://1/0x40?shunt=10mohm"


class INA234(SingleModel):
    """INA234: one rail to 28 V, 12 bit."""

    scheme = "ina234"
    summary = "TI INA234 on an I²C bus: one rail to 28 V, 12 bit"
    example = "ina234://1/0x40?shunt=10mohm"


class INA236(SingleModel):
    """INA236: one rail to 48 V, 16 bit."""

    scheme = "ina236"
    summary = "TI INA236 on an I²C bus: one rail to 48 V, 16 bit"
    example = "ina236://1/0x40?shunt=10mohm"


class INA260(SingleModel):
    """INA260: one rail to 36 V and 15 A, shunt inside."""

    scheme = "ina260"
    summary = "TI INA260 on an I²C bus: one rail to 36 V and 15 A, shunt inside"
    example = "ina260://1/0x40"
