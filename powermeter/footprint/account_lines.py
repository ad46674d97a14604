"""How factor ranges and measurement uncertainty combine, and how each is distinguished from the other.

An `AccountLine` is one formula over named inputs.  Factors are log-normal (median central, sigma
ln(high / low) / 3.29), a measurement brings the parts of its own `Result`.  To first order in the
logarithms a line is log-normal with

    sigma² = Σ (∂ ln f / ∂ ln x_i)² sigma_i²

which is exact for products.  A total of several lines is matched to a log-normal by mean and variance
(Fenton 1960), factors that lines share counted once; its central value is the sum of the central
values, so that the lines of a report add up.  Where one of several lines is wider than `MATCHED_BELOW`
the match fails in its lower tail, and where a line bends over the width of an input (a sum of wide parts
is not a product) the first order fails: then the interval is that of `draw`, a Monte-Carlo run with a
fixed seed from the factors themselves.  So it is where a measurement may be zero, which no log-normal is;
what is used up never ends below zero, and a bound stays one.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from powermeter.result import COVERAGE_95, Grade, Result, combine, worst

from .factors import Factor

REACHES_ZERO_ABOVE = 0.51
"""Relative standard uncertainty of a measurement whose 95 % interval reaches zero: no longer log-normal."""

MATCHED_BELOW = 0.4
"""Standard deviation of a line's logarithm up to which a total is matched to a log-normal."""

BENDS_ABOVE = 0.03
"""Departure of a line's logarithm from a straight line, one sigma away, above which it is drawn instead."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured or otherwise found quantity as an input of a formula.

    Attributes:
        name: What it is: `energy`.
        result: The value with its parts.
    """

    name: str
    result: Result

    @property
    def central(self) -> float:
        """In the unit of the result."""
        return self.result.value

    @property
    def unit(self) -> str:
        """The unit of the result."""
        return self.result.unit

    def parts(self) -> Mapping[str, float]:
        """Return signed standard uncertainties; one nameless part where the result has an interval only.

        Where something else holds an interval narrower than its parts would make it, they are those of that interval.
        """
        if self.result.parts:
            narrower = self._narrower
            return (
                self.result.parts
                if narrower == 1.0
                else {name: narrower * part for name, part in self.result.parts.items()}
            )
        spread = self.result.standard_uncertainty
        return {f"measurement:{self.name}": spread} if spread else {}

    @property
    def standard_uncertainty(self) -> float:
        """Of the parts, as the interval holds them."""
        return self._narrower * self.result.standard_uncertainty

    @property
    def _narrower(self) -> float:
        """How far the longer side of the interval falls short of what the parts make; 1 where it does not, or is a bound."""
        found, reach = self.result, COVERAGE_95 * self.result.standard_uncertainty
        longer = max(found.high - found.value, found.value - found.low)
        return min(1.0, longer / reach) if reach and found.low > 0 and math.isfinite(longer) else 1.0


Input = Factor | Measured


@dataclass(frozen=True)
class AccountLine:
    """One line of an account: a formula and what goes in.

    Attributes:
        name: `use`, `making of the board`.
        unit: Of its value.
        inputs: Symbol → input, in the order they are printed.
        compute: The formula, over the same symbols; plain arithmetic, so that it takes arrays too.
        formula: The same for people.
        scope: Greenhouse Gas Protocol slot, where it has one.
    """

    name: str
    unit: str
    inputs: Mapping[str, Input]
    compute: Callable[[Mapping[str, Any]], float]
    formula: str
    scope: str = ""
    note: str = ""
    _cache: dict[str, Result] = field(default_factory=dict, compare=False, repr=False)

    @property
    def value(self) -> float:
        """With every input at its central value."""
        return float(self.compute({symbol: item.central for symbol, item in self.inputs.items()}))

    @property
    def grade(self) -> Grade:
        """The worst of the measurements; assumed as soon as a factor with a range is used."""
        grades = [
            item.result.grade if isinstance(item, Measured) else Grade.ASSUMED
            for item in self.inputs.values()
        ]
        return worst(grades)

    @property
    def reaches_zero(self) -> bool:
        """Whether a measurement is a bound, too uncertain, or not above zero, for the log-normal rule."""
        return any(
            isinstance(item, Measured)
            and (
                min(item.central, item.result.low) <= 0
                or item.standard_uncertainty > REACHES_ZERO_ABOVE * item.central
            )
            for item in self.inputs.values()
        )

    @property
    def bends(self) -> bool:
        """Whether the line is not a product over the widths of its factors, so that the first order fails."""
        centrals = {symbol: item.central for symbol, item in self.inputs.items()}
        value = self.compute(centrals)
        if not value > 0:
            return False
        departure = 0.0
        for symbol, item in self.inputs.items():
            if not isinstance(item, Factor) or not item.sigma:
                continue
            slope = self._slope(centrals, symbol) * item.central / value * item.sigma
            for sign in (1, -1):
                moved = self.compute({**centrals, symbol: item.central * math.exp(sign * item.sigma)})
                if not moved > 0:
                    return True
                departure += abs(math.log(moved / value) - sign * slope) / 2
        return departure > BENDS_ABOVE

    def parts(self) -> dict[str, float]:
        """Return signed standard uncertainties in `unit`, to first order, by origin."""
        centrals = {symbol: item.central for symbol, item in self.inputs.items()}
        parts: dict[str, float] = {}
        for symbol, item in self.inputs.items():
            slope = self._slope(centrals, symbol)
            if isinstance(item, Factor):
                if item.sigma:
                    parts[item.key] = parts.get(item.key, 0.0) + slope * item.central * item.sigma
            else:
                for name, part in item.parts().items():
                    parts[name] = parts.get(name, 0.0) + slope * part
        return {name: part for name, part in parts.items() if part}

    def _slope(self, centrals: dict[str, float], symbol: str) -> float:
        at = centrals[symbol]
        step = 1e-5 * abs(at) if at else 1e-9
        above = self.compute({**centrals, symbol: at + step})
        below = self.compute({**centrals, symbol: at - step})
        return float((above - below) / (2 * step))

    def result(self) -> Result:
        """Return its value with a 95 % interval."""
        if "total" not in self._cache:
            self._cache["total"] = total([self])
        return self._cache["total"]


