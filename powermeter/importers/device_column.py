"""Finds the column of a long table that distinguishes devices, by its name, or by what it does: several values at one time."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote
from string import ascii_lowercase

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.files import Peek
from powermeter.importers.header_words import ELECTRIC, QUANTITY_WORDS
from powermeter.importers.headers import Heading, heading, implied, words
from powermeter.importers.home_assistant_history import ENTITIES, drawn_of
from powermeter.importers.interleaved_devices import are_devices
from powermeter.importers.known_tools import key
from powermeter.importers.layout import SAMPLE, Layout, is_datum, split
from powermeter.importers.log_end import log_end
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.table_plan import Planned
from powermeter.importers.tool_table import Signature
from powermeter.importers.unit_spellings import of_unit

MAX_DEVICES = 256

DEVICE_NAMES = re.compile(
    r"(gpu|cpu|npu|chip|core|device|dev|card|package|pkg|socket|sensor|channel|chan|ch|node|host|hostname|entity_id|entity|outlet|plug|"
    r"meter|rail|domain|zone|index|idx|id|name|uuid|serial|label|component|resource|source|instance|item)"
    r"([ _.-]?(id|idx|index|name|uuid|no|nr|number))?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(topic|mac|address|addr|ip|ain|rank|slave|port|station|probe|ieee|ieee_addr|imei|sn|src|client)([ _.-]?(id|idx|index|name|addr|address|nr|number))?",
    re.IGNORECASE,
)
"""What a column is called by which devices are reached: where the rows show that they take turns, it distinguishes them."""

_OF_ONE_DEVICE = frozenset(
    (
        *("hour", "minute", "second", "day", "weekday", "dow", "month", "week", "year", "quarter", "season"),
        *(
            "state",
            "status",
            "mode",
            "phase",
            "event",
            "flag",
            "marker",
            "error",
            "errors",
            "stage",
            "workload",
        ),
        *("util", "utilization", "load", "level", "percent", "count", "tariff", "rate", "batch", "size"),
        *(
            "layer",
            "kernel",
            "op",
            "operation",
            "step",
            "iteration",
            "epoch",
            "run",
            "test",
            "cmd",
            "command",
        ),
    )
)
"""Words of columns that describe one device's rows: a time, a state, a load."""

_FRACTION = re.compile(r"-?\d+[.,]\d*[1-9]\d*")


def device_columns_of(
    path: Path,
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan,
    planned: Sequence[Planned],
    signature: Signature | None,
    split: bool,
) -> tuple[tuple[int, ...], bool]:
    """Return the column that distinguishes devices where rows of several follow each other, or none, and whether the times of all rows must show it.

    Args:
        split: Whether the user stated which devices count, or that they add up.

    Raises:
        DataError: It distinguishes quantities: its values are of different kinds.
        ConfigurationError: Readings take turns by the values of a column that no name calls devices.
    """
    taken = {*time.indexes, *(column.index for column in planned)}
    taken |= {column.unit_at for column in planned if column.unit_at is not None}
    names = {key(h): i for i, h in enumerate(headings)}
    if signature is not None:
        candidates = [names[name] for name in signature.devices if name in names and names[name] not in taken]
    else:
        candidates = [
            i
            for i, h in enumerate(headings)
            if i not in taken and h.name and DEVICE_NAMES.fullmatch(h.name.strip())
        ]
    rows: list[Sequence[str]] = [row for row in found.rows if len(row) > max([*time.indexes, *candidates, 0])]
    if (
        signature is not None
        and len(found.rows) == SAMPLE
        and any(len({row[i] for row in rows}) == 1 for i in candidates)
    ):
        rows += [row for row in _last_rows(path, found) if len(row) > max([*time.indexes, *candidates, 0])]
    for index in candidates:
        texts = [row[index].strip() for row in rows]
        distinct = set(texts)
        if any(_FRACTION.fullmatch(text) for text in distinct):
            continue  # `core` may be a power
        if not 1 < len(distinct) <= MAX_DEVICES or len(distinct) * 1.5 > len(texts):
            continue
        if (
            signature is not None
            or _takes_turns(rows, index, time)
            or are_devices(found, index, time, planned, rows)
        ):
            _refuse_quantities(path, headings[index].text, distinct)
            return (index,), False
    for index, named in enumerate(headings):
        if signature is not None or index in taken or index in candidates or not rows:
            continue
        texts = [row[index].strip() if len(row) > index else "" for row in rows]
        distinct = set(texts)
        if (
            not 1 < len(distinct) <= MAX_DEVICES
            or len(distinct) * 1.5 > len(texts)
            or any(map(is_datum, distinct))
        ):
            continue
        if _share_stamps(rows, index, time) or (not found.named and _takes_turns(rows, index, time)):
            _refuse_quantities(path, named.text, distinct)
            return (index,), False
    if signature is None or not signature.devices:
        open_ = [i for i in range(len(headings)) if i not in taken and i not in candidates]
        turns = next((i for i in open_ if _by_readings(found, headings[i], i, time, planned)), None)
        if turns is not None:
            named, distinct = headings[turns], {row[turns].strip() for row in rows if len(row) > turns}
            _refuse_quantities(path, named.text, distinct)
            if not (split or _ADDRESS.fullmatch(_last_part(named))):
                raise _question(path, named.text, sorted(distinct))
            return (turns,), False
    blocks = () if signature is not None or not time.indexes else _in_blocks(path, found, headings, taken)
    return blocks, bool(blocks)


