"""Results as people read them: one prefix for value and half-width, digits as the interval allows.

Nothing is computed here.  A missing result is a dash, never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from powermeter.result import Grade, Result
from powermeter.units import format_duration, format_number, format_quantity

DASH = "–"
MARKS = {
    Grade.MEASURED: "●",
    Grade.DERIVED: "◐",
    Grade.ESTIMATED: "○",
    Grade.ASSUMED: "◌",
    Grade.SIMULATED: "△",
}
"""How a grade is drawn where a word does not fit."""

GRADE_TEXT = {
    Grade.MEASURED: "an instrument senses it",
    Grade.DERIVED: "computed from what is measured by a fixed rule",
    Grade.ESTIMATED: "a model stands where an instrument would",
    Grade.ASSUMED: "typed in or taken from a table",
    Grade.SIMULATED: "a program made it; no device drew it",
}

_STEPS = (
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
    (1e-15, "f"),
)
_SCALABLE = {"J", "C", "W", "A", "V", "Wh", "Ah", "s", "g CO2e", "L", "g Sb eq"}
_MORE_DIGITS_BELOW = 1.95


@dataclass(frozen=True, slots=True)
class Shown:
    """A result in print: `87.2` `0.5` `mJ`.

    Attributes:
        value: The number.
        half: Half of the 95 % interval, empty where it is exact or far from centred.
        span: `86.7 to 87.7`, for intervals that are not centred; empty otherwise.
        unit: With its prefix.
    """

    value: str
    half: str
    span: str
    unit: str

    @property
    def text(self) -> str:
        """`87.2 ± 0.5 mJ`, or `87.2 (70 to 120) mJ`, or `87.2 mJ`."""
        if self.half:
            return f"{self.value} ± {self.half} {self.unit}".rstrip()
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.value}{unit} ({self.span})" if self.span else f"{self.value}{unit}"

    @property
    def bare(self) -> str:
        """Value and unit only."""
        return f"{self.value} {self.unit}".rstrip()


NOTHING = Shown(DASH, "", "", "")


def show(result: Result | None, unit: str | None = None, factor: float = 1.0) -> Shown:
    """Return a result in print.

    Args:
        result: None where it is not known.
        unit: The unit to print after multiplying by `factor`; the result's own otherwise.
        factor: For example 1/3.6 for C to mAh.
    """
    if result is None or not math.isfinite(result.value):
        return NOTHING
    unit = result.unit if unit is None else unit
    value, low, high = (number * factor for number in (result.value, result.low, result.high))
    step, prefix = scale(max(abs(value), (high - low) / 2), unit)
    value, low, high = value / step, low / step, high / step
    unit = "" if unit == "1" else f"{prefix}{unit}"
    half = (high - low) / 2
    if not math.isfinite(half):
        return Shown(format_number(value, 3), "", f"{format_number(low, 3)} to no limit", unit)
    if half <= 0 or (value and half < abs(value) * 1e-9):
        return Shown(format_number(value, 4), "", "", unit)
    if abs((low + high) / 2 - value) > 0.1 * half:
        span = f"{format_number(low, 2)} to {format_number(high, 2)}"
        return Shown(format_number(value, 3 if half < 0.3 * abs(value) else 2), "", span, unit)
    decimals = decimals_of(half)
    return Shown(fixed(value, decimals), fixed(half, decimals), "", unit)


def scale(magnitude: float, unit: str) -> tuple[float, str]:
    """Return the step and the prefix that suit a magnitude in a unit; 1 and nothing for units without."""
    if unit not in _SCALABLE or not magnitude or not math.isfinite(magnitude):
        return 1.0, ""
    if unit == "s" and magnitude >= 1:
        return 1.0, ""
    return next((s for s in _STEPS if magnitude >= s[0] * 0.99995), _STEPS[-1])


def decimals_of(half: float) -> int:
    """Return the decimals that show a half-width to two digits (one from 2 to 9.9…); negative for tens."""
    magnitude = math.floor(math.log10(half))
    leading = half / 10.0**magnitude
    return -magnitude + (1 if leading < _MORE_DIGITS_BELOW else 0)


def fixed(value: float, decimals: int) -> str:
    """Return a number rounded to that many decimals (negative: to tens), thousands apart."""
    return f"{round(value, decimals):,.{max(0, decimals)}f}"


def seconds(value: float | None) -> str:
    """Return a latency: `12.3 ms`, `1.25 s`, `3 min 20 s`."""
    if value is None:
        return DASH
    return format_duration(value) if value >= 100 else format_quantity(value, "s", 3)


def size(value: int | None) -> str:
    """Return a size in memory: `123 MB`."""
    return format_quantity(None if value is None else float(value), "B", 3)


def percent(share: float | None, digits: int = 2) -> str:
    """Return a ratio in percent."""
    return DASH if share is None else f"{format_number(100 * share, digits)} %"


def footprint_amount(result: Result | None, digits: int = 2) -> Shown:
    """Return carbon, water or minerals in g CO2e, L or g Sb eq: low to high, few digits.

    Nothing is emitted backwards: an interval that reaches below 0 is printed from 0.
    """
    if result is None:
        return NOTHING
    factor, unit = {"kg Sb eq": (1000.0, "g Sb eq"), "g": (1.0, "g CO2e"), "L": (1.0, "L")}.get(
        result.unit, (1.0, result.unit)
    )
    value, low, high = (number * factor for number in (result.value, result.low, result.high))
    low = max(low, 0.0) if value > 0 else low
    step, prefix = scale(abs(value), unit)
    numbers = [format_number(number / step, digits) for number in (value, low, high)]
    span = "" if result.high <= result.low else f"{numbers[1]} to {numbers[2]}"
    return Shown(numbers[0], "", span, f"{prefix}{unit}")
