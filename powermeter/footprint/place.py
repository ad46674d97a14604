"""Where electricity is used: a country, a country and a region, or not known.

Accepted: `FRA`, `FR`, `France`; `USA-CA`, `US-CA`, `California`, `CAN-QC`, `Quebec`, `SWE-SE4`, `CHN-BJ`; a
cloud region (`aws:us-east-1`, `gcp:europe-west9`, `azure:westeurope`, or without its provider) is its
state or country.  A city is taken for its state or country only when asked: `city:London`.  A name of
two places, and a place without a grid here, is answered with a question, never with a guess.
Nordic zones come from codecarbon's data files when it is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import close_names, meant, nearest
from powermeter.footprint.place_names import (
    CITY,
    CLOUD_SHAPED,
    bundled_regions,
    cloud_regions,
    countries,
    country_spellings,
    known_regions,
    named_places,
    region_names,
)

from . import regional
from .factors import rows, table
from .gazetteer import gazetteer, spelled

_ZONE = re.compile(r"-?[a-f]$")
_TITLED = re.compile(r".*\((.+)\)")
_STATED = ("USA", "CAN")
"""Countries whose states people write behind a city: `Portland, OR`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A known place.

    Attributes:
        country: ISO 3166-1 alpha-3.
        region: Code of the region (`CA`, `SE4`, `QC`), or None for the whole country.
        name: As printed.
        note: What else the spelling could have meant, for printing beside the name.
    """

    country: str
    region: str | None
    name: str
    note: str = field(default="", compare=False)

    @property
    def code(self) -> str:
        """`USA-CA`."""
        return self.country if self.region is None else f"{self.country}-{self.region}"


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
    named = named_places().get(key)
    if named is not None and named.kind == "ask":
        raise ConfigurationError(f"{typed!r} is {_choices(named.places)}: write the code")
    code = country_spellings().get(key)
    if code is not None:
        return Place(code, None, countries()[code]["country"], _state_of_that_code(key))
    if named is not None and named.kind == "alias":
        return parse_place(named.places[0])
    cloud = _bare_cloud_region(key)
    if cloud is not None:
        return parse_place(cloud)
    try:
        in_country = _in_country(typed)
    except ConfigurationError:
        if not CLOUD_SHAPED.fullmatch(typed.casefold()):
            raise
        raise ConfigurationError(
            f"no cloud region {typed!r}; {nearest(typed, cloud_regions())}; or name its country"
        ) from None
    if in_country is not None:
        return in_country
    if key in region_names():
        return parse_place(region_names()[key])
    if named is not None and named.kind == "none":
        raise ConfigurationError(f"{typed!r}: {named.text}; or use --intensity with its g/kWh")
    borne = gazetteer().get(key)
    if borne is not None and borne.kind == "country":
        if not borne.places:
            raise ConfigurationError(
                f"{typed!r} has no carbon factor in the country table; use --intensity with its g/kWh"
            )
        return parse_place(borne.places[0])
    grids = _grids_of(key)
    if grids:
        raise ConfigurationError(_question(typed, grids, city=True))
    regions = _regions_called(key)
    if regions:
        raise ConfigurationError(f"{typed!r} is {_choices(regions)}: write the code")
    _ask_about_a_state(typed)
    titled = _TITLED.fullmatch(key)  # `Europe (Frankfurt)`
    if titled and _grids_of(titled[1]):
        raise ConfigurationError(_question(typed, _grids_of(titled[1])))
    raise ConfigurationError(f"no country {typed!r}, nor a region or cloud region; {_nearest(typed)}")


def _state_of_that_code(key: str) -> str:
    """Return what a two-letter country code also abbreviates: `for Georgia, United States, write USA-GA`."""
    if len(key) != 2:
        return ""
    return ", ".join(
        f"for {_region(country, key, key).name}, write {country}-{key.upper()}"
        for country in _STATED
        if key in bundled_regions()[country]
    )


def _bare_cloud_region(key: str) -> str | None:
    """Return the place of a cloud region without provider, as its title, or by one of its zones."""
    if len(key) <= 3:
        return None
    provider, found, region = key.partition(" ")
    if found and any(name.startswith(f"{provider}:") for name in cloud_regions()):  # `AWS eu-west-1`
        return cloud_regions().get(f"{provider}:{region.replace(' ', '')}")
    titled = _TITLED.fullmatch(key)  # `Iowa (us-central1)`
    for text in (key, *(titled.groups() if titled else ())):
        hyphened, joined = text.replace(" ", "-"), text.replace(" ", "")
        for name in (hyphened, joined, _ZONE.sub("", hyphened)):  # `East US` is Azure's title of eastus
            if name in cloud_regions():
                return cloud_regions()[name]
    return None


def _grids_of(key: str) -> tuple[str, ...]:
    """Return the grids of a city, or of a state or province that has none of its own here."""
    named, borne = named_places().get(key), gazetteer().get(key)
    of_table = named.places if named is not None and named.kind == "city" else ()
    of_gazetteer = borne.places if borne is not None and borne.kind != "country" else ()
    return tuple(dict.fromkeys((*of_table, *of_gazetteer)))


def _question(typed: str, grids: tuple[str, ...], city: bool = False) -> str:
    if len(grids) > 1:
        return f"{typed!r} is {_choices(grids)}: write the code"
    place = parse_place(grids[0])
    ask = f", or {CITY}{typed}" if city else ""
    return f"{typed!r} is not a grid of its own here: write {place.code} for {place.name}{ask}"


def _ask_about_a_state(typed: str) -> None:
    """Ask back `Portland, OR` and `San Francisco, CA`: the state, or the country of those letters.

    Raises:
        ConfigurationError: The last part is a state or province; the question.
    """
    head, found, tail = typed.rpartition(",")
    if not found:
        head, _, tail = typed.rpartition(" ")
    key = spelled(tail)
    states = {
        f"{country}-{bundled_regions()[country][key]}"
        for country in _STATED
        if key in bundled_regions()[country]
    }
    within = tuple(code for code in _grids_of(spelled(head)) if code in states)
    if within:
        raise ConfigurationError(_question(typed, within))
    country = country_spellings().get(key)
    if states and found:
        raise ConfigurationError(_question(typed, (*sorted(states), *([country] if country else []))))


def _regions_called(key: str) -> tuple[str, ...]:
    """Return the codes of regions typed without their country: `TX`, `ON`, `SE3`."""
    known = sorted({*bundled_regions(), *regional.COUNTRIES})
    found = {f"{country}-{known_regions(country)[key]}" for country in known if key in known_regions(country)}
    return tuple(sorted(found))


def _choices(codes: tuple[str, ...]) -> str:
    return " or ".join(f"{parse_place(code).name} ({code})" for code in codes)


def _city(name: str) -> Place:
    """Return the state or country of a city."""
    key = spelled(name)
    grids = _grids_of(key)
    if key in region_names() and grids in ((), (region_names()[key],)):  # Beijing has a grid of its own
        return parse_place(name)
    if key in country_spellings() and len(key) > 3:  # Singapore is its country
        return parse_place(name)
    if not grids:
        cities = [entry.name for entry in named_places().values() if entry.kind == "city"]
        cities += [entry.name for entry in gazetteer().values() if entry.kind != "country"]
        raise ConfigurationError(
            f"no city {name!r} is known here; {nearest(name, cities)}; or name its country"
        )
    if len(grids) > 1:
        raise ConfigurationError(_question(name, grids))
    place = parse_place(grids[0])
    named = named_places().get(key)
    spelling = named.name if named is not None else gazetteer()[key].name
    return Place(place.country, place.region, f"{place.name}, by {spelling}")


def _country_of(text: str) -> str | None:
    """Return the ISO code of a country's code or name, its aliases and other languages included."""
    key = spelled(text)
    code, named = country_spellings().get(key), named_places().get(key)
    if code is not None:
        return code
    if named is not None:
        return named.places[0] if named.kind == "alias" and len(named.places[0]) == 3 else None
    borne = gazetteer().get(key)
    return borne.places[0] if borne is not None and borne.kind == "country" and borne.places else None


