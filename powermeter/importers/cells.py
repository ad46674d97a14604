"""What stands in a cell: a number, a number with its unit, a word for none, or something else."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.thousands import ungrouped, without_marks
from powermeter.importers.unit_spellings import of_unit

_WORDS = frozenset(
    [
        "nan",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "-",
        "--",
        "---",
        "unavailable",
        "unknown",
        "err",
        "error",
        "undef",
        "undefined",
        "missing",
        "inf",
        "-inf",
        "+inf",
        "infinity",
        "#div/0!",
        "#n/a",
        "#value!",
        "#ref!",
        "#num!",
        "#name?",
        "#null!",
        "ol",
        "overload",
        "----",
    ]
) | {
    "not supported",
    "unknown error",
    "gpu requires reset",
    "insufficient permissions",
    "not available",
    "no data",
    "gpu is lost",
}

LONGEST_CELL = 80
"""Characters of the longest cell that may be a number with a unit."""

_CELL = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµμΩ%°]{1,10})(?: (?:DC|AC|AC\+DC))?\.?\Z"
)

_ENDS_IN_UNIT = re.compile(
    r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?\s*([A-Za-zµμΩ%°]{1,10})(?: (?:DC|AC|AC\+DC))?\.?\Z"
)
_TWO = re.compile(r"([+-]?[\d.,]*\d ?([mkµu]?[WAV])) ?/ ?[+-]?[\d.,]*\d ?\2")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+(?!\d)")


def is_missing_word(text: str) -> bool:
    """Return whether a field states that there is no value."""
    return text.strip().strip("[]<>()\"'").strip().lower() in _WORDS


def missing_word(text: str) -> str:
    """Return how a cell without a number is counted: `blank`, `N/A`, or the text itself, cut."""
    text = text.strip()
    return "blank" if not text else text if is_missing_word(text) else text[:24]


def first_of_two(text: str) -> str:
    """Return the reading of a cell that holds another value behind a stroke, in the same unit; any other cell as it is.

    `4000mW/4010mW` is how tegrastats prints what a rail draws and its mean, `65W / 300W` how nvidia-smi prints a draw and its limit.
    """
    match = _TWO.fullmatch(text.strip()) if "/" in text and len(text) <= LONGEST_CELL else None
    return text if match is None else match[1]


class Cells:
    """Reads the cells of one column, whatever they carry, and counts what is not a number.

    Attributes:
        unit: The unit found in the cells, or None.
        reasons: Why a cell was not a number → how often.
        pair: The first cell that held two values, or empty.
    """

    def __init__(
        self, decimal_comma: bool = False, factor_of: str | None = None, decimal: str | None = None
    ) -> None:
        """Read cells in the unit `factor_of`, converted where a cell carries another; `decimal` is the mark that was stated."""
        self.unit: str | None = factor_of
        self.reasons: Counter[str] = Counter()
        self.lines: list[int] = []
        self.pair = ""
        self._comma = decimal_comma
        self.stated = decimal
        self._factors: dict[str, float] = {}

    def number(self, text: str, line: int = 0) -> float:
        """Return a cell's number in the column's unit, or NaN, counted."""
        text = without_marks(text.strip())
        if self.stated is not None:
            text = ungrouped(text, self.stated)
        if self._comma and "," in text:
            text = text.replace(".", "").replace(",", ".")
        elif _THOUSANDS.match(text):
            text = text.replace(",", "")
        value = float_or_nan(text)
        if math.isnan(value):
            value = self._with_unit(text)
        if math.isnan(value) or math.isinf(value):
            if len(self.reasons) < 50 or missing_word(text) in self.reasons:
                self.reasons[missing_word(text)] += 1
            else:
                self.reasons["other text"] += 1
            if len(self.lines) < 5:
                self.lines.append(line)
            return math.nan
        return value

    def _with_unit(self, text: str) -> float:
        first = first_of_two(text)
        self.pair = self.pair or (text if first != text else "")
        match = _CELL.match(first) if len(text) <= LONGEST_CELL else None
        if match is None:
            return math.nan
        factor = self._factors.get(match[2])
        if factor is None:
            factor = self._factors[match[2]] = self._relative(match[2])
        return float(match[1]) * factor  # NaN where the unit does not fit

    def _relative(self, unit: str) -> float:
        """Return the factor from a cell's unit to the column's; the first cell's sets it where it is open."""
        if self.unit is None:
            self.unit = unit
            return 1.0
        if unit == self.unit:
            return 1.0
        mine, other = of_unit(self.unit), of_unit(unit)
        if mine is None or other is None or mine[0] != other[0]:
            return math.nan
        return other[1] / mine[1]


def unit_in_cells(texts: list[str]) -> str | None:
    """Return the unit that most cells of a column carry, or None."""
    short = [first_of_two(text.strip()) for text in texts if len(text) <= LONGEST_CELL]
    found = Counter(match[1] for text in short if (match := _ENDS_IN_UNIT.match(text)) is not None)
    filled = sum(bool(text.strip()) and not is_missing_word(text) for text in texts)
    if not found or sum(found.values()) * 2 < filled:
        return None
    unit = found.most_common(1)[0][0]
    return unit if of_unit(unit) is not None else None


def numbers(texts: Sequence[str], cells: Cells, lines: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the numbers of a column's cells; plain ones by the short way."""
    plain: Sequence[str] = texts
    if cells.unit is not None and texts and texts[0].endswith(cells.unit):
        tail = f" {cells.unit}"
        if all(text.endswith(tail) for text in texts):
            plain = [text[: -len(tail)] for text in texts]
    try:
        values = np.fromiter(map(float, plain), np.float64, len(plain))
    except ValueError:
        values = None
    if values is None or not np.isfinite(values).all() or "_" in "".join(plain) or cells.stated == "comma":
        return np.array(
            [cells.number(text, int(line)) for text, line in zip(texts, lines, strict=True)], np.float64
        )
    return values