def total(lines: Sequence[AccountLine]) -> Result:
    """Return the sum of lines with a 95 % interval.

    Raises:
        ValueError: There are no lines, or they have different units.
    """
    units = {line.unit for line in lines}
    if len(units) != 1:
        raise ValueError(f"cannot add lines in {sorted(units)}")
    values = [line.value for line in lines]
    each = [line.parts() for line in lines]
    parts: dict[str, float] = {}
    for one in each:
        for name, part in one.items():
            parts[name] = parts.get(name, 0.0) + part
    value, grade, unit = sum(values), worst(line.grade for line in lines), units.pop()
    if any(item < 0 for item in values) or not parts:
        return Result.of(value, unit, parts, grade)
    if value == 0 or any(line.reaches_zero for line in lines):
        return Result(value, unit, *_from_zero(lines), grade, parts)
    widest = max(_log_sigma(one, item) for one, item in zip(each, values, strict=True))
    if (len(lines) > 1 and widest > MATCHED_BELOW) or any(line.bends for line in lines):
        drawn = draw(lines)
        low, high = quantile(drawn, 0.025), quantile(drawn, 0.975)
    else:
        low, high = _matched(values, each)
    for name, result in _measured(
        lines
    ).items():  # a log-normal of its parts ends above a low end that is far
        low = min(low, sum(line.value for line in _at(lines, {name: result.low})))
        high = max(high, sum(line.value for line in _at(lines, {name: result.high})))
    return Result(value, unit, low, high, grade, parts)


def sum_of(results: Sequence[Result]) -> Result:
    """Return the sum of results that are not negative, as log-normals of the mean and variance of their sum.

    What they share counts once.  One that is zero for certain adds nothing.

    Raises:
        ValueError: There are no results, or they have different units.
    """
    units = {result.unit for result in results}
    if len(units) != 1:
        raise ValueError(f"cannot add {sorted(units)}")
    some = [result for result in results if result.value or result.high > 0]
    if len(some) < 2:
        return some[0] if some else results[0]
    if any(result.low <= 0 for result in some):  # no log-normal: the ends are added
        low, high = (sum(ends) for ends in zip(*((max(x.low, 0.0), x.high) for x in some), strict=True))
        return replace(combine([(1.0, result) for result in some]), low=low, high=high)
    if any(not result.parts for result in some):
        return combine([(1.0, result) for result in some])
    parts: dict[str, float] = {}
    for result in some:
        for name, part in result.parts.items():
            parts[name] = parts.get(name, 0.0) + part
    low, high = _matched([result.value for result in some], [result.parts for result in some])
    value, grade = sum(result.value for result in some), worst(result.grade for result in some)
    return Result(value, units.pop(), low, high, grade, parts)


