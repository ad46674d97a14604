"""The contract between an instrument and everything else, and the URL that names one.

A driver is a class with a table of options and three methods (`source`):

* *polled* instruments (`PolledSource`) return one row of raw codes when asked; the recorder owns the
  loop, the moments and the time stamps;
* *streaming* instruments (`StreamingSource`) send when they like; `read_block` returns what has
  arrived, already stamped.

URLs (`address`) read `scheme://location?option=value`, for example `ina219://1/0x40?shunt=0.1ohm`,
`tegrastats://?interval=100ms`, `um25c:///dev/rfcomm0`, `replay://run.power`.
"""

from __future__ import annotations

from powermeter.channel import INTERPOLATED_TIME, MISSING, REPEAT, SATURATED, Gap, saturated
from powermeter.events import Event, now_ns
from powermeter.source.address import Address, Option, parse_options, parse_yes
from powermeter.source.found import Found
from powermeter.source.polled_source import PolledSource
from powermeter.source.rows import Block, Row, Sampling
from powermeter.source.source import Source
from powermeter.source.streaming_source import StreamingSource

__all__ = [
    "INTERPOLATED_TIME",
    "MISSING",
    "REPEAT",
    "SATURATED",
    "Address",
    "Block",
    "Event",
    "Found",
    "Gap",
    "Option",
    "PolledSource",
    "Row",
    "Sampling",
    "Source",
    "StreamingSource",
    "now_ns",
    "parse_options",
    "parse_yes",
    "saturated",
]
