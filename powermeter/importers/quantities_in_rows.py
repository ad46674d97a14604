"""Long tables whose rows are of different quantities: a column of names, one of values, and each value's unit beside it or nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading, heading, implied
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.unit_columns import CALLED, direct
from powermeter.importers.unit_spellings import of_unit

_FIRST = (Quantity.POWER, Quantity.ENERGY, Quantity.CURRENT, Quantity.CHARGE, Quantity.VOLTAGE)


def rows_of_quantity(
    found: Layout, headings: Sequence[Heading], rail: str | None, where: str
) -> tuple[Layout, tuple[tuple[int, str], ...]]:
    """Return a table with the rows of one quantity only, and (column, text) of what distinguishes them; all rows where they are of one.

    Args:
        found, headings: The table.
        rail: The name that the user typed.
        where: The file, for messages.

    Raises:
        ConfigurationError: The rows are of several quantities, and which to take is not stated.
    """
    at = [i for i, h in enumerate(headings) if h.name.strip().lower() in CALLED and h.unit is None]
    if not at and (metric := _metrics(found, headings)) is not None:
        return _rows_of_metric(found, headings, metric, rail, where)
    meant = {text: _quantity(text) for i in at[:1] for text in _texts(found, i)}
    if len(at) != 1 or len(set(meant.values())) < 2 or set(meant.values()).isdisjoint(ELECTRIC):
        return found, ()
    named = _names(found, at[0])
    if named is None:
        return found, ()
    whole = [row for row in found.rows if len(row) > max(named, at[0]) and row[at[0]].strip()]
    units = {row[named]: meant[row[at[0]].strip()] for row in whole}
    if rail in units:
        return replace(found, rows=tuple(r for r in found.rows if len(r) > named and r[named] == rail)), (
            (named, rail),
        )
    first = next((name for wanted in _FIRST for name, own in units.items() if own == wanted), "")
    listed = ", ".join(repr(unit) for unit in list(meant)[:8])
    raise ConfigurationError(
        f"{where}: its rows are of different quantities ({listed} in column {headings[at[0]].text!r}), which {headings[named].text!r} names: "
        f"--rail {quote(first)} takes the rows of one"
    )


_METRICS = frozenset(
    (
        "metric",
        "quantity",
        "measurement",
        "measurand",
        "field",
        "parameter",
        "variable",
        "signal",
        "attribute",
    )
)
"""What a column is called that states what each row's value measures."""


def _meant(text: str) -> Quantity | str | None:
    named = heading(text)
    return named.quantity or implied(list(named.words))


def _metrics(found: Layout, headings: Sequence[Heading]) -> int | None:
    """Return the column that names several electric quantities, or None."""
    for i, named in enumerate(headings):
        if named.name.strip().lower() in _METRICS:
            texts = dict.fromkeys(_texts(found, i))
            if len({_meant(text) for text in texts} & {*ELECTRIC}) > 1:
                return i
    return None


def _rows_of_metric(
    found: Layout, headings: Sequence[Heading], metric: int, rail: str | None, where: str
) -> tuple[Layout, tuple[tuple[int, str], ...]]:
    meant = {text: _meant(text) for text in _texts(found, metric)}
    if rail in meant:
        rows = tuple(row for row in found.rows if len(row) > metric and row[metric].strip() == rail)
        return replace(found, rows=rows), ((metric, rail),)
    first = next(name for wanted in _FIRST for name, own in meant.items() if own == wanted)
    listed = ", ".join(map(repr, list(meant)[:8]))
    raise ConfigurationError(
        f"{where}: column {headings[metric].text!r} names different quantities ({listed}), whose values stand in one column: "
        f"--rail {quote(first)} takes the rows of one"
    )


def _quantity(unit: str) -> Quantity | str | None:
    whose = of_unit(direct(unit))
    return None if whose is None else whose[0]


def _texts(found: Layout, index: int) -> list[str]:
    return [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]


def _names(found: Layout, units: int) -> int | None:
    """Return the column of names, each of which has one unit, or None."""
    for index in range(len(found.headings)):
        pairs = {
            (row[index], row[units]) for row in found.rows if len(row) > max(index, units) and row[index]
        }
        names = Counter(name for name, _ in pairs)
        few = index != units and 1 < len(names) * 2 <= len(found.rows)
        if few and max(names.values()) == 1 and not any(map(is_datum, names)):
            return index
    return None
