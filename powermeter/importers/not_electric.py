"""Powers that are not electric: heat, light, sound, what a shaft or an antenna puts out.  None of it is what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from powermeter.channel import Quantity
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading
from powermeter.importers.single_letters import WHY as ONE_LETTER

WHY = "by its name a power that is not electric"

_NEVER = frozenset(
    (
        *("thermal", "thermisch", "thermische", "optical", "optisch", "optische", "radiant", "luminous"),
        *(
            "mechanical",
            "mech",
            "mechanisch",
            "mechanische",
            "mecanique",
            "shaft",
            "brake",
            "sound",
            "acoustic",
        ),
        *("rf", "tx", "rx", "transmit", "transmitted", "radiated", "antenna", "erp", "eirp"),
    )
)
_ALONE = frozenset(("cooling", "heating", "heat", "laser", "light", "kuhlleistung", "warmeleistung"))
"""Of these a machine's draw may be called, too: they are no draw where nothing else is."""

_BESIDE = frozenset(
    (
        *("power", "pwr", "energy", "leistung", "output", "out", "total", "avg", "average", "mean", "flow"),
        *("rate", "load", "capacity", "measured", "w", "mw", "kw", "waste", "rejected", "removed", "demand"),
    )
)
_PUT_OUT = frozenset(("output", "out", "flow", "waste", "rejected", "removed"))


def without_other_powers(headings: Sequence[Heading]) -> list[Heading]:
    """Return headings without a quantity where they name a power that is not electric."""
    never = {i for i, h in enumerate(headings) if _is_called(h, _NEVER) or _puts_out(h)}
    open_ = {i for i, h in enumerate(headings) if i not in never and _is_called(h, _ALONE)}
    drawn = [
        i
        for i, h in enumerate(headings)
        if i not in never | open_ and (h.quantity in ELECTRIC or h.is_electric) and not h.is_aside
    ]
    own = never if drawn else never | open_
    return [replace(h, quantity=None, why=WHY) if i in own else h for i, h in enumerate(headings)]


def _is_called(named: Heading, kinds: frozenset[str]) -> bool:
    """Return whether a power or an energy is called after one of some kinds, and nothing else."""
    if named.quantity not in (Quantity.POWER, Quantity.ENERGY) or named.unit is None:
        return False
    found = {word for word in named.words if not word.isdigit()}
    return bool(found & kinds) and found <= kinds | _BESIDE


def _puts_out(named: Heading) -> bool:
    return _is_called(named, _ALONE) and bool(_PUT_OUT & {*named.words})


def where_it_is_one(headings: Sequence[Heading]) -> str:
    """Return what to type where a column was passed over that may be electric, for a message; nothing where none was."""
    own = [named for named in headings if named.why in (WHY, ONE_LETTER) and named.unit is not None]
    if not own:
        return ""
    names = ", ".join(repr(named.text) for named in own)
    typed = " ".join(f"--column {quote(f'{named.text}={named.unit}')}" for named in own)
    return f"; {names} {'is' if len(own) == 1 else 'are'} {own[0].why}: where {'it is' if len(own) == 1 else 'they are'} what was drawn, {typed}"
