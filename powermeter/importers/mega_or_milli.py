"""A capital M at the end of a name, milli in `CURRENT_MA` and mega in `energy_MJ`: a question where the data allow both."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from powermeter.channel import Quantity
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.unit_columns import typical

_SURELY_MILLI: dict[Quantity | str | None, float] = {Quantity.POWER: 20.0, Quantity.ENERGY: 1e6}
"""Numbers from which on a unit with M cannot be mega: 20 MW is more than a board of any kind draws, 10¹² J more than a meter counts."""

_PERHAPS_OF_A_GRID = 1e4
"""Numbers from which on a power in MW may be what a grid carries, tens of thousands of megawatts, as well as tens of watts."""


def ask_mega(found: Layout, headings: Sequence[Heading], stated: set[int], asks: list[str]) -> dict[str, str]:
    """Ask for the units of columns whose name ends in MW, MJ or MWH and whose numbers fit both meanings; return what is offered."""
    offered: dict[str, str] = {}
    for i, named in enumerate(headings):
        if i in stated or not named.at_end or named.of_rows or named.quantity not in _SURELY_MILLI:
            continue
        tail = named.text.strip()[-len(named.unit or "") :]
        if not tail.startswith("M") or tail == "MWh":
            continue
        read = typical(found, i)
        of_grid = named.quantity is Quantity.POWER and read >= _PERHAPS_OF_A_GRID
        if 0 < read < _SURELY_MILLI[named.quantity] or of_grid:
            milli = f"m{tail[1:].capitalize()}"
            offered[named.text] = milli
            asks.append(
                f"whether {named.text!r} is in mega or in milli: --column {quote(f'{named.text}={milli}')} or --column {quote(f'{named.text}=M{milli[1:]}')}"
            )
    return offered
