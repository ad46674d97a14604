"""Finds a last row that was cut inside its last cell: a number that lost its last digits still looks like one."""

from __future__ import annotations

import math
import re
from pathlib import Path

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.layout import Layout, split

_TAIL = 1 << 14
_FEWEST = 8
_DECIMALS = re.compile(r"[+-]?\d+[.,](\d+)")
_PACKED = b"\x1f\x8b"
_SMALL = 1 / 3


def cut_row(path: Path, found: Layout) -> list[str] | None:
    """Return the fields of a last row without its line's end whose last cell is none like those above it; else None.

    It has fewer decimals than all of them, or is less than a third of the least of them.
    """
    with path.open("rb") as file:
        if file.read(2) == _PACKED:
            return None
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read().decode("utf-8", errors="replace")
    if not tail or tail[-1] in "\r\n\0" or "\n" not in tail:
        return None
    row = split([tail.rsplit("\n", 1)[1]], found.delimiter)[0]
    above = [other for other in found.rows if len(other) == len(row) and list(other) != row]
    if len(above) < _FEWEST or not row:
        return None
    cell, cells = row[-1], [other[-1] for other in above]
    decimals = [len(match[1]) if (match := _DECIMALS.fullmatch(text)) else 0 for text in cells]
    own = match if (match := _DECIMALS.fullmatch(cell)) else None
    fewer = len(set(decimals)) == 1 and (len(own[1]) if own is not None else 0) < decimals[0]
    value, values = _number(cell), [_number(text) for text in cells]
    small = all(other > 0 for other in values) and 0 <= value < _SMALL * min(values)
    return row if math.isfinite(value) and (fewer or small) else None


def _number(text: str) -> float:
    return float_or_nan(text.replace(",", ".")) if text else float("nan")
