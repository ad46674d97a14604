"""A column of a factor beside readings, `CT ratio`, `multiplier`, `scale`: a question, for it may be in them already or not."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from powermeter.channel import Quantity
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.unit_columns import typical

_FACTORS = frozenset(
    ("ratio", "multiplier", "scale", "scaling", "multiplikator", "wandlerfaktor", "ubersetzungsverhaltnis")
)
_ALONE = _FACTORS - {"ratio"}
_BESIDE = frozenset(
    (
        *("ct", "vt", "pt", "cts", "vts", "pts", "transformer", "wandler", "current", "voltage", "meter"),
        *("factor", "probe", "shunt", "pulse", "amp", "amps", "volt", "volts", "power", "energy"),
        *("w", "a", "v"),
    )
)


def ask_factor(
    found: Layout, headings: Sequence[Heading], stated: set[int], asks: list[str]
) -> dict[str, str]:
    """Ask whether readings are multiplied by the factors beside them, where these are not all 1.

    Returns:
        Those columns as left out, for what is asked once that is stated.
    """
    percent = any(named.words[-1:] == ["level"] for named in headings)
    left_out = {}
    for i, named in enumerate(headings):
        if i in stated or named.quantity is not None or not _is_factor(named) or typical(found, i) in (0, 1):
            continue
        if percent and named.words == ["scale"]:  # of Android: what a full battery's level is
            continue
        left_out_typed = f"--column {quote(f'{named.text}=-')}"
        asks.append(
            f"whether the readings are multiplied by {named.text!r} ({typical(found, i):g}) already: if so, {left_out_typed}; if not, "
            + (
                _multiplied(found, headings, i, left_out_typed)
                or "multiply them in the file first, for the factor changes"
            )
        )
        left_out[named.text] = "-"
    return left_out


_OF_CURRENT = frozenset(("ct", "cts", "current", "amp", "amps", "a", "shunt"))
_OF_VOLTAGE = frozenset(("vt", "vts", "pt", "pts", "voltage", "volt", "volts", "v"))


def _multiplied(found: Layout, headings: Sequence[Heading], index: int, left_out: str) -> str:
    """Return what to type where readings are to be multiplied by a factor that is one in all rows; nothing where it changes or no reading is its."""
    texts = {row[index].strip() for row in found.rows if len(row) > index}
    kinds = {*headings[index].words}
    quantity = Quantity.CURRENT if kinds & _OF_CURRENT else Quantity.VOLTAGE if kinds & _OF_VOLTAGE else None
    whose = [
        h for h in headings if h.quantity is (quantity or h.quantity) and h.quantity in ELECTRIC and h.unit
    ]
    if quantity is None and Quantity.POWER in {h.quantity for h in whose}:
        whose = [h for h in whose if h.quantity is Quantity.POWER]
    if len(texts) != 1 or not whose or (quantity is None and len({h.quantity for h in whose}) > 1):
        return ""
    factor = f"{typical(found, index):g}"
    return " ".join([left_out, *(f"--column {quote(f'{h.text}={factor}{h.unit}')}" for h in whose)])


def _is_factor(named: Heading) -> bool:
    found = {word for word in named.words if not word.isdigit()}
    kinds = found & _FACTORS
    return bool(kinds) and found <= _FACTORS | _BESIDE and (bool(kinds & _ALONE) or len(found) > 1)
