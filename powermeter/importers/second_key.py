"""A second column that distinguishes devices: `gpu 0` of two nodes is two cards, whose mean is no reading of either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.device_column import DEVICE_NAMES, MAX_DEVICES
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.table_plan import Planned

_USUAL = 0.5
"""Share of the (time, device) that have a row for each value of the second column."""


def refuse_second_key(
    path: Path,
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan,
    planned: Sequence[Planned],
    device: tuple[int, ...],
) -> None:
    """Refuse a table whose devices have several rows at one time, which another column distinguishes.

    Raises:
        ConfigurationError: It is such a table.
    """
    if not device or not time.indexes:
        return
    taken = {*time.indexes, *device, *(column.index for column in planned)}
    taken |= {column.unit_at for column in planned if column.unit_at is not None}
    for index, named in enumerate(headings):
        if index in taken or named.unit == "-" or not _distinguishes(found, named, index, time, device):
            continue
        values = sorted({row[index].strip() for row in found.rows if len(row) > index})
        shown = ", ".join(map(repr, values[:4])) + (" …" if len(values) > 4 else "")
        raise ConfigurationError(
            f"{path}: rows of one time and one {headings[device[0]].text!r} are several, one for each {named.text!r} ({shown}): their mean is no reading "
            f"of any. Write the rows of each {named.text!r} into a file of its own and import those; "
            f"--column {quote(f'{named.text}=-')} takes the mean where all are readings of one device"
        )


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
