"""Asks for the units of columns without a header: of voltage, current and power where one column is the product of two others.

Numbers alone do not show what they measure, so a unit is offered only where the data hold it; else each is to be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from shlex import quote
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.importers.charge_states import unnamed_states
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.layout import Layout
from powermeter.importers.unit_columns import MAINS_V, MANY_A, MANY_V

_UNITS = "(W, mW, mA, V …; =- leaves a column out)"
_POWERS_OF_TEN = (1.0, 1e-3, 1e3, 1e-6, 1e6)
_PREFIXES = {1.0: "", 1e-3: "m", 1e-6: "u"}
_FEWEST = 4
_AGREE = 0.02
_SHARE = 0.9
_SUPPLY_V = (0.5, 1000.0)
_CELL_UV = (2.5e6, 3e7)


class Question(NamedTuple):
    """What is asked, and which unit is offered first for each column."""

    text: str
    offered: dict[str, str]


def question_of_units(found: Layout, open_: Sequence[int], step_s: float | None) -> Question:
    """Return what is asked of several columns without names, with the units that their numbers hold.

    Args:
        open_: Their places.
        step_s: The usual step of the rows' times, or None where it is not known.
    """
    whose = ", ".join(f"column {i + 1}" for i in open_[:8])
    rest = f" and {len(open_) - 8} more" if len(open_) > 8 else ""
    known = _battery(found, open_) or _product(found, open_, step_s)
    if known is not None:
        return known._replace(text=f"the unit of {whose}{rest}: {known.text} {_UNITS}")
    each = " ".join(f"--column {i + 1}=UNIT" for i in open_[:8])
    text = (
        f"the unit of {whose}{rest}: nothing in the file shows what they measure; name each, {each} {_UNITS}"
    )
    return Question(text, {str(i + 1): "W" for i in open_})


_NOTHING = re.compile(
    r"(?i)(?:field|channel|column|col|value|data|sensor|input|analog|ain?|signal)[ _.-]?\d{1,3}\Z"
)


def names_nothing(name: str) -> bool:
    """Return whether a header is a number alone, as ThingSpeak's `field1` and a logic analyser's `Channel 0` are."""
    return _NOTHING.match(name.strip()) is not None


def question_of_names(names: Sequence[str]) -> Question:
    """Return what is asked of several columns whose names are numbers."""
    whose = ", ".join(map(repr, names[:8]))
    each = " ".join(f"--column {quote(f'{name}=UNIT')}" for name in names[:8])
    return Question(
        f"the unit of {whose}: their names are numbers, and nothing in the file shows what they measure; name each, {each} {_UNITS}",
        dict.fromkeys(names, "W"),
    )


def without_indices(found: Layout, open_: Sequence[int]) -> list[int]:
    """Return the columns that are no index: whole numbers from 0 or 1 on, each as large as the one above or one more."""
    return [i for i in open_ if not _counts(_texts(found, i))]


def _counts(texts: Sequence[str]) -> bool:
    values = [int(text) for text in texts if text.isdecimal() and len(text) < 10]
    whole = len(values) == len(texts) > 2 and values[0] in (0, 1) and values[-1] > values[0]
    return whole and all(b - a in (0, 1) for a, b in pairwise(values))


def _product(found: Layout, open_: Sequence[int], step_s: float | None) -> Question | None:
    """Return the options for the three columns that are voltage, current and their product, or None."""
    columns = {i: _numbers(found, i) for i in open_[:8]}
    with np.errstate(over="ignore", invalid="ignore"):  # numbers as large as 1e300 are no product of others
        triples = list(_triples(columns))
    if len(triples) != 1:
        return None
    volt, amp, watt, ratio = triples[0]
    typical = float(np.nanmedian(np.abs(columns[volt])))
    in_volts = 1e-6 if typical > MANY_V**2 else 1e-3 if typical > MANY_V else 1.0
    volts = typical * in_volts
    if not _SUPPLY_V[0] <= volts <= _SUPPLY_V[1] or (step_s is not None and np.isclose(typical, step_s)):
        return None
    of_amp = float(np.nanmedian(np.abs(columns[amp])))
    fitting = [
        (a, w)
        for a in _PREFIXES
        for w in _PREFIXES
        if np.isclose(in_volts * a, ratio * w) and (of_amp * a <= MANY_A or volts > MAINS_V)
    ]
    if not fitting:
        return None
    rest = [i for i in open_ if i not in (volt, amp, watt)]
    units = [
        {volt: f"{_PREFIXES[in_volts]}V", amp: f"{_PREFIXES[a]}A", watt: f"{_PREFIXES[w]}W"}
        | dict.fromkeys(rest[:8], "-")
        for a, w in fitting
    ]
    first, *others = (" ".join(f"--column {i + 1}={unit}" for i, unit in each.items()) for each in units)
    known = f"column {watt + 1} is the product of columns {volt + 1} and {amp + 1}, as a power is of voltage and current: {first}"
    known += f", or {others[0]}, whichever its size is" if others else ""
    return Question(known, {str(i + 1): unit for i, unit in units[0].items()})


def _triples(columns: dict[int, NDArray[np.float64]]) -> Iterator[tuple[int, int, int, float]]:
    """Return (voltage, current, power, power ÷ their product) of each three columns of which one is the product of two."""
    for one, other in combinations(columns, 2):
        if _is_power_of_ten(columns[one]) or _is_power_of_ten(columns[other]):
            continue
        for watt in columns.keys() - {one, other}:
            ratio = _ratio(columns[one] * columns[other], columns[watt])
            spreads = {i: _spread(columns[i]) for i in (one, other)}
            volt, amp = sorted(spreads, key=lambda i: spreads[i])
            if ratio is not None and spreads[amp] > 2 * spreads[volt]:
                yield volt, amp, watt, ratio


def _ratio(product: NDArray[np.float64], power: NDArray[np.float64]) -> float | None:
    """Return the power of ten by which a column is a product in nearly every row, or None."""
    good = np.isfinite(product) & np.isfinite(power) & (product != 0)
    if good.sum() < _FEWEST or len(np.unique(power[good])) < 3:
        return None
    shares = power[good] / product[good]
    nearest = [ten for ten in _POWERS_OF_TEN if abs(float(np.median(shares)) / ten - 1) < _AGREE]
    if not nearest or (abs(shares / nearest[0] - 1) < _AGREE).mean() < _SHARE:
        return None
    return nearest[0]


def _battery(found: Layout, open_: Sequence[int]) -> Question | None:
    """Return the options for a battery's current and voltage as Linux writes them, beside its state in words, or None."""
    if len(open_) != 2 or unnamed_states(found) is None:
        return None
    if any(not re.fullmatch(r"-?\d+", text) for i in open_ for text in _texts(found, i)):
        return None
    sized = [i for i in open_ if _of_a_cell(_numbers(found, i))]
    if len(sized) != 1:
        return None
    amp = next(i for i in open_ if i != sized[0])
    text = (
        f"column {sized[0] + 1} has the size of a battery's voltage in uV, beside its state in words, as Linux writes them: "
        f"--column {sized[0] + 1}=uV --column {amp + 1}=uA"
    )
    return Question(text, {str(sized[0] + 1): "uV", str(amp + 1): "uA"})


def _of_a_cell(values: NDArray[np.float64]) -> bool:
    low, high = _CELL_UV
    return bool(len(values) and (values >= low).all() and (values <= high).all() and _spread(values) < 0.2)


def _texts(found: Layout, index: int) -> list[str]:
    return [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]


def _numbers(found: Layout, index: int) -> NDArray[np.float64]:
    """Return a column's numbers row by row, NaN where there is none."""
    cells = [row[index].strip() if len(row) > index else "" for row in found.rows]
    if found.decimal_comma:
        cells = [cell.replace(".", "").replace(",", ".") if "," in cell else cell for cell in cells]
    return np.array([float_or_nan(cell) for cell in cells])


def _spread(values: NDArray[np.float64]) -> float:
    """Return the standard deviation of a column against its mean magnitude."""
    good = values[np.isfinite(values)]
    return float(good.std() / np.abs(good).mean()) if good.size and good.any() else 0.0


def _is_power_of_ten(values: NDArray[np.float64]) -> bool:
    """Return whether a column stands at 1, 10, 0.1 …, whose products show nothing."""
    good = np.unique(np.abs(values[np.isfinite(values)]))
    return good.size == 0 or (good.size == 1 and (good[0] == 0 or float(np.log10(good[0])).is_integer()))
