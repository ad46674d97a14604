"""INA228 and its relatives on an I²C bus: one rail to 85 V, some with counters; the chips' own conversation is in `ina/ina228.py`."""

from __future__ import annotations

from .ina.source import SingleModel


class INA228(SingleModel):
    """INA228: one rail to 85 V, 20 bit, with energy and charge counters."""

    scheme = "ina228"
    summary = "TI INA228 on an I²C bus: one rail to 85 V, 20 bit, with energy and charge counters"
    example = "ina228://1/0x40?shunt=15mohm&range=2A"


class INA237(SingleModel):
    """INA237: one rail to 85 V, 16 bit."""

    scheme = "ina237"
    summary = "TI INA237 on an I²C bus: one rail to 85 V, 16 bit"
    example = "ina237://1/0x40?shunt=15mohm"


class INA238(SingleModel):
    """INA238: one rail to 85 V, 16 bit."""

    scheme = "ina238"
    summary = "TI INA238 on an I²C bus: one rail to 85 V, 16 bit"
    example = "ina238://1/0x40?shunt=15mohm"


class INA700(SingleModel):
    """INA700: one rail to 40 V and 15 A, shunt inside, with counters."""

    scheme = "ina700"
    summary = "TI INA700 on an I²C bus: one rail to 40 V and 15 A, shunt inside, with counters"
    example = "ina700://1/0x40"


class INA740(SingleModel):
    """INA740: one rail to 85 V and 39 A, shunt inside, with counters."""

    scheme = "ina740"
    summary = "TI INA740 on an I²C bus: one rail to 85 V and 39 A, shunt inside, with counters"
    example = "ina740://1/0x40"


class INA745(SingleModel):
    """INA745: one rail to 40 V and 39 A, shunt inside, with counters."""

    scheme = "ina745"
    summary = "TI INA745 on an I²C bus: one rail to 40 V and 39 A, shunt inside, with counters"
    example = "ina745://1/0x40"


class INA780(SingleModel):
    """INA780: one rail to 85 V and 78 A, shunt inside, with counters."""

    scheme = "ina780"
    summary = "TI INA780 on an I²C bus: one rail to 85 V and 78 A, shunt inside, with counters"
    example = "ina780://1/0x40"