def _by_readings(
    found: Layout, named: Heading, index: int, time: TimePlan, planned: Sequence[Planned]
) -> bool:
    """Return whether rows of several devices take turns by a column of any name."""
    rows = [row for row in found.rows if len(row) > index and row[index].strip()]
    distinct = {row[index].strip() for row in rows}
    address = _ADDRESS.fullmatch(_last_part(named))
    if (
        len(rows) < len(found.rows)
        or len(distinct) * 1.5 > len(rows)
        or any(map(_FRACTION.fullmatch, distinct))
        or named.unit == "-"
        or (any(of_unit(text) is not None for text in distinct) and not _are_lettered(distinct))
        or not (address or _may_be_devices(named))
    ):
        return False
    numbers = address is None and any(map(is_datum, distinct))
    return are_devices(found, index, time, planned, rows, by_times=numbers)


def _are_lettered(names: Collection[str]) -> bool:
    """Return whether names are A, B and so on: no ampere."""
    return "".join(sorted(names)).lower() == ascii_lowercase[: len(names)]


def _last_part(named: Heading) -> str:
    return named.name.strip().rpartition(".")[2]


def _may_be_devices(named: Heading) -> bool:
    return not (named.is_time or named.quantity is not None or _OF_ONE_DEVICE & {*named.words})


def _question(path: Path, text: str, names: Sequence[str]) -> ConfigurationError:
    shown = ", ".join(repr(name) for name in names[:4]) + (" …" if len(names) > 4 else "")
    return ConfigurationError(
        f"{path}: its rows take turns by column {text!r} ({shown}), as those of several devices do, whose mean is no reading of any: "
        f"--sum adds them up where none is a part of another, --rail {quote(names[0])} takes one of them (or another); "
        f"--column {quote(f'{text}=-')} leaves the column out where all rows are of one device"
    )


def _in_blocks(
    path: Path, found: Layout, headings: Sequence[Heading], taken: Collection[int]
) -> tuple[int, ...]:
    """Return a column of devices or words each of whose values stands in one block, first and last rows taken together, or none."""
    last = _last_rows(path, found)
    rows = [*found.rows, *last]
    named = [bool(DEVICE_NAMES.fullmatch(h.name.strip())) for h in headings]
    for index in sorted(set(range(len(headings))) - {*taken}, key=lambda i: not named[i]):
        first = [row[index].strip() for row in found.rows if len(row) > index]
        texts = first + [row[index].strip() for row in last if len(row) > index]
        blocks = 1 + sum(a != b for a, b in pairwise(first))
        if not all(texts) or len(texts) < len(rows) or any(map(_FRACTION.fullmatch, texts)):
            continue
        several = blocks == len(set(first)) and 1 < len(set(texts)) <= MAX_DEVICES
        if several and blocks * 3 <= len(first) and (named[index] or not any(map(is_datum, {*texts}))):
            return (index,)
    return ()


_LAST = 100  # rows at the end of a file


def _last_rows(path: Path, found: Layout) -> list[list[str]]:
    peek = Peek.at(path)
    last = split((log_end(peek).lines or peek.lines)[-_LAST:], found.delimiter)
    return [row for row in last if not found.is_again(row)]


def _refuse_quantities(path: Path, column: str, names: Collection[str]) -> None:
    """Refuse a table whose values are of the quantities that a column of text names.

    Raises:
        DataError: It is one.
    """
    meant: dict[Quantity, str] = {}
    for name in sorted(names):
        quantity = heading(name).quantity or implied(words(name)) or _by_ending(name)
        if isinstance(quantity, Quantity) and quantity in (*ELECTRIC, Quantity.TEMPERATURE):
            meant.setdefault(quantity, name)
    if len(meant) > 1:
        shown = ", ".join(repr(name) for name in list(meant.values())[:4])
        if column.strip().lower() == ENTITIES:
            likely = (meant[q] for q in (Quantity.POWER, Quantity.ENERGY) if q in meant)
            best = drawn_of(names) or next(likely, min(meant.values()))
            raise ConfigurationError(
                f"{path}: column {column!r} names different quantities ({shown}), whose values stand in one column: "
                f"--rail {quote(best)} takes the rows of one"
            )
        raise DataError(
            f"{path}: column {column!r} names different quantities ({shown}), whose values stand in one column: export the rows of "
            "one of them, or a column for each (a pivot)"
        )


def _by_ending(name: str) -> Quantity | str | None:
    """Return the quantity that a name of several words in one ends with: `akkuenergie`."""
    ends = [word for word in QUANTITY_WORDS if len(word) >= _LONG and name.lower().endswith(word)]
    return QUANTITY_WORDS[max(ends, key=len)] if ends else None


_LONG = 5


def _takes_turns(rows: Sequence[Sequence[str]], index: int, time: TimePlan) -> bool:
    """Return whether rows of different devices come at one time, or in turns throughout."""
    keys = [row[index].strip() if len(row) > index else "" for row in rows]
    if _share_stamps(rows, index, time):
        return True
    changes = sum(a != b for a, b in pairwise(keys))
    return changes * 2 > len(keys)


def _share_stamps(rows: Sequence[Sequence[str]], index: int, time: TimePlan) -> bool:
    """Return whether most times stand before several of a column's values."""
    stamps = ["|".join(row[i].strip() for i in time.indexes) for row in rows]
    keys = [row[index].strip() if len(row) > index else "" for row in rows]
    if time.indexes:
        together: dict[str, set[str]] = {}
        for stamp, name in zip(stamps, keys, strict=True):
            together.setdefault(stamp, set()).add(name)
        shared = sum(len(names) > 1 for names in together.values())
        if shared * 2 > len(together):
            return True
    return False
