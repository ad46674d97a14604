"""A number that says how sure it is.

A `Result` is a value with its unit, a 95 % interval, a grade, and the signed standard-uncertainty
contributions it is made of.  Contributions are keyed by where they come from (`gain:vdd_in.power`);
two results that share a key share that error, so it cancels in a difference and adds in a sum, as
the GUM (JCGM 100:2008, 5.2.2) has it for correlated inputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

COVERAGE_95 = 1.959963984540054
"""Coverage factor for 95 % of a normal distribution (GUM, annex G)."""


class Grade(str, Enum):
    """How a number came to be; ordered from best to worst."""

    MEASURED = "measured"  # an instrument senses the quantity itself
    DERIVED = "derived"  # computed from measured ones and a fixed rule (nominal voltage, rail sum)
    ESTIMATED = "estimated"  # a model stands where an instrument would (load × rated power)
    ASSUMED = "assumed"  # typed in or taken from a table, never observed here
    SIMULATED = "simulated"  # a program stands where an instrument would; nothing was powered

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _GRADE_ORDER.index(self)


_GRADE_ORDER = tuple(Grade)


def worst(grades: Iterable[Grade]) -> Grade:
    """Return the worst of some grades; `MEASURED` when there are none."""
    return max(grades, key=lambda grade: grade.rank, default=Grade.MEASURED)


@dataclass(frozen=True, slots=True)
class Result:
    """A value with unit, 95 % interval, grade and the parts of its uncertainty.

    Attributes:
        value: In `unit`.
        unit: SI inside (`J`, `C`, `W`, `s`); anything else only where it is printed.
        low, high: The 95 % interval, in `unit`; not always centred (factors are skewed).
        grade: The worst grade of what went in.
        parts: Contribution name → signed standard uncertainty in `unit`.  The name is
            `kind:origin`; kinds are gain, offset, quantisation, noise, edges, clock, baseline,
            gaps, model, factor.  Equal names are the same error; different names are independent.
    """

    value: float
    unit: str
    low: float
    high: float
    grade: Grade = Grade.MEASURED
    parts: Mapping[str, float] = field(default_factory=dict)

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

    @property
    def standard_uncertainty(self) -> float:
        """Root-sum-square of the parts, or a quarter of the interval's width over 0.98 where there are none."""
        if self.parts:
            return math.sqrt(sum(part * part for part in self.parts.values()))
        return (self.high - self.low) / (2 * COVERAGE_95)

    @property
    def relative(self) -> float | None:
        """Half the interval's width over the value; None for a value of 0."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else None

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

    def __add__(self, other: Result) -> Result:
        return combine([(1.0, self), (1.0, other)])

    def __sub__(self, other: Result) -> Result:
        return combine([(1.0, self), (-1.0, other)])


def combine(terms: Iterable[tuple[float, Result]]) -> Result:
    """Return the weighted sum of results of one unit, their shared errors kept (GUM 5.2.2, linear).

    Raises:
        ValueError: The results have different units, or there are none.
    """
    terms = list(terms)
    units = {result.unit for _, result in terms}
    if len(units) != 1:
        raise ValueError(f"cannot add results in {sorted(units)}")
    parts: dict[str, float] = {}
    for weight, result in terms:
        for name, part in result.parts.items():
            parts[name] = parts.get(name, 0.0) + weight * part
    value = sum(weight * result.value for weight, result in terms)
    return Result.of(value, units.pop(), parts, worst(result.grade for _, result in terms))


def product(left: Result, right: Result, unit: str) -> Result:
    """Return left × right with first-order parts (GUM 5.1.2), their shared errors kept."""
    parts = {name: part * right.value for name, part in left.parts.items()}
    for name, part in right.parts.items():
        parts[name] = parts.get(name, 0.0) + part * left.value
    return Result.of(left.value * right.value, unit, parts, worst((left.grade, right.grade)))


def ratio(left: Result, right: Result, unit: str = "1") -> Result:
    """Return left ÷ right with first-order parts; a common gain cancels.

    Raises:
        ZeroDivisionError: `right` is 0.
    """
    value = left.value / right.value
    parts = {name: part / right.value for name, part in left.parts.items()}
    for name, part in right.parts.items():
        parts[name] = parts.get(name, 0.0) - part * value / right.value
    return Result.of(value, unit, parts, worst((left.grade, right.grade)))
