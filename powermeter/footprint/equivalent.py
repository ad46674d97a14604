"""Everyday equivalents, only when asked for, each with its assumption, source and year.

Published factors of one thing differ up to 1.8 times, so the sentence carries the factor.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.result import Result
from powermeter.units import format_number

from .factors import Factor, table
from .footprint_of_energy import Footprint

CARBON = ("phone_charge", "us_car_km", "eu_car_km", "train_km", "flight_km", "streaming_hour", "tree_year")
WATER = ("drop", "pint")


@dataclass(frozen=True)
class Equivalent:
    """How many of an everyday thing an amount is."""

    count: Result
    factor: Factor

    def line(self) -> str:
        """Return the sentence with its assumption."""
        item = self.factor
        span = "" if item.exact else f", published {item.low:g} to {item.high:g}"
        return (
            f"about {format_number(self.count.value, 2)} × {item.note} "
            f"(at {item.central:g} {item.unit}{span}; {item.source.title}, {item.year})"
        )


def equivalent(amount: Result, name: str) -> Equivalent:
    """Return one equivalent of a carbon amount in g or a water amount in L.

    Raises:
        ConfigurationError: There is no such thing, or it is of another unit.
    """
    found = table("equivalents").get((f"equivalent.{name}", _geography(name)))
    if found is None:
        raise ConfigurationError(f"no equivalent {name!r}; {nearest(name, names())}")
    scale = {("mL", "L"): 1000.0}.get((found.unit, amount.unit), 1.0 if found.unit == amount.unit else 0.0)
    if not scale:
        raise ConfigurationError(f"{name} is in {found.unit}, not in {amount.unit}")
    return Equivalent(amount.scaled(scale / found.central, "1"), found)


def _geography(name: str) -> str:
    return next((place for key, place in table("equivalents") if key == f"equivalent.{name}"), "WLD")


def names() -> list[str]:
    """Return the names of what there is."""
    return [key.removeprefix("equivalent.") for key, _ in table("equivalents")]


def of_footprint(whole: Footprint) -> list[str]:
    """Return the usual sentences for a footprint's carbon and water."""
    lines = [equivalent(whole.carbon, name).line() for name in CARBON[:3]]
    return [*lines, equivalent(whole.water, WATER[0]).line()]