def _matched(values: Sequence[float], parts: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """Return the 95 % interval of the log-normal with the mean and variance of the sum."""
    logs = [
        {name: part / value for name, part in one.items()} if value else {}
        for value, one in zip(values, parts, strict=True)
    ]
    means = [
        value * math.exp(sum(s * s for s in one.values()) / 2)
        for value, one in zip(values, logs, strict=True)
    ]
    mean = sum(means)
    if len(values) == 1:  # exact: no matching needed
        sigma, median = math.sqrt(sum(s * s for s in logs[0].values())), values[0]
    else:
        variance = 0.0
        for i, left in enumerate(logs):
            for j, right in enumerate(logs):
                shared = sum(s * right[name] for name, s in left.items() if name in right)
                variance += means[i] * means[j] * math.expm1(shared)
        sigma = math.sqrt(max(0.0, math.log1p(variance / (mean * mean))))
        median = mean * math.exp(-sigma * sigma / 2)
    return median * math.exp(-COVERAGE_95 * sigma), median * math.exp(COVERAGE_95 * sigma)


def _from_zero(lines: Sequence[AccountLine]) -> tuple[float, float]:
    """Return the 95 % interval of a total of what cannot be negative, where a measurement may be zero.

    It is drawn, a bound at its end, and holds the totals at both ends of each measurement alone.
    """
    measured = _measured(lines)
    bounds = {name: result for name, result in measured.items() if result.is_bound}
    floor = {name: max(result.low, 0.0) for name, result in bounds.items()}
    ceiling = {name: result.high for name, result in bounds.items()}
    lowest = _at(lines, floor)
    low = quantile(draw(lowest), 0.025)
    for name, result in measured.items():
        low = min(low, sum(line.value for line in _at(lowest, {name: max(result.low, 0.0)})))
    if any(math.isinf(result.high) for result in measured.values()):
        return low, math.inf
    highest = _at(lines, ceiling)
    high = quantile(draw(highest), 0.975)
    for name, result in measured.items():
        high = max(high, sum(line.value for line in _at(highest, {name: result.high})))
    return max(low, 0.0), high


def _measured(lines: Sequence[AccountLine]) -> dict[str, Result]:
    return {
        item.name: item.result
        for line in lines
        for item in line.inputs.values()
        if isinstance(item, Measured)
    }


def _at(lines: Sequence[AccountLine], exact: Mapping[str, float]) -> list[AccountLine]:
    """Return the lines with some measurements at exact values, by name."""

    def put(item: Input) -> Input:
        if isinstance(item, Factor) or item.name not in exact:
            return item
        value = exact[item.name]
        return Measured(item.name, Result(value, item.unit, value, value, item.result.grade))

    return [
        replace(line, inputs={symbol: put(item) for symbol, item in line.inputs.items()}, _cache={})
        for line in lines
    ]


def _log_sigma(parts: Mapping[str, float], value: float) -> float:
    return math.sqrt(sum(part * part for part in parts.values())) / value if value else 0.0


def draw(lines: Sequence[AccountLine], draws: int = 10_000, seed: int = 1) -> list[float]:
    """Return sorted Monte-Carlo totals: every distinct factor and every measured part drawn once a round.

    A name has the same draws in every call, so that a total never ends below one of its lines.
    """
    import numpy as np

    normals: dict[str, Any] = {}

    def normal(key: str) -> Any:
        if key not in normals:
            generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
            normals[key] = generator.standard_normal(draws)
        return normals[key]

    totals = np.zeros(draws)
    for line in lines:
        drawn: dict[str, Any] = {}
        for symbol, item in line.inputs.items():
            if isinstance(item, Factor):
                drawn[symbol] = (
                    item.central * np.exp(item.sigma * normal(item.key)) if item.sigma else item.central
                )
            else:
                drawn[symbol] = item.central
                for name, part in item.parts().items():
                    drawn[symbol] = drawn[symbol] + part * normal(name)
                if item.central >= 0:
                    drawn[symbol] = np.maximum(drawn[symbol], 0.0)  # none is used up below zero
        totals = totals + line.compute(drawn)
    return [float(value) for value in np.sort(totals)]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted numbers, interpolated."""
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def split_variance(result: Result) -> tuple[float, float]:
    """Return the relative standard uncertainty from measurement and that from factors."""
    if not result.value:
        return 0.0, 0.0
    factors = sum(part**2 for name, part in result.parts.items() if name.startswith("factor:"))
    measured = sum(part**2 for name, part in result.parts.items() if not name.startswith("factor:"))
    return math.sqrt(measured) / abs(result.value), math.sqrt(factors) / abs(result.value)


def largest(result: Result) -> str | None:
    """Return the largest contributor to the uncertainty: a factor's name, or what was measured in words; None where there is none."""
    if not result.parts:
        return None
    from powermeter.analysis.uncertainty import WORDS  # with numpy, which takes longer than a footprint

    key = max(result.parts.items(), key=lambda item: abs(item[1]))[0]
    kind, _, name = key.partition(":")
    if kind != "factor" and kind in WORDS:
        return WORDS[kind][0]
    # Nothing that names an instrument (` #…`) or a recording (` @ …`) is for people.
    plain = (name if kind == "factor" else key).partition(" #")[0].partition(" @ ")[0]
    return f"the factor {plain}" if kind == "factor" else plain


def factors_of(lines: Iterable[AccountLine]) -> list[Factor]:
    """Return the distinct factors of some lines in order of first use."""
    found: dict[tuple[str, float], Factor] = {}
    for line in lines:
        for item in line.inputs.values():
            if isinstance(item, Factor):
                found.setdefault((item.key, item.central), item)
    return list(found.values())