def _in_country(typed: str) -> Place | None:
    """Return the place of `USA-CA`, `us_ca`, `Canada, Quebec` or `Quebec, Canada`; None where no part is a country.

    Raises:
        ConfigurationError: A part is a country, and the other is no region of it.
    """
    refused: ConfigurationError | None = None
    for separator in "-,/_ ":
        head, found, tail = typed.partition(separator)
        if not found:
            continue
        for country_text, region_text in ((head, tail), (tail, head)):
            code = _country_of(country_text)
            if code is None:
                continue
            if separator in "_ " and spelled(region_text) not in known_regions(code):
                continue  # `La Paz` is nothing of Laos
            try:
                return _region(code, region_text.strip(), typed)
            except ConfigurationError as error:
                refused = refused or error
    if refused is not None:
        if "," in typed:
            _ask_about_a_state(typed)
        raise refused
    return None


def _region(code: str, typed: str, whole: str) -> Place:
    regions = known_regions(code)
    region = regions.get(spelled(typed))
    named = named_places().get(spelled(typed))
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
        cloud = close_names(spelled(whole), cloud_regions(), cutoff=0.8)
        offer = meant(cloud) or nearest(typed, sorted(set(regions)))
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
    found: dict[str, str] = {spelled(code): code for code in countries()}
    found |= {spelled(row["country"]): row["country"] for row in countries().values()}
    found |= {
        spelled(row["name"]): f"{row['name']} ({row['geography']})" for row in rows("grid_carbon_regions")
    }
    found |= {
        key: entry.name for key, entry in named_places().items() if entry.kind == "alias" and len(key) > 3
    }
    found |= {key: f"{CITY}{entry.name}" for key, entry in named_places().items() if entry.kind == "city"}
    found |= {name: name for name in cloud_regions() if ":" not in name}
    return found


def _nearest(typed: str) -> str:
    if not typed:
        return nearest(typed, countries())
    elsewhere = {
        key: entry.name if entry.kind == "country" else f"{CITY}{entry.name}"
        for key, entry in gazetteer().items()
        if entry.places
    }
    for offered in (_offered(), elsewhere):
        cutoff = 0.6 if len(typed) <= 4 else 0.7
        hits = close_names(spelled(typed), offered, most=3, cutoff=cutoff)
        if hits:
            return meant(dict.fromkeys(offered[hit] for hit in hits))
    return "write an ISO code (FRA), a country, a state (USA-CA), a cloud region (aws:us-east-1) or city:NAME"


def all_places() -> list[Place]:
    """Return every country and region with a carbon factor, bundled or read from codecarbon's files."""
    found = [
        Place(code, None, row["country"])
        for code, row in countries().items()
        if ("grid.carbon", code) in table("grid_carbon")
    ]
    for country in sorted({*bundled_regions(), *regional.COUNTRIES}):
        seen = sorted(set(known_regions(country).values()))
        found += [parse_place(f"{country}-{region}") for region in seen]
    return found
