"""What a calibration found out about one channel, as a value: better = f(as recorded), with covariance.

The core applies corrections when a trace is read; `calibration/` makes them.  Raw codes are never
touched, so a later calibration can replace an earlier one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from powermeter.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TERMS = 4
"""A polynomial of more coefficients than this is refused: it would follow noise."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A polynomial correction of one channel, in the channel's SI unit.

    corrected = c₀ + c₁ x + c₂ x² …, where x is the value the channel's own scale and offset yield.

    Attributes:
        channel: The channel's name; may be `source/channel`.
        coefficients: c₀, c₁, … in SI.
        covariance: Of the coefficients, row by row; the fit's own uncertainty.
        low, high: The range of x that the calibration covered.
        reference_gain: Relative standard uncertainty of the reference, common to all points.
        reference_offset: The same as an absolute value in the channel's unit.
        temperature_slope: Change of the corrected value per degC, relative to it (0: not asked for).
        temperature_c: Temperature of the calibration, where known.
        temperature_channel: The channel that `temperature_slope` goes with.
        date: ISO date of the calibration.
        instrument: What it was calibrated against.
        shunt_ohm: The shunt in place then, where one is known.
        note: Free text.
    """

    channel: str
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    low: float
    high: float
    reference_gain: float = 0.0
    reference_offset: float = 0.0
    temperature_slope: float = 0.0
    temperature_c: float | None = None
    temperature_channel: str | None = None
    date: str = ""
    instrument: str = ""
    shunt_ohm: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        n = len(self.coefficients)
        if not 2 <= n <= MAX_TERMS:
            raise DataError(f"calibration of {self.channel}: {n} coefficients; 2 to {MAX_TERMS} are expected")
        if len(self.covariance) != n or any(len(row) != n for row in self.covariance):
            raise DataError(f"calibration of {self.channel}: the covariance is not {n} × {n}")
        numbers = [*self.coefficients, *(x for row in self.covariance for x in row), self.low, self.high]
        if not all(map(math.isfinite, numbers)):
            raise DataError(f"calibration of {self.channel}: a number is not finite")
        if self.coefficients[1] <= 0 or self.low > self.high:
            raise DataError(f"calibration of {self.channel}: gain not above zero, or an empty range")

    @property
    def gain(self) -> float:
        """Corrected change per change as recorded, at x = 0."""
        return self.coefficients[1]

    @property
    def offset(self) -> float:
        """The corrected value at x = 0, in the channel's unit."""
        return self.coefficients[0]

    def apply(self, values: NDArray[Any], temperature_c: NDArray[Any] | float | None = None) -> NDArray[Any]:
        """Return corrected values; `temperature_c` is used where the calibration has a slope."""
        result = values * self.coefficients[-1]
        for coefficient in self.coefficients[-2:0:-1]:
            result += coefficient
            result *= values
        result += self.coefficients[0]
        if self.temperature_slope and self.temperature_c is not None and temperature_c is not None:
            result = result * (1 + self.temperature_slope * (temperature_c - self.temperature_c))
        return result

    def uncertainty(self, x: float) -> float:
        """Return the standard uncertainty of the corrected value at x, the reference's share included."""
        powers = [x**k for k in range(len(self.coefficients))]
        fit = sum(
            powers[i] * powers[j] * self.covariance[i][j]
            for i in range(len(powers))
            for j in range(len(powers))
        )
        value = sum(c * p for c, p in zip(self.coefficients, powers, strict=True))
        return math.sqrt(
            max(fit, 0.0)
            + (self.reference_gain * value) ** 2
            + self.reference_offset**2
            + self.extrapolation(x) ** 2
        )

    def extrapolation(self, x: float) -> float:
        """Return the extra standard uncertainty outside the calibrated range, 0 inside.

        Taken as the correction's own size (how far gain and offset moved the value) times the
        distance outside over the range's width: nothing was seen there that states it goes on.
        """
        outside = max(self.low - x, x - self.high, 0.0)
        if not outside:
            return 0.0
        width = max(self.high - self.low, abs(self.high) * 0.1, 1e-30)
        moved = max(abs(self.coefficients[0] + (self.gain - 1) * edge) for edge in (self.low, self.high))
        return moved * min(outside / width, 10.0)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON or TOML, None left out; `from_dict` is its inverse."""
        plain = {name: value for name, value in asdict(self).items() if value is not None}
        plain["coefficients"] = list(self.coefficients)
        plain["covariance"] = [list(row) for row in self.covariance]
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Correction:
        """Rebuild a correction from plain values.

        Raises:
            DataError: A field is missing or of the wrong kind.
        """
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        missing = [f.name for f in fields(cls) if f.default is MISSING and f.name not in known]
        if missing:
            field, verb = ("the field", "is") if len(missing) == 1 else ("the fields", "are")
            raise DataError(
                f"this is not a calibration: {field} {', '.join(map(repr, missing))} {verb} missing"
            )
        try:
            known["channel"] = str(known["channel"])
            known["coefficients"] = tuple(_numbers(known["coefficients"]))
            known["covariance"] = tuple(tuple(_numbers(row)) for row in known["covariance"])
            for name in ("low", "high", "reference_gain", "reference_offset", "temperature_slope"):
                if name in known:
                    known[name] = float(known[name])
            return cls(**known)
        except (TypeError, ValueError) as error:
            raise DataError(f"this is not a calibration: {error}") from None


def _numbers(values: Sequence[Any]) -> list[float]:
    if isinstance(values, str) or len(values) > MAX_TERMS:
        raise ValueError("a list of numbers is expected")
    return [float(value) for value in values]
