"""Puts the rows of a long table sorted by device into the order of time: there a time that lies before the one above it is no clock set back."""

from __future__ import annotations

from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError
from powermeter.importers.column_store import Store
from powermeter.importers.device_column import DEVICE_NAMES
from powermeter.importers.device_rounds import device_label
from powermeter.importers.log import Choices
from powermeter.importers.stamps import DAY_NS
from powermeter.importers.table_plan import TablePlan

_ROWS = 3  # of one device under each other, on average: fewer are rounds of devices that take turns


def sort_by_time(
    store: Store, devices: dict[str, int], plan: TablePlan, choices: Choices, where: str
) -> None:
    """Sort the rows of devices that stand in blocks below each other, in place.

    Where they do not, a column that might distinguish devices distinguishes none.

    Raises:
        ConfigurationError: Their times are of no wall clock, so that they may have been measured one after another.
    """
    if "key" not in store or "stamp" not in store:
        return
    stamps = _carried_on(store.whole("stamp"))
    named = DEVICE_NAMES.fullmatch(plan.layout.headings[plan.device[0]].name.strip()) if plan.device else None
    keys = store.whole("key")
    if len(devices) > 1 and plan.device and _by_other_clocks(keys, stamps):
        raise ConfigurationError(
            f"{where}: the rows of each {plan.layout.headings[plan.device[0]].text!r} ({', '.join(list(devices)[:4])}) follow those of the one before, and "
            "some are stamped since 1970, others from a start of their own: write the rows of each into a file of its own and import those"
        )
    sure = named or not plan.time.is_utc
    if len(devices) < 2 or not in_blocks(keys, stamps) or not (sure or _at_one_time(keys, stamps)):
        if plan.perhaps_devices:
            plan.device = ()
            devices.clear()
            store.drop("key")
        return
    text = plan.layout.headings[plan.device[0]].text
    plan.aside = [entry for entry in plan.aside if entry[0] != text]
    if not (plan.time.is_utc or choices.rail is not None or choices.add_up):
        first = quote(device_label(plan, next(iter(devices))))
        raise ConfigurationError(
            f"{where}: the rows of each {text!r} follow those of the one before, and their times begin anew: "
            "whether they were measured at one time or one after another is not known. --sum adds them up as measured at one time, --rail "
            f"{first} takes one of them (or another)"
        )
    store.sort(np.argsort(stamps, kind="stable"))


def in_blocks(keys: NDArray[np.int16], stamps: NDArray[np.int64]) -> bool:
    """Return whether each device's times rise while those of the table fall from one device to the next."""
    starts = np.flatnonzero(np.diff(keys)) + 1
    if (len(starts) + 1) * _ROWS > len(keys) or not (stamps[starts] < stamps[starts - 1]).any():
        return False
    by_device = np.argsort(keys, kind="stable")
    falls = np.diff(stamps[by_device]) < 0
    return not (falls & (np.diff(keys[by_device]) == 0)).any()


def _by_other_clocks(keys: NDArray[np.int16], stamps: NDArray[np.int64]) -> bool:
    """Return whether blocks of devices are stamped since 1970 and others from a start of their own, near 0."""
    starts = np.flatnonzero(np.diff(keys)) + 1
    if (len(starts) + 1) * _ROWS > len(keys):
        return False
    since_1970 = stamps >= _IN_1990_NS
    turns = np.flatnonzero(np.diff(since_1970)) + 1
    others = stamps[~since_1970]
    return bool(turns.size and np.isin(turns, starts).all() and others.max(initial=0) < _OF_A_START_NS)


_IN_1990_NS = 20 * 365 * DAY_NS
_OF_A_START_NS = 365 * DAY_NS


def _at_one_time(keys: NDArray[np.int16], stamps: NDArray[np.int64]) -> bool:
    """Return whether blocks share half of the shorter one's time: phases of a log whose clock was set back between them share less."""
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    first, last = stamps[starts], stamps[np.append(starts[1:], len(keys)) - 1]
    shared = np.minimum(last[:-1], last[1:]) - np.maximum(first[:-1], first[1:])
    return bool((2 * shared >= np.minimum(last - first, np.roll(last - first, -1))[:-1]).any())


def _carried_on(stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times in which rows that have none bear the last one above them."""
    at = np.where(stamps == MISSING, 0, np.arange(len(stamps)))
    return stamps[np.maximum.accumulate(at)] if len(at) else stamps
