"""Detects a device that is the total or the mean of the others though its name is in no list: by what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import MEAN
from powermeter.importers.headers import words

Readings = Mapping[str, NDArray[np.float64]]
"""What each device reads in each round of rows; NaN where it has none."""

_FEWEST = 20
_NEARLY_ALL = 0.95
_EQUAL = 0.03
_SHARE = 0.1
"""What the second largest of the others is of their sum at least: a device beside one equal to it is not a total."""


def refuse_hidden_total(readings: Readings, names: Sequence[str], where: str) -> None:
    """Look at devices that are about to be added up.

    Raises:
        ConfigurationError: One may be the total or the mean of the others.
    """
    mean = next((name for name in names if {*words(name)} and {*words(name)} <= MEAN), None)
    found = mean or total_of(readings, names)
    if found is None:
        return
    others = ", ".join([name for name in names if name != found][:8])
    if mean is not None:
        raise ConfigurationError(
            f"{where}: {mean} may be the mean of {others}, which draws nothing: write the table without its rows, or state --sum where "
            "it is a device like them"
        )
    raise ConfigurationError(
        f"{where}: {found} reads what {others} read together, so it may hold them; which is the whole? --rail {quote(found)}, or --sum "
        "where none is a part of another"
    )


def total_of(readings: Readings, names: Sequence[str]) -> str | None:
    """Return the device that reads the sum of all others, within 3 %, in nearly all of 20 rounds or more; else None.

    Where one of the others draws almost all of that sum, the two are equal devices, and none is a total.
    """
    if len(names) < 3 or not all(name in readings for name in names):
        return None
    table = np.stack([readings[name] for name in names])
    table = table[:, np.isfinite(table).all(axis=0)]
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < _FEWEST:
        return None
    means = table.mean(axis=1)
    place = int(means.argmax())
    others = np.delete(table, place, axis=0).sum(axis=0)
    alike = np.abs(table[place] - others) <= _EQUAL * others
    second = float(np.sort(means)[-3])
    is_total = float(alike.mean()) >= _NEARLY_ALL and second >= _SHARE * float(others.mean())
    return names[place] if is_total else None
