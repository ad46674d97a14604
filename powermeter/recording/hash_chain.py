"""How rows are guarded: the form that is hashed, a checksum for each, and the chain that ties it to all rows before it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from powermeter.recording.sha256 import sha256


def canonical(table: str, identifier: int, values: Sequence[object]) -> bytes:
    """Return what checksum and chain of a row are over: table, id and values, joined by U+001F.

    An integer in decimal, a text as it is, a blob as lower-case hexadecimal, NULL as nothing.  Table and id are
    part of it, so that a sound row in a wrong place is not taken for one that belongs there.

    Raises:
        UnicodeEncodeError: A text is not Unicode, which no writer wrote.
    """
    cells = [table, str(identifier)]
    cells += ["" if v is None else v.hex() if v.__class__ is bytes else str(v) for v in values]
    return "\x1f".join(cells).encode()


def checksum(table: str, identifier: int, values: Sequence[object]) -> int:
    """Return the CRC-32 of a row."""
    return zlib.crc32(canonical(table, identifier, values))


def link(before: bytes, row: bytes) -> bytes:
    """Return the chain of a row: SHA-256 of the chain before it (nothing for the first) and its canonical form."""
    return sha256(before + row).digest()
