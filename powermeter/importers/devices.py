"""Rows of several devices in one table: which rows are one round, and what the devices are called."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from powermeter.importers.axis import usual_step
from powermeter.importers.plan import Plan


def device_column(plan: Plan, devices: Collection[str]) -> str | None:
    """Return what tells the devices apart, for messages; None for a single one."""
    if len(devices) < 2:
        return None
    return plan.layout.headings[plan.device[0]].text if plan.device else "the rows' turns"


def device_label(plan: Plan, text: str) -> str:
    """Return a device's name from its cell: `0` in a column `gpu` is `gpu0`."""
    if not plan.device:
        return f"device{text}"
    named = plan.layout.headings[plan.device[0]]
    text = re.sub(r"(?<=\d)\.0+\Z", "", text)
    fact = plan.columns[0].fact
    if text.isdigit():
        stem = (fact.rail if fact is not None else "") or named.name.lower().split()[0].removesuffix(
            "_id"
        ).removesuffix("_index")
        return f"{'device' if stem in ('id', 'index', 'idx') else stem}{text}"
    return text.split(".", 1)[1] if text.startswith(("sensor.", "switch.")) else text


def round_note(
    plan: Plan,
    devices: Collection[str],
    stamps: NDArray[np.int64] | None,
    of: NDArray[np.int64],
    first: NDArray[np.intp],
) -> str:
    """Return the note that rows of several devices were put together, and how far apart they lay."""
    names = ", ".join(device_label(plan, text) for text in list(devices)[:8])
    note = f"rows of {len(devices)} devices were told apart: {names}"
    if stamps is not None:
        apart = stamps - stamps[first][of]
        spread = int(np.percentile(np.abs(apart[apart != 0]), 95)) if (apart != 0).any() else 0
        if spread:
            note += f"; rows of one round share its first time (they lie up to {spread / 1e6:.3g} ms apart)"
    return note


def sweeps(keys: NDArray[np.int16], stamps: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the number of the sweep that each row belongs to: a new one begins when the devices start over.

    Rows of one sweep lie close together; where they do not, every row (with those of its very stamp) is one.
    """
    if not len(keys):
        return np.empty(0, np.int64)
    new = np.concatenate(([True], keys[1:] <= keys[:-1]))
    if stamps is None:
        return np.cumsum(new) - 1
    steps = np.diff(stamps, prepend=stamps[0])
    usual = usual_step(stamps[new])
    inside = steps[~new]
    if usual and len(inside) and np.percentile(np.abs(inside), 95) > 0.2 * usual:
        new = np.concatenate(([True], stamps[1:] != stamps[:-1]))
        new |= np.concatenate(([True], keys[1:] <= keys[:-1]))
    elif usual:
        new |= np.abs(steps) > 0.5 * usual  # a device is missing from this sweep
        new[0] = True
    return np.cumsum(new) - 1
