"""How a number with an interval looks, everywhere: two digits of the half-width, value and half-width rounded alike.

An interval that reaches 0 is printed as a bound, `at most 46 J`, and an open one as `at least 3.2 h`;
bounds are rounded outward.  What is not known is a dash, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from powermeter.units import format_number, prefix_of

DASH = "–"
_NOTHING = 1e-290  # no half-width of anything: scaled, it would leave the floats
_EXACT = 1e-9
"""A half-width below this share of the value is that of an exact number."""

_CENTRED = 0.1
"""Of the half-width: an interval whose middle lies farther from the value is printed by its ends."""

_SHORT = (1e-9, 1e12)
"""Numbers outside this range, prefix and all, get a power of ten; below it bounds and exact numbers do too."""

_CONSUMED = frozenset({"J", "Wh", "C", "Ah", "W", "A", "g CO2e", "L", "g Sb eq"})
"""Units of what is used up: what matters of a wide interval is its upper end."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number in print: `87.20` `0.51` `mJ`.

    Attributes:
        value: The number, or a bound with its words.
        half: Half of the 95 % interval; empty where it is exact, a bound or far from centred.
        span: `86.7 to 87.7`, for intervals that are not centred; empty otherwise.
        unit: With its prefix.
        ends: What `± half` or `span` reaches from and to, with the same digits; None without an interval.
    """

    value: str
    half: str = ""
    span: str = ""
    unit: str = ""
    ends: tuple[str, str] | None = None

    @property
    def text(self) -> str:
        """`87.20 ± 0.51 mJ`, `87 mJ (70 to 120)`, `87.2 mJ` or `at most 90 mJ`."""
        if self.half:
            return f"{self.value} ± {self.half} {self.unit}".rstrip()
        return f"{self.bare} ({self.span})" if self.span else self.bare

    @property
    def bare(self) -> str:
        """Value and unit only; a bound stays a bound."""
        return f"{self.value} {self.unit}".rstrip()

    def __str__(self) -> str:
        return self.text


UNKNOWN = Shown(DASH)


def format_interval(
    value: float,
    low: float,
    high: float,
    unit: str,
    *,
    signed: bool = False,
    plus: bool = False,
    central: bool = False,
    finest: float = math.inf,
) -> Shown:
    """Return a value with its interval in print.

    Args:
        value, low, high: In `unit`; `low` may be -inf and `high` inf.
        unit: A unit of `powermeter.units`, which gets a prefix, or any other text, which does not.
        signed: Whether it is a difference, so that an interval around 0 has two sides.
        plus: Whether a value above 0 wears its sign.
        central: Whether the value is known where its interval reaches 0, as the mean of repeats that differ is: `42 mJ (0 to 92)`.
        finest: A power of ten in `unit` to round to where it is finer than two digits of the half-width.
    """
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return UNKNOWN
    half, reaches = (high - low) / 2, _reaches_zero(value, low, high, unit, signed)
    if prints_bound(value, low, high, unit, signed=signed, central=central):
        return _bound(low, high, unit, signed)
    sign = "+" if plus and value > 0 else ""
    if half < _NOTHING or half < abs(value) * _EXACT:
        step, prefix = prefix_of(abs(value), unit)
        return Shown(sign + format_number(value / step, 4), unit="" if unit == "1" else f"{prefix}{unit}")
    step, prefix, power = _scale(max(abs(value), half), half, unit)
    value, low, high, half = value / step, low / step, high / step, half / step
    decimals = decimals_of(half)
    if finest < math.inf:
        decimals = max(decimals, math.ceil(math.log10(step / finest) - _EXACT))
    unit = "" if unit == "1" else f"{prefix}{unit}"
    shown, low_, high_ = (fixed(number, decimals) + power for number in (value, low, high))
    if reaches or abs((low + high) / 2 - value) > _CENTRED * half:
        return Shown(sign + shown, span=f"{low_} to {high_}", unit=unit, ends=(low_, high_))
    middle, half = round(value, decimals), round(half, decimals)
    low_, high_ = (fixed(end, decimals) + power for end in (middle - half, middle + half))
    return Shown(sign + shown, fixed(half, decimals) + power, unit=unit, ends=(low_, high_))


def printed_step(value: float, low: float, high: float, unit: str) -> float:
    """Return the step, in `unit`, that `format_interval` rounds a value with a half-width above 0 to."""
    half = (high - low) / 2
    step, _, _ = _scale(max(abs(value), half), half, unit)
    return step * 10.0 ** -decimals_of(half / step)


def _scale(magnitude: float, half: float, unit: str) -> tuple[float, str, str]:
    """Return the step, the prefix and, beyond all prefixes, the power of ten that suit a rounded magnitude."""
    step, prefix = prefix_of(magnitude * 0.99995, unit)  # by its value, not by that of four digits
    if round(magnitude / step, decimals_of(half / step)) >= 1000:
        step, prefix = prefix_of(1000 * step, unit)
    scaled = magnitude / step
    if _SHORT[0] <= scaled < _SHORT[1]:
        return step, prefix, ""
    power = math.floor(math.log10(scaled))
    return step * 10.0**power, prefix, f"e{power:+03d}"


def format_range(value: float, low: float, high: float, unit: str, digits: int = 2) -> Shown:
    """Return a value whose range is that of factors, each number with as many significant digits as they deserve."""
    if not all(map(math.isfinite, (value, low, high))):
        return UNKNOWN if not math.isfinite(high) else _bound(low, high, unit, False, digits)
    if low <= 0 < high:
        return _bound(low, high, unit, False, digits)
    step, prefix = prefix_of(float(f"{abs(value):.{digits - 1}e}"), unit)  # as printed: 996 µg are 1.0 mg
    numbers = [format_number(number / step, digits) for number in (value, low, high)]
    span = "" if high <= low else f"{numbers[1]} to {numbers[2]}"
    return Shown(numbers[0], span=span, unit=f"{prefix}{unit}")


def prints_bound(
    value: float, low: float, high: float, unit: str, *, signed: bool = False, central: bool = False
) -> bool:
    """Return whether `format_interval` prints one end of the interval instead of the value."""
    return math.isinf(high - low) or (not central and _reaches_zero(value, low, high, unit, signed))


def _reaches_zero(value: float, low: float, high: float, unit: str, signed: bool) -> bool:
    if signed or high <= 0 or low >= high:
        return False
    return low <= 0 or (unit in _CONSUMED and (high - low) / 2 > abs(value))


def _bound(low: float, high: float, unit: str, signed: bool, digits: int = 2) -> Shown:
    """Return the end of an interval that states something; a dash where neither does."""
    if math.isfinite(high):
        words, number, rounded = "at most", high, _rounded_up
    elif math.isfinite(low) and (low > 0 or signed):
        words, number, rounded = "at least", low, _rounded_down
    else:
        return UNKNOWN
    step, _ = prefix_of(abs(number), unit)
    number = rounded(number / step, digits) * step
    step, prefix = prefix_of(abs(number) * (1 + _EXACT), unit)  # as printed: 999.6 mJ are at most 1.0 J
    text = format_number(number / step, digits)
    return Shown(f"{words} {text}", unit="" if unit == "1" else f"{prefix}{unit}")


def _rounded_up(number: float, digits: int) -> float:
    if abs(number) < 1e-300:  # a step below it could not be divided by
        return number
    step = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits)
    steps = number / step
    return step * (round(steps) if abs(steps - round(steps)) < 1e-9 else math.ceil(steps))


def _rounded_down(number: float, digits: int) -> float:
    return -_rounded_up(-number, digits)


def decimals_of(half: float, digits: int = 2) -> int:
    """Return the decimals that show a half-width to some significant digits; negative for tens."""
    decimals = digits - 1 - math.floor(math.log10(half))
    grown = math.floor(math.log10(round(half, decimals)) + 1e-12)  # 0.996 has become 1.0
    return digits - 1 - grown


def fixed(value: float, decimals: int) -> str:
    """Return a number rounded to that many decimals (negative: to tens), thousands apart."""
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def repeats_differ(parts: Mapping[str, float]) -> bool:
    """Return whether most of an interval is how much repeats differ, each of which is known: their mean is not a bound."""
    repeats = sum(part * part for name, part in parts.items() if name.startswith("repeats:"))
    return repeats > 0.5 * sum(part * part for part in parts.values())
