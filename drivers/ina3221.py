"""INA3221 on an I²C bus: three rails to 26 V, 13 bit; the chip's own conversation is in `ina/ina3221.py`."""

from __future__ import annotations

from .ina.source import SingleModel


class INA3221(SingleModel):
    """INA3221: three rails to 26 V, 13 bit."""

    scheme = "ina3221"
    summary = "TI INA3221 on an I²C bus: three rails to 26 V, 13 bit"
    example = "ina3221://1/0x40?shunt=0.1ohm&rails=board,cpu,gpu&parents=,board,board"
