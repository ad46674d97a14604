"""Rows of several devices in one table: which rows are one round, and what the devices are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError, plural
from powermeter.importers.device_column import MAX_DEVICES
from powermeter.importers.headers import Heading
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.time_axis import usual_step
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration, format_short

BETWEEN = "\0"
"""Stands between the cells that name one device."""


def distinguished_by(plan: TablePlan, devices: Collection[str]) -> str | None:
    """Return what distinguishes the devices, for messages; None for a single one."""
    if len(devices) < 2:
        return None
    return ", ".join(plan.layout.headings[i].text for i in plan.device) or "the rows' turns"


def device_label(plan: TablePlan, text: str) -> str:
    """Return a device's name from its cells: `0` in a column `gpu` is `gpu0`, behind `n1` in a column `node` it is `n1 gpu0`."""
    if not plan.device:
        return f"device{text}"
    cells = zip(plan.device, text.split(BETWEEN), strict=True)
    return " ".join(_label(plan, plan.layout.headings[i], cell) for i, cell in cells)


def _label(plan: TablePlan, named: Heading, text: str) -> str:
    text = re.sub(r"(?<=\d)\.0+\Z", "", text)
    fact = plan.columns[0].fact
    if text.isdigit():
        stem = (fact.rail if fact is not None else "") or named.name.lower().split()[0].removesuffix(
            "_id"
        ).removesuffix("_index")
        return f"{'device' if stem in ('id', 'index', 'idx') else stem}{text}"
    return text.split(".", 1)[1] if text.startswith(("sensor.", "switch.")) else text


def numbered(texts: Sequence[str], known: dict[str, int], where: str) -> NDArray[np.int16]:
    """Return the number of each row's device; new ones are added to `known`.

    Raises:
        DataError: There are more than 256.
    """
    for text in dict.fromkeys(texts):
        if text.strip() not in known:
            if len(known) >= MAX_DEVICES:
                raise DataError(
                    f"{where}: more than {MAX_DEVICES} devices; this is not the format it looks like"
                )
            known[text.strip()] = len(known)
    return np.fromiter((known[text.strip()] for text in texts), np.int16, len(texts))


def round_note(
    plan: TablePlan,
    devices: Collection[str],
    stamps: NDArray[np.int64] | None,
    of: NDArray[np.int32],
    first: NDArray[np.intp],
    keys: NDArray[np.int16] | None = None,
) -> Note:
    """Return the note that rows of several devices were put together, and how far apart they lay."""
    sizes = np.diff(np.append(first, len(of)))
    lacking = int((sizes < len(devices)).sum())
    names = ", ".join(device_label(plan, text) for text in list(devices)[:8])
    note = f"rows of {plural(len(devices), 'device')} distinguished: {names}"
    if stamps is not None:
        few = slice(0, _LOOKED_AT)
        apart = stamps[few] - stamps[first[of[few]]]
        spread = int(np.percentile(np.abs(apart[apart != 0]), 95)) if (apart != 0).any() else 0
        if spread:
            note += f"; rows of one round share its first time (they lie up to {format_short(spread / 1e6)} ms apart)"
    if lacking * 2 > len(sizes):
        note += "; they were read at times of their own, and each was brought onto all of these times"
    elif lacking:
        note += f"; {lacking} of {plural(len(sizes), 'round')} lack a device: their sum is known only where all were read"
        note += _early_ends(plan, list(devices), of, keys, stamps, first)
    return Note.info("devices-distinguished", note)


def _early_ends(
    plan: TablePlan,
    devices: Sequence[str],
    of: NDArray[np.int32],
    keys: NDArray[np.int16] | None,
    stamps: NDArray[np.int64] | None,
    first: NDArray[np.intp],
) -> str:
    """Return which devices have no row in the last rounds, and until when their sum is known, for a note."""
    if keys is None or stamps is None:
        return ""
    last = {number: int(of[np.flatnonzero(keys == number)[-1]]) for number in np.unique(keys).tolist()}
    end = max(last.values())
    early = {number: at for number, at in last.items() if end - at > max(_FEW_ROUNDS, end // 20)}
    if not early:
        return ""
    names = ", ".join(device_label(plan, devices[number]) for number in early)
    begin = int(stamps[0])
    until = format_duration((int(stamps[first[min(early.values())]]) - begin) / NS)
    whole = format_duration((int(stamps[first[end]]) - begin) / NS)
    other = next(device_label(plan, devices[number]) for number in last if number not in early)
    return (
        f". The last row of {names} stands at {until} of {whole}: behind that the whole is not known; import with --rail {quote(other)} for "
        "what one device drew throughout"
    )


_FEW_ROUNDS = 2


def sweeps(keys: NDArray[np.int16], stamps: NDArray[np.int64] | None) -> NDArray[np.int32]:
    """Return the number of the round that each row belongs to: a new one begins when the devices start over.

    Rows of one stamp are one round, in whatever order, unless a device occurs twice.  Rows of different stamps are
    one round where they lie close together against the rounds' step.
    """
    if not len(keys):
        return np.empty(0, np.int32)
    new = np.concatenate(([True], keys[1:] <= keys[:-1]))
    if stamps is None:
        return np.cumsum(new, dtype=np.int32) - 1
    steps = np.diff(stamps, prepend=stamps[0])
    still = steps == 0
    still[0] = False
    if (new & still).any():
        new &= ~(still & _once(keys, np.cumsum(~still)))
    usual = usual_step(stamps[new])
    inside = steps[:_LOOKED_AT][~new[:_LOOKED_AT]]
    if usual and len(inside) and np.percentile(np.abs(inside), 95) > _CLOSE * usual:
        new |= ~still
    elif usual:
        new |= np.abs(steps) > 0.5 * usual  # a device is missing from this round
    new[0] = True
    return np.cumsum(new, dtype=np.int32) - 1


_CLOSE = 0.2
_LOOKED_AT = 1 << 20


def _once(keys: NDArray[np.int16], groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows stand in a group in which every device occurs once."""
    pairs = groups * (int(keys.max()) + 1) + keys
    unique, counts = np.unique(pairs, return_counts=True)
    twice = np.unique(unique[counts > 1] // (int(keys.max()) + 1))
    return ~np.isin(groups, twice)
