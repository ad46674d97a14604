"""Where electricity is used: a country, a country and a region, or not known.

A cloud region is a place by its country or state: `aws:us-east-1` is Virginia.

Accepted: `FRA`, `FR`, `France`, `USA-CA`, `US-CA`, `USA-california`, `SWE-SE4`, `CAN-alberta`, `CHN-BJ`.
Regions outside the bundled table come from codecarbon's data files when it is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from powermeter.errors import ConfigurationError

from . import regional
from .factors import nearest, rows, table


@dataclass(frozen=True, slots=True)
class Place:
    """A known place.

    Attributes:
        country: ISO 3166-1 alpha-3.
        region: Code of the region (`CA`, `SE4`, `alberta`), or None for the whole country.
        name: As printed.
    """

    country: str
    region: str | None
    name: str

    @property
    def code(self) -> str:
        """`USA-CA`."""
        return self.country if self.region is None else f"{self.country}-{self.region}"


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, str]]:
    """Return the rows of the country table by ISO code."""
    return {row["iso3"]: row for row in rows("grid_mix")}


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    spellings = {}
    for code, row in countries().items():
        for text in (code, row["iso2"], row["country"]):
            if text:
                spellings[text.casefold()] = code
    return spellings


@lru_cache(maxsize=1)
def _bundled_regions() -> dict[str, dict[str, str]]:
    """Country → spelling of a region → its code."""
    found: dict[str, dict[str, str]] = {}
    for row in rows("grid_carbon_regions"):
        country, _, region = row["geography"].partition("-")
        spelled = found.setdefault(country, {})
        spelled[region.casefold()] = region
        spelled[row["name"].casefold()] = region
    return found


def known_regions(country: str) -> dict[str, str]:
    """Return spelling → code of the regions of a country, bundled ones first."""
    extra = {region.casefold(): region for region in regional.regions(country)}
    return {**extra, **_bundled_regions().get(country, {})}


def parse_place(text: str) -> Place:
    """Return the place a user typed.

    Raises:
        ConfigurationError: No such country or region; the nearest spellings are offered.
    """
    typed = text.strip()
    if ":" in typed:
        typed = _cloud_region(typed)
    code = _spellings().get(typed.casefold())
    if code is not None:
        return Place(code, None, countries()[code]["country"])
    head, dash, tail = typed.partition("-")
    code = _spellings().get(head.strip().casefold())
    if code is None or not dash:
        names = [*countries(), *(row["country"] for row in countries().values())]
        raise ConfigurationError(f"no country {head.strip() or typed!r}; {nearest(head or typed, names)}")
    regions = known_regions(code)
    region = regions.get(tail.strip().casefold())
    if region is None:
        if not regions:
            raise ConfigurationError(
                f"no regions of {code} are known here; write {code} for the country"
                + ("" if regional.installed() else ", or install powermeter[carbon] for more regions")
            )
        raise ConfigurationError(
            f"no region {tail.strip()!r} in {code}; {nearest(tail.strip(), sorted(set(regions)))}"
        )
    name = next(
        (row["name"] for row in rows("grid_carbon_regions") if row["geography"] == f"{code}-{region}"), region
    )
    return Place(code, region, f"{name}, {countries()[code]['country']}")


def _cloud_region(typed: str) -> str:
    known = {row["region"]: row["place"] for row in rows("cloud_regions")}
    found = known.get(typed.casefold())
    if found is None:
        raise ConfigurationError(f"no cloud region {typed!r}; {nearest(typed, known)}; or name its country")
    return found


def all_places() -> list[Place]:
    """Return every country and region with a carbon factor, bundled or read from codecarbon's files."""
    found = [
        Place(code, None, row["country"])
        for code, row in countries().items()
        if ("grid.carbon", code) in table("grid_carbon")
    ]
    for country in sorted({*_bundled_regions(), *regional.COUNTRIES}):
        seen = sorted(set(known_regions(country).values()))
        found += [parse_place(f"{country}-{region}") for region in seen]
    return found
