"""The names that places go by: codes, spellings, regions, and what clouds call them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from . import regional
from .factors import rows
from .gazetteer import spelled

CITY = "city:"

CLOUD_SHAPED = re.compile(r"[a-z]{2,}(-[a-z]+)*-(north|south|east|west|central)[a-z]*-?\d+[a-z]?")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A row of the table of names: an alias, a city, a question, or a place without a grid here."""

    name: str
    kind: str
    places: tuple[str, ...]
    text: str


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, str]]:
    """Return the rows of the country table by ISO code."""
    return {row["iso3"]: row for row in rows("grid_mix")}


@lru_cache(maxsize=1)
def country_spellings() -> dict[str, str]:
    found = {}
    for code, row in countries().items():
        for text in (code, row["iso2"], row["country"]):
            if text:
                found[spelled(text)] = code
    return found


def country_code(code: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an alpha-2 or alpha-3 code; None where it is neither."""
    return country_spellings().get(spelled(code)) if 2 <= len(code) <= 3 else None


@lru_cache(maxsize=1)
def named_places() -> dict[str, NamedPlace]:
    return {
        spelled(row["name"]): NamedPlace(row["name"], row["kind"], tuple(row["place"].split()), row["text"])
        for row in rows("place_names")
    }


@lru_cache(maxsize=1)
def bundled_regions() -> dict[str, dict[str, str]]:
    """Country → spelling of a region → its code."""
    found: dict[str, dict[str, str]] = {}
    for row in rows("grid_carbon_regions"):
        country, _, region = row["geography"].partition("-")
        known = found.setdefault(country, {})
        known[spelled(region)] = region
        known[spelled(row["name"])] = region
    return found


@lru_cache(maxsize=1)
def region_names() -> dict[str, str]:
    """Full name of a bundled region → place code; names that are no region's own are left out."""
    return {spelled(row["name"]): row["geography"] for row in rows("grid_carbon_regions")}


@lru_cache(maxsize=1)
def cloud_regions() -> dict[str, str]:
    """Region with and without its provider → place code; a bare name of two providers is left out."""
    found = {row["region"]: row["place"] for row in rows("cloud_regions")}
    bare: dict[str, set[str]] = {}
    for region, place in found.items():
        bare.setdefault(region.partition(":")[2], set()).add(place)
    return {**{name: places.pop() for name, places in bare.items() if len(places) == 1}, **found}


def known_regions(country: str) -> dict[str, str]:
    """Return spelling → code of the regions of a country, bundled ones first."""
    extra = {spelled(region): region for region in regional.regions(country)}
    return {**extra, **bundled_regions().get(country, {})}
