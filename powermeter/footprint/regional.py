"""Regional carbon factors out of an installed codecarbon's data files.

The files are found with `importlib.util.find_spec` and read as JSON: codecarbon is not imported, so none
of its look-ups, and none of its silent fall-backs (unknown country → world, unknown place → Quebec,
unknown region → country), can happen.  What is not in the files is not known.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from powermeter.errors import DataError

from .factors import Factor, Publication

COUNTRIES = ("CAN", "FIN", "NOR", "SWE")
"""Countries whose regions come from here; the US states and Chinese provinces are bundled."""

_FUELS_G_PER_KWH = {"coal": 995.725971, "petroleum": 816.6885263, "naturalGas": 743.8415916}
"""Combustion constants codecarbon applies to Canadian mixes; every other fuel counts as 0 there."""


def installed() -> bool:
    """Whether codecarbon's data files are there."""
    return data_folder() is not None


@lru_cache(maxsize=1)
def data_folder() -> Path | None:
    found = find_spec("codecarbon")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "data" / "private_infra"
    return folder if folder.is_dir() else None


@lru_cache(maxsize=8)
def read_factors(name: str) -> dict[str, Any]:
    folder = data_folder()
    if folder is None:
        return {}
    # The yearly folder is renamed with each edition: take the newest that holds the file.
    candidates = sorted(folder.glob(f"**/{name}"), reverse=True)
    if not candidates:
        return {}
    try:
        data = json.loads(candidates[0].read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{candidates[0]}: cannot be read as codecarbon's data ({error})") from error
    return data if isinstance(data, dict) else {}


def regions(country: str) -> list[str]:
    """Return the regions of a country that the files hold; none without codecarbon."""
    if country == "CAN":
        return sorted(read_factors("canada_energy_mix.json"))
    prefix = {"SWE": "SE", "NOR": "NO", "FIN": "FI"}.get(country)
    if prefix is None:
        return []
    return sorted(
        zone for zone in read_factors("nordic_emissions.json").get("data", {}) if zone.startswith(prefix)
    )


def carbon(country: str, region: str) -> Factor | None:
    """Return the carbon factor of a region, or None where the files have none.

    Raises:
        DataError: The entry is there and is not usable.
    """
    from importlib.metadata import PackageNotFoundError, version  # 2 MB, for few places

    try:
        edition = version("codecarbon")
    except PackageNotFoundError:
        return None
    origin = Publication(f"codecarbon {edition}, installed data files", 2026, "MIT", "https://codecarbon.io")
    try:
        if country == "CAN":
            mix = read_factors("canada_energy_mix.json").get(region)
            if mix is None:
                return None
            value = sum(mix[fuel] / mix["total"] * grams for fuel, grams in _FUELS_G_PER_KWH.items())
            basis, year = "combustion", 2023
            note = "combustion only: hydro, nuclear, wind and biomass count as 0"
        else:
            zone = read_factors("nordic_emissions.json").get("data", {}).get(region)
            if zone is None:
                return None
            value, year = float(zone["emission_factor"]), int(zone.get("year") or 0)
            basis = "lifecycle_partial"
            coverage = zone.get("coverage")
            note = (
                f"generation × codecarbon’s constants; covered {coverage}" if coverage else "no source given"
            )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise DataError(f"codecarbon {edition}, {country} {region}: {error!r} in its data file") from error
    return Factor(
        "grid.carbon",
        f"{country}-{region}",
        0.85 * value,
        value,
        1.2 * value,
        "g/kWh",
        year,
        basis,
        origin,
        "V",
        "0.85 and 1.2 x central, judged",
        note,
    )
