"""A second column that distinguishes devices: `gpu 0` of two nodes is two cards, whose mean is no reading of either."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.device_column import DEVICE_NAMES, MAX_DEVICES
from powermeter.importers.headers import Heading, words
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.log import Choices
from powermeter.importers.rail_names import TOTAL, inside
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.table_plan import Planned

_USUAL = 0.5
"""Share of the (time, device) that have a row for each value of the second column."""


_OF_MACHINES = frozenset(
    (
        *("gpu", "cpu", "npu", "chip", "core", "device", "dev", "card", "package", "pkg", "socket", "node"),
        *("host", "hostname", "server", "machine", "outlet", "plug", "domain", "scope", "component"),
        *("instance", "nodename", "index", "idx", "rack", "pdu", "module", "board"),
    )
)
"""What columns are called by which devices lie beside each other, of which none is a part of another but by its own name."""

_WHOLE = frozenset((*(word for group in TOTAL for word in group), "global", "aggregate", "overall")) - {
    *("server", "node", "host", "machine", "board", "module", "chassis", "ac", "battery", "bat")
}
"""Values that may hold the others."""


def with_second_key(
    path: Path,
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan,
    planned: Sequence[Planned],
    device: tuple[int, ...],
    choices: Choices,
) -> tuple[tuple[int, ...], tuple[tuple[int, str], ...]]:
    """Return all columns that distinguish devices together, and (column, text) of the rows that `--rail` names by a value of one of them.

    Raises:
        ConfigurationError: They are several, and one's values may be parts of another.
    """
    if not device or not time.indexes:
        return device, ()
    taken = {*time.indexes, *(column.index for column in planned)}
    taken |= {column.unit_at for column in planned if column.unit_at is not None}
    keys = device
    for index, named in enumerate(headings):
        if (
            index not in {*taken, *keys}
            and named.unit != "-"
            and _distinguishes(found, named, index, time, keys)
        ):
            keys = (*keys, index)
    if len(keys) == len(device):
        return device, ()
    values = {index: sorted({row[index].strip() for row in found.rows if len(row) > index}) for index in keys}
    for index, texts in values.items():
        if choices.rail in texts:
            return tuple(i for i in keys if i != index), ((index, choices.rail),)
    doubtful = next((i for i in reversed(keys) if not _lie_beside(headings[i], values[i])), None)
    if doubtful is None or choices.add_up or choices.rail is not None:
        return keys, ()
    name, texts = headings[doubtful].text, values[doubtful]
    shown = ", ".join(map(repr, texts[:4])) + (" …" if len(texts) > 4 else "")
    others = ", ".join(repr(headings[i].text) for i in keys if i != doubtful)
    raise ConfigurationError(
        f"{path}: rows of one time and one {others} are several, one for each {name!r} ({shown}): their mean is no reading of any, and one "
        f"may hold the others. --rail {quote(_largest(found, doubtful, planned))} takes the rows of one {name!r} (or another), --sum adds up all "
        f"where none is a part of another; --column {quote(f'{name}=-')} takes the mean where all are readings of one device"
    )


def _lie_beside(named: Heading, texts: Sequence[str]) -> bool:
    """Return whether a column's values are devices beside each other: by its name, and none of them holds, or is inside, another by its own."""
    if _OF_MACHINES.isdisjoint(named.words):
        return False
    return not any(inside(text) is not None or _WHOLE.intersection(words(text)) for text in texts)


def _largest(found: Layout, index: int, planned: Sequence[Planned]) -> str:
    """Return the value of a column whose rows read most together: no whole is less than its part."""
    at = next((column.index for column in planned if column.rail is not None), None)
    added: dict[str, float] = {}
    for row in found.rows:
        if at is not None and len(row) > max(index, at):
            text = row[at].replace(",", ".") if found.decimal_comma else row[at]
            value = float_or_nan(text.strip().split(" ")[0])
            added[row[index].strip()] = added.get(row[index].strip(), 0.0) + (
                0.0 if math.isnan(value) else value
            )
    return max(added, key=lambda text: added[text]) if added else found.rows[0][index].strip()


def _distinguishes(
    found: Layout, named: Heading, index: int, time: TimePlan, device: tuple[int, ...]
) -> bool:
    """Return whether most devices have, at most times, one row for each value that this column has beside them."""
    widest = max(index, *device, *time.indexes)
    rows = [[cell.strip() for cell in row] for row in found.rows if len(row) > widest]
    texts = {row[index] for row in rows}
    if not 1 < len(texts) <= MAX_DEVICES or "" in texts:
        return False
    if any(map(is_datum, texts)) and not DEVICE_NAMES.fullmatch(named.name.strip()):
        return False
    at_once: dict[tuple[str, ...], list[str]] = {}
    of_all: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        one = tuple(row[i] for i in device)
        at_once.setdefault((*one, *(row[i] for i in time.indexes)), []).append(row[index])
        of_all.setdefault(one, set()).add(row[index])
    whole = sum(
        len(values) > 1 and {*values} == of_all[moment[: len(device)]] for moment, values in at_once.items()
    )
    return whole > _USUAL * len(at_once)
