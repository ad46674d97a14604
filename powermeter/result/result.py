"""A number that states how sure it is.

A `Result` is a value with its unit, a 95 % interval, a grade, and the signed standard-uncertainty contributions it is
made of.  Contributions are keyed by where they come from (`gain:vdd_in.power`); two results that share a key share that error,
so it cancels in a difference and adds in a sum, as the GUM (JCGM 100:2008, 5.2.2) has it for correlated inputs.

::

    >>> energy = Result.of(0.0872, "J", {"gain:shunt": 0.00026})
    >>> print(energy, energy / 8, f"{energy:mWh}")
    87.20 ± 0.51 mJ 10.900 ± 0.064 mJ 0.02422 ± 0.00014 mWh
    >>> energy < 0.1
    True
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from powermeter.result.arrays import one_by_one
from powermeter.result.formatting import Shown, format_interval, repeats_differ
from powermeter.result.grade import Grade, worst
from powermeter.units import unit_factor

COVERAGE_95 = 1.959963984540054
"""Coverage factor for 95 % of a normal distribution (GUM, annex G)."""
ROUNDING = "rounding:"
"""Begins the name of the part of readings that may be cut in place of rounded: 1.96 × it is how far the truth then lies on its side, never on the other."""


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """A value with unit, 95 % interval, grade and the parts of its uncertainty.

    It prints, adds, multiplies and divides like a number.  `result < limit` is True only where the
    whole interval lies below the limit, so that neither `<` nor `>` holds where that is not known.

    Attributes:
        value: In `unit`.
        unit: SI inside (`J`, `C`, `W`, `s`); anything else only where it is printed.
        low, high: The 95 % interval, in `unit`; not always centred (factors are skewed).  A bound has
            one side only: `low` is -inf or `high` is inf.
        grade: The worst grade of what went in.
        parts: Contribution name → signed standard uncertainty in `unit`.  The name is
            `kind:origin`; kinds are gain, offset, rounding, quantisation, step, noise, edges, clock, baseline,
            gaps, model, factor.  Equal names are the same error; different names are independent.
        signed: Whether it is a difference, for which 0 is a value like any other.
    """

    value: float
    unit: str
    low: float
    high: float
    grade: Grade = Grade.MEASURED
    parts: Mapping[str, float] = field(default_factory=dict)
    signed: bool = False

    @classmethod
    def of(
        cls,
        value: float,
        unit: str,
        parts: Mapping[str, float] | None = None,
        grade: Grade = Grade.MEASURED,
        coverage: float = COVERAGE_95,
    ) -> Result:
        """Return a result whose interval is value ± coverage × root-sum-square of its parts."""
        parts = dict(parts or {})
        half = coverage * math.sqrt(sum(part * part for part in parts.values()))
        return cls(value, unit, value - half, value + half, grade, parts)

    @classmethod
    def at_most(cls, high: float, unit: str, grade: Grade = Grade.ESTIMATED) -> Result:
        """Return what is only known not to exceed a limit; its value is the limit."""
        return cls(high, unit, -math.inf, high, grade)

    @classmethod
    def at_least(cls, low: float, unit: str, grade: Grade = Grade.ESTIMATED) -> Result:
        """Return what is only known not to fall below a limit; its value is the limit."""
        return cls(low, unit, low, math.inf, grade)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Return the result that `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: The data do not describe a result.
        """
        low, high = data["low"], data["high"]
        return cls(
            float(data["value"]),
            str(data["unit"]),
            -math.inf if low is None else float(low),
            math.inf if high is None else float(high),
            Grade(data["grade"]),
            {str(name): float(part) for name, part in data.get("parts", {}).items()},
            bool(data.get("signed", False)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, unrounded; an open end of the interval is None."""
        plain: dict[str, Any] = {
            "value": _finite(self.value),
            "low": _finite(self.low),
            "high": _finite(self.high),
            "unit": self.unit,
            "grade": self.grade.value,
            "parts": {name: _finite(part) for name, part in self.parts.items()},
        }
        return {**plain, "signed": True} if self.signed else plain

    @property
    def standard_uncertainty(self) -> float:
        """Root-sum-square of the parts; interval width / (2 × 1.96) where there are none."""
        if self.parts:
            return math.sqrt(sum(part * part for part in self.parts.values()))
        return (self.high - self.low) / (2 * COVERAGE_95)

    @property
    def half_width(self) -> float:
        """Half the width of the interval, in `unit`; inf for a bound."""
        return (self.high - self.low) / 2

    @property
    def is_bound(self) -> bool:
        """Whether one side of the interval is open."""
        return math.isinf(self.low) or math.isinf(self.high)

    @property
    def relative(self) -> float | None:
        """Half the interval's width over the value; None for a value of 0."""
        return self.half_width / abs(self.value) if self.value else None

    def by_kind(self) -> dict[str, float]:
        """Return the standard uncertainty of each kind of part, largest first, in `unit`."""
        squares: dict[str, float] = {}
        for name, part in self.parts.items():
            kind = name.partition(":")[0]
            squares[kind] = squares.get(kind, 0.0) + part * part
        ranked = sorted(squares.items(), key=lambda item: -item[1])
        return {kind: math.sqrt(square) for kind, square in ranked}

    def scaled(self, factor: float, unit: str | None = None) -> Result:
        """Return this result times an exact number, for example per inference or in Wh."""
        low, high = sorted((self.low * factor, self.high * factor))
        parts = {name: part * factor for name, part in self.parts.items()}
        return replace(
            self, value=self.value * factor, unit=unit or self.unit, low=low, high=high, parts=parts
        )

    def to(self, unit: str) -> Result:
        """Return this result in another unit of the same quantity, such as `mWh`, `uAh` or `min`.

        Raises:
            ValueError: The unit measures something else.
        """
        found, own = unit_factor(unit), unit_factor(self.unit) or (self.unit, 1.0)
        if found is None or found[0] != own[0]:
            raise ValueError(f"{self.unit} cannot be converted to {unit!r}")
        return self.scaled(own[1] / found[1], unit)

    def show(self, *, plus: bool = False, finest: float = math.inf) -> Shown:
        """Return value, half-width and unit as they are printed; `plus` signs what is above 0, `finest` is a step to round to at most."""
        how = {"signed": self.signed, "plus": plus, "central": repeats_differ(self.parts)}
        return format_interval(self.value, self.low, self.high, self.unit, **how, finest=finest)

    def __str__(self) -> str:
        return self.show().text

    def __repr__(self) -> str:
        return f"<Result {self}, {self.grade.value}>"

    def __format__(self, spec: str) -> str:
        """Print with the interval for an empty spec or a unit (`mWh`); the value alone for a float's spec."""
        if not spec:
            return str(self)
        try:
            return str(self.to(spec))
        except ValueError:
            return format(self.value, spec)

    def __float__(self) -> float:
        return float(self.value)

    def __hash__(self) -> int:
        return hash((self.value, self.unit, self.low, self.high, self.grade))

    def __neg__(self) -> Result:
        return replace(self.scaled(-1.0), signed=self.signed or self.is_bound)

    def __abs__(self) -> Result:
        """Return what it is without its sign; where the interval holds 0, from 0 to the farther end."""
        if self.low >= 0 or (self.is_bound and not self.signed and self.value >= 0):
            return self
        turned = self if self.value >= 0 else -self
        return replace(turned, low=max(0.0, turned.low), high=max(-turned.low, turned.high), signed=False)

    def __round__(self, digits: int = 0) -> Result:
        """Return it with its value rounded and its interval rounded outwards, so that it still holds what it held."""
        scale = 10.0**digits
        low = self.low if math.isinf(self.low) else round(math.floor(self.low * scale) / scale, digits)
        high = self.high if math.isinf(self.high) else round(math.ceil(self.high * scale) / scale, digits)
        return replace(self, value=round(self.value, digits), low=low, high=high)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return NotImplemented if method != "__call__" or options else one_by_one(ufunc, inputs)

    def __add__(self, other: Result) -> Result:
        return combine([(1.0, self), (1.0, other)]) if isinstance(other, Result) else NotImplemented

    def __radd__(self, other: float) -> Result:
        """Allow `sum(results)`, which begins with 0."""
        return self if other == 0 else NotImplemented

    def __sub__(self, other: Result) -> Result:
        return combine([(1.0, self), (-1.0, other)]) if isinstance(other, Result) else NotImplemented

    def __mul__(self, other: Result | float) -> Result:
        if isinstance(other, Result):
            return product(self, other, _product_unit(self.unit, other.unit))
        return NotImplemented if (number := _number(other)) is None else self.scaled(number)

    __rmul__ = __mul__

    def __truediv__(self, other: Result | float) -> Result:
        if isinstance(other, Result):
            return ratio(self, other, _ratio_unit(self.unit, other.unit))
        return NotImplemented if (number := _number(other)) is None else self.scaled(1 / number)

    def __rtruediv__(self, other: float) -> Result:
        if (number := _number(other)) is None:
            return NotImplemented
        return ratio(Result(number, "1", number, number, self.grade), self, _ratio_unit("1", self.unit))

    def __lt__(self, other: Result | float) -> bool:
        if isinstance(other, Result):
            return (self - other).high < 0
        return NotImplemented if (number := _number(other)) is None else self.high < number

    def __gt__(self, other: Result | float) -> bool:
        if isinstance(other, Result):
            return (self - other).low > 0
        return NotImplemented if (number := _number(other)) is None else self.low > number

    def __le__(self, other: Result | float) -> bool:
        if isinstance(other, Result):
            return (self - other).high <= 0
        return NotImplemented if (number := _number(other)) is None else self.high <= number

    def __ge__(self, other: Result | float) -> bool:
        if isinstance(other, Result):
            return (self - other).low >= 0
        return NotImplemented if (number := _number(other)) is None else self.low >= number


def _number(other: object) -> float | None:
    """Return a real number as a float, those of numpy too; None for anything else."""
    return float(other) if isinstance(other, Real) else None


def plain(result: Result | None) -> dict[str, Any] | None:
    """Return a result as plain values for JSON; None where there is none."""
    return None if result is None else result.to_dict()


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


_PRODUCTS = {
    ("W", "s"): "J",
    ("A", "s"): "C",
    ("V", "A"): "W",
    ("V", "C"): "J",
}


def _product_unit(left: str, right: str) -> str:
    if "1" in (left, right):
        return right if left == "1" else left
    return _PRODUCTS.get((left, right)) or _PRODUCTS.get((right, left)) or f"{left}·{right}"


def _ratio_unit(left: str, right: str) -> str:
    if left == right:
        return "1"
    if right == "1":
        return left
    for (one, other), whole in _PRODUCTS.items():
        if left == whole and right in (one, other):
            return other if right == one else one
    return f"{left}/{right}"


def combine(terms: Iterable[tuple[float, Result]]) -> Result:
    """Return the weighted sum of results of one unit, their shared errors kept (GUM 5.2.2, linear).

    Where an interval is wider than its parts explain (a coverage factor above 1.96, a skewed factor, a
    bound), the excess is carried on each side as an error of its own.

    Raises:
        ValueError: The results have different units, or there are none.
    """
    terms = list(terms)
    units = {result.unit for _, result in terms}
    if len(units) != 1:
        raise ValueError(f"cannot add results in {sorted(units)}")
    parts: dict[str, float] = {}
    below = above = 0.0
    for weight, result in terms:
        for name, part in result.parts.items():
            parts[name] = parts.get(name, 0.0) + weight * part
        low, high = _excess(result)
        down, up = (low, high) if weight >= 0 else (high, low)
        if weight:
            below, above = below + weight * weight * down, above + weight * weight * up
    value = sum(weight * result.value for weight, result in terms)
    found = Result.of(value, units.pop(), parts, worst(result.grade for _, result in terms))
    signed = any(weight < 0 or result.signed for weight, result in terms)
    return _widened(replace(found, signed=signed), below, above)


_LINEAR = 0.1
"""Relative half-width of a divisor up to which a ratio's interval is the first order's."""


def product(left: Result, right: Result, unit: str) -> Result:
    """Return left × right with first-order parts (GUM 5.1.2), their shared errors kept."""
    parts = {name: part * right.value for name, part in left.parts.items()}
    for name, part in right.parts.items():
        parts[name] = parts.get(name, 0.0) + part * left.value
    found = Result.of(left.value * right.value, unit, parts, worst((left.grade, right.grade)))
    found = _first_order(found, (left, right.value), (right, left.value))
    # Where both are rough the first order misses what the two errors make together, all of it at 0 × 0.
    both = left.half_width * right.half_width
    return _widened(found, both**2, both**2) if both > 0.1 * found.half_width else found


def ratio(left: Result, right: Result, unit: str = "1") -> Result:
    """Return left ÷ right with first-order parts; a common gain cancels.

    Raises:
        ZeroDivisionError: `right` is 0.
    """
    value = left.value / right.value
    parts = {name: part / right.value for name, part in left.parts.items()}
    for name, part in right.parts.items():
        parts[name] = parts.get(name, 0.0) - part * value / right.value
    found = Result.of(value, unit, parts, worst((left.grade, right.grade)))
    found = _first_order(found, (left, 1 / right.value), (right, -value / right.value))
    known = not (left.is_bound or right.is_bound)
    return _fieller(found, left, right) if known and (right.relative or 0.0) > _LINEAR else found


def _fieller(found: Result, left: Result, right: Result) -> Result:
    """Return a ratio with every x for which `left` − x × `right` may be 0 (Fieller 1954); over what may be 0 it has no upper end."""
    shared = COVERAGE_95**2 * sum(part * right.parts.get(name, 0.0) for name, part in left.parts.items())
    a, c = right.value**2 - right.half_width**2, left.value**2 - left.half_width**2
    if a <= 0:
        positive = left.low > 0 and right.value > 0 and not (left.signed or right.signed)
        return replace(found, low=left.low / right.high if positive else -math.inf, high=math.inf)
    b = left.value * right.value - shared
    root = math.sqrt(max(b * b - a * c, 0.0))
    return replace(found, low=(b - root) / a, high=(b + root) / a)


def _first_order(found: Result, *terms: tuple[Result, float]) -> Result:
    """Carry what the intervals of the terms hold beyond their parts, at the given slopes."""
    below = above = 0.0
    for result, slope in terms:
        low, high = _excess(result)
        down, up = (low, high) if slope >= 0 else (high, low)
        if slope:
            below, above = below + slope * slope * down, above + slope * slope * up
    return _widened(replace(found, signed=any(result.signed for result, _ in terms)), below, above)


def _excess(result: Result) -> tuple[float, float]:
    """Return the squares by which each side of an interval exceeds what 1.96 × its parts make."""
    stated = COVERAGE_95**2 * sum(part * part for part in result.parts.values())
    below, above = (result.value - result.low) ** 2 - stated, (result.high - result.value) ** 2 - stated
    # Rounding of the ends is not an excess.
    least = 1e-9 * stated + (1e-12 * result.value) ** 2 + 1e-14 * abs(result.value) * math.sqrt(stated)
    return (below if below > least else 0.0), (above if above > least else 0.0)


def _widened(result: Result, below: float, above: float) -> Result:
    """Return a result with squares added to each side of its interval."""
    if not below and not above:
        return result
    low, high = result.value - result.low, result.high - result.value
    return replace(
        result,
        low=result.value - math.sqrt(low * low + below),
        high=result.value + math.sqrt(high * high + above),
    )
