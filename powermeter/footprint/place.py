"""Where electricity is used: a country, a country and a region, or not known.

Accepted: `FRA`, `FR`, `France`; `USA-CA`, `US-CA`, `California`, `CAN-QC`, `Quebec`, `SWE-SE4`, `CHN-BJ`; a
cloud region (`aws:us-east-1`, `gcp:europe-west9`, `azure:westeurope`, or without its provider) is its
state or country.  A city is taken for its state or country only when asked: `city:London`.  A name of
two places, and a place without a grid here, is answered with a question, never with a guess.
Nordic zones come from codecarbon's data files when it is installed.
"""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from powermeter.errors import ConfigurationError

from . import regional
from .factors import nearest, rows, table

CITY = "city:"


@dataclass(frozen=True, slots=True)
class Place:
    """A known place.

    Attributes:
        country: ISO 3166-1 alpha-3.
        region: Code of the region (`CA`, `SE4`, `QC`), or None for the whole country.
        name: As printed.
    """

    country: str
    region: str | None
    name: str

    @property
    def code(self) -> str:
        """`USA-CA`."""
        return self.country if self.region is None else f"{self.country}-{self.region}"


@dataclass(frozen=True, slots=True)
class _Named:
    """A row of the table of names: an alias, a city, a question, or a place without a grid here."""

    name: str
    kind: str
    places: tuple[str, ...]
    text: str


def spelled(text: str) -> str:
    """Return a spelling without case, accents, dots and doubled spaces, for comparing."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.replace("_", " ").replace(".", "").casefold().split())


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, str]]:
    """Return the rows of the country table by ISO code."""
    return {row["iso3"]: row for row in rows("grid_mix")}


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    found = {}
    for code, row in countries().items():
        for text in (code, row["iso2"], row["country"]):
            if text:
                found[spelled(text)] = code
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, _Named]:
    return {
        spelled(row["name"]): _Named(row["name"], row["kind"], tuple(row["place"].split()), row["text"])
        for row in rows("place_names")
    }


@lru_cache(maxsize=1)
def _bundled_regions() -> dict[str, dict[str, str]]:
    """Country → spelling of a region → its code."""
    found: dict[str, dict[str, str]] = {}
    for row in rows("grid_carbon_regions"):
        country, _, region = row["geography"].partition("-")
        known = found.setdefault(country, {})
        known[spelled(region)] = region
        known[spelled(row["name"])] = region
    return found


@lru_cache(maxsize=1)
def _region_names() -> dict[str, str]:
    """Full name of a bundled region → place code; names that are no region's own are left out."""
    return {spelled(row["name"]): row["geography"] for row in rows("grid_carbon_regions")}


@lru_cache(maxsize=1)
def _cloud_regions() -> dict[str, str]:
    """Region with and without its provider → place code; a bare name of two providers is left out."""
    found = {row["region"]: row["place"] for row in rows("cloud_regions")}
    bare: dict[str, set[str]] = {}
    for region, place in found.items():
        bare.setdefault(region.partition(":")[2], set()).add(place)
    return {**{name: places.pop() for name, places in bare.items() if len(places) == 1}, **found}


def known_regions(country: str) -> dict[str, str]:
    """Return spelling → code of the regions of a country, bundled ones first."""
    extra = {spelled(region): region for region in regional.regions(country)}
    return {**extra, **_bundled_regions().get(country, {})}


def parse_place(text: str) -> Place:
    """Return the place a user typed.

    Raises:
        ConfigurationError: No such place, or one of several; the nearest spellings or the choices are offered.
    """
    typed = text.strip()
    if spelled(typed).startswith(CITY):
        return _city(typed[len(CITY) :].strip())
    if ":" in typed:
        return parse_place(_cloud_region(typed))
    key = spelled(typed)
    named = _names().get(key)
    if named is not None and named.kind == "ask":
        raise ConfigurationError(f"{typed!r} is {_choices(named.places)}: write the code")
    code = _spellings().get(key)
    if code is not None:
        return Place(code, None, countries()[code]["country"])
    if named is not None and named.kind == "alias":
        return parse_place(named.places[0])
    for cloud in (key.replace(" ", "-"), key.replace(" ", "")):  # `East US` is Azure's title of eastus
        if cloud in _cloud_regions() and len(key) > 3:
            return parse_place(_cloud_regions()[cloud])
    in_country = _in_country(typed)
    if in_country is not None:
        return in_country
    if key in _region_names():
        return parse_place(_region_names()[key])
    if named is not None and named.kind == "city":
        place = parse_place(named.places[0])
        raise ConfigurationError(
            f"{typed!r} is not a grid of its own here: write {place.code} for {place.name}, or {CITY}{typed}"
        )
    if named is not None:
        raise ConfigurationError(f"{typed!r}: {named.text}; or use --intensity with its g/kWh")
    regions = _regions_called(key)
    if regions:
        raise ConfigurationError(f"{typed!r} is {_choices(regions)}: write the code")
    raise ConfigurationError(f"no country {typed!r}, nor a region or cloud region; {_nearest(typed)}")


