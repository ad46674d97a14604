"""How the kernel lays out one record of an IIO buffer."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from powermeter.errors import ConfigurationError

_TYPE = re.compile(r"([bl])e:([su])(\d+)/(\d+)>>(\d+)\Z")


@dataclass(frozen=True, slots=True)
class Element:
    """One value in a record of the buffer.

    Attributes:
        offset: Bytes from the record's start.
        format: For `struct`.
        signed: Two's complement, whatever the driver declares.
        bits: How many are the value, after the shift.
        shift: Right shift.
    """

    offset: int
    format: str
    signed: bool
    bits: int
    shift: int

    def decode(self, record: bytes) -> int:
        """Return the code."""
        raw = int(struct.unpack_from(self.format, record, self.offset)[0]) >> self.shift
        raw &= (1 << self.bits) - 1
        return raw - (1 << self.bits) if self.signed and raw >> (self.bits - 1) else raw


def parse_type(text: str, offset: int, *, signed: bool | None = None) -> tuple[Element, int]:
    """Return an element of a `le:u13/16>>3` description and the offset after it, aligned to its size.

    Raises:
        ConfigurationError: The description is not understood.
    """
    match = _TYPE.match(text)
    size = int(match[4]) // 8 if match is not None else 0
    if match is None or size not in (1, 2, 4, 8):
        raise ConfigurationError(f"the kernel describes a value as {text!r}, which is not understood")
    offset = (offset + size - 1) // size * size
    format_ = ("<" if match[1] == "l" else ">") + {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
    declared = match[2] == "s"
    element = Element(offset, format_, declared if signed is None else signed, int(match[3]), int(match[5]))
    return element, offset + size
