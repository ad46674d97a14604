"""Which rail a header names: what is left of it without unit, quantity and role."""

from __future__ import annotations

import re

from powermeter.channel import Quantity
from powermeter.importers.header_words import LETTERS, QUANTITY_WORDS

_PLAIN = frozenset(
    (
        *("draw", "usage", "consumption", "measured", "value", "reading", "avg", "average", "mean"),
        *(
            "instant",
            "instantaneous",
            "inst",
            "accumulated",
            "cumulative",
            "accum",
            "zerod",
            "resettable",
            "counter",
            "w",
            "mw",
            "bus",
        ),
    )
)


_OUTPUTS = frozenset(("vout", "iout", "pout"))
_DASHED = re.compile(r"-([A-Za-z]+)(?![A-Za-z0-9])")
_ACTIVE = re.compile(r"\b(?:active|real|true)[ _.-]*(?=power|leistung|energy|energie)", re.IGNORECASE)


_SO_FAR = re.compile(r"[ _.-]*\bso[ _.-]?far\b|_so_far\b", re.IGNORECASE)


OF_ELEMENTS = re.compile(r"([UVIP](?:t?rms|mn|dc|ac)?)[-_ ](\d{1,2}|SIGMA[A-C]?|Σ[A-C]?)", re.IGNORECASE)
"""How power analysers call the readings of an element, and of all elements together: `Urms-1`, `P-SIGMA`."""


def _undashed(match: re.Match[str]) -> str:
    return f"_{match[1]}" if match[1].lower() in QUANTITY_WORDS else match[0]


def _is_letter(piece: str, bare: str, single: bool, quantity: Quantity | str | None) -> bool:
    """Return whether a piece of a name is the letter of a quantity: alone, with a number, or of the column's own quantity."""
    if bare not in LETTERS:
        return False
    return single or bare != piece.lower() or (quantity is not None and LETTERS[bare] == quantity)


def rail_name(name: str, quantity: Quantity | str | None = None) -> str:
    """Return what a column's name states beside quantity and role: `GPU0_Power_mW` is `GPU0`, `CH1_U` in volts `CH1`."""
    name = re.sub(rf"\A{OF_ELEMENTS.pattern}\Z", r"\1 \2", name.strip(), flags=re.IGNORECASE)
    name = _SO_FAR.sub("", _ACTIVE.sub("", _DASHED.sub(_undashed, name)))
    pieces = [piece for piece in re.split(r"[\s_.,:;/|]+|(?<=[a-z])(?=[A-Z])", name) if piece]
    single = len(pieces) == 1
    kept = []
    for piece in pieces:
        bare = re.sub(r"\d+\Z", "", piece.lower().strip("-#"))
        number = piece[len(piece.rstrip("0123456789")) :]
        if bare in _OUTPUTS:
            kept.append("out")
        if bare in QUANTITY_WORDS or bare in _PLAIN or _is_letter(piece, bare, single, quantity):
            if number:
                kept.append(number)
            continue
        kept.append(piece.strip("-#"))
    if kept and all(piece.isdigit() for piece in kept):
        return "rail " + " ".join(kept)
    left = " ".join(kept).strip(" -")
    if left.lower() in ("", "total", "in", "input"):
        return left.lower() or "input"
    return left if " " in name.strip() else left.replace(" ", "_")
