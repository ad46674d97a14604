"""Holds an analyser's watts against its volts times amperes: fields that were exchanged show by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from powermeter.result.notes import Note
from powermeter.units import format_short

_MOST = 1.25
"""The most that power may be of voltage times current: they are averaged apart."""

_LEAST = 1 / 3
_FACTOR = 1.02  # a power factor, read with its error


def against_product(of_label: Mapping[str, Sequence[float]]) -> list[Note]:
    """Return a warning where `Watts` are not what `Volts`, `Amps` and `PF` make together, by their middle readings."""
    volts, amps, watts = (_middle(of_label.get(label, ())) for label in ("Volts", "Amps", "Watts"))
    factor = _middle(of_label.get("PF", ()))
    apparent = volts * amps
    if not (watts > 0 and apparent > 0):
        return []
    if watts <= _MOST * apparent and not watts < _LEAST * apparent * factor and not factor > _FACTOR:
        return []
    text = (
        f"Watts are {format_short(watts, 4)}, where Volts times Amps are {format_short(apparent, 4)} (PF {format_short(factor)}): one of them is damaged, or fields were exchanged; "
        "find out which, correct it and import again"
    )
    return [Note.warning("power-against-product", text)]


def _middle(values: Sequence[float]) -> float:
    """Return the median of the readings above 0, NaN of none."""
    good = np.asarray(values, float)
    good = good[good > 0]
    return float(np.median(good)) if len(good) else float("nan")