def _regions_called(key: str) -> tuple[str, ...]:
    """Return the codes of regions typed without their country: `TX`, `ON`, `SE3`."""
    known = sorted({*_bundled_regions(), *regional.COUNTRIES})
    found = {f"{country}-{known_regions(country)[key]}" for country in known if key in known_regions(country)}
    return tuple(sorted(found))


def _choices(codes: tuple[str, ...]) -> str:
    return " or ".join(f"{parse_place(code).name} ({code})" for code in codes)


def _city(name: str) -> Place:
    """Return the state or country of a city."""
    key = spelled(name)
    named = _names().get(key)
    if key in _region_names() and (named is None or named.kind != "city"):  # Beijing has a grid of its own
        return parse_place(_region_names()[key])
    if key in _spellings() and len(key) > 3:  # Singapore is its country
        return parse_place(name)
    if named is None or named.kind != "city":
        cities = [entry.name for entry in _names().values() if entry.kind == "city"]
        raise ConfigurationError(
            f"no city {name!r} is known here; {nearest(name, cities)}; or name its country"
        )
    place = parse_place(named.places[0])
    return Place(place.country, place.region, f"{place.name}, by {named.name}")


def _in_country(typed: str) -> Place | None:
    """Return the place of `USA-CA`, `Canada, Quebec` or `Quebec, Canada`; None where no part is a country."""
    for separator in ("-", ","):
        head, found, tail = typed.partition(separator)
        if not found:
            continue
        for country_text, region_text in ((head, tail), (tail, head)):
            code = _spellings().get(spelled(country_text))
            named = _names().get(spelled(country_text))
            if code is None and named is not None and named.kind == "alias" and len(named.places[0]) == 3:
                code = named.places[0]
            if code is not None:
                return _region(code, region_text.strip(), typed)
    return None


def _region(code: str, typed: str, whole: str) -> Place:
    regions = known_regions(code)
    region = regions.get(spelled(typed))
    named = _names().get(spelled(typed))
    if region is None and named is not None and named.kind in ("alias", "city"):
        place = parse_place(named.places[0])
        if place.country == code and place.region is not None:
            if named.kind == "city":
                return _city(typed)
            return place
    if region is None:
        if not regions:
            raise ConfigurationError(
                f"no regions of {code} are known here; write {code} for the country"
                + ("" if regional.installed() else ", or install powermeter[carbon] for more regions")
            )
        cloud = difflib.get_close_matches(spelled(whole), _cloud_regions(), n=2, cutoff=0.8)
        offer = f"did you mean {', '.join(cloud)}?" if cloud else nearest(typed, sorted(set(regions)))
        raise ConfigurationError(f"no region {typed!r} in {code}; {offer}")
    name = next(
        (row["name"] for row in rows("grid_carbon_regions") if row["geography"] == f"{code}-{region}"), region
    )
    return Place(code, region, f"{name}, {countries()[code]['country']}")


def _cloud_region(typed: str) -> str:
    known = {row["region"]: row["place"] for row in rows("cloud_regions")}
    found = known.get(typed.casefold().replace(" ", ""))
    if found is None:
        raise ConfigurationError(f"no cloud region {typed!r}; {nearest(typed, known)}; or name its country")
    return found


@lru_cache(maxsize=1)
def _offered() -> dict[str, str]:
    """Spelling → what to offer for it."""
    found = {spelled(code): code for code in countries()}
    found |= {spelled(row["country"]): row["country"] for row in countries().values()}
    found |= {
        spelled(row["name"]): f"{row['name']} ({row['geography']})" for row in rows("grid_carbon_regions")
    }
    found |= {key: entry.name for key, entry in _names().items() if entry.kind == "alias" and len(key) > 3}
    found |= {key: f"{CITY}{entry.name}" for key, entry in _names().items() if entry.kind == "city"}
    found |= {name: name for name in _cloud_regions() if ":" not in name}
    return found


def _nearest(typed: str) -> str:
    offered = _offered()
    if not typed:
        return nearest(typed, countries())
    hits = difflib.get_close_matches(spelled(typed), offered, n=3, cutoff=0.6 if len(typed) <= 4 else 0.7)
    if hits:
        return f"did you mean {', '.join(dict.fromkeys(offered[hit] for hit in hits))}?"
    return "write an ISO code (FRA), a country, a state (USA-CA), a cloud region (aws:us-east-1) or city:NAME"


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
