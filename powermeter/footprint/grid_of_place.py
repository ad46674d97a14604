"""What a kilowatt-hour of the grid brings with it: carbon, losses, water, by place.

An unknown place is never silently a country: it gets the world range, `grid.carbon,WLD` of `data/defaults.csv`, and states so.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.result.notes import Note
from powermeter.units import format_short

from . import regional
from .factors import Factor, default, factor, given, table
from .generation_mix import water_by_mix
from .place import Place

PLACE_UNKNOWN = "place-unknown"
"""The code of the note that no place is known."""
UNKNOWN_PLACE = "place unknown: world range used, good to one significant digit; name the place, for example FRA or USA-CA"
PLAUSIBLE_G_PER_KWH = (5.0, 2000.0)
"""Below it a table row is a rounding artefact or combustion only; above it nothing generates."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The factors of one place.

    Attributes:
        place: None where it is not known.
        carbon: g CO2e per kWh generated.
        losses: Share of generation lost on the way.
        water: Consumption off site, L per kWh.
        adpe: kg Sb eq per kWh.
        warnings: What a reader must know.
    """

    place: Place | None
    carbon: Factor
    losses: Factor
    water: Factor
    adpe: Factor
    warnings: tuple[Note, ...] = ()


def grid(place: Place | None, intensity: Factor | None = None) -> Grid:
    """Return the factors of a place.

    Args:
        place: Where, or None where it is not known.
        intensity: A carbon factor of the user's own, in place of the table's.

    Raises:
        ConfigurationError: The intensity is zero or implausible.
    """
    warnings: list[Note] = []
    if place is None:
        if intensity is None:
            warnings.append(Note.warning(PLACE_UNKNOWN, UNKNOWN_PLACE))
        else:
            warnings.append(
                Note.warning(
                    "losses-unknown",
                    "place unknown: world range for grid losses, and water where none is given; name the place",
                )
            )
        carbon = default("grid.carbon")
        losses = factor("grid_losses", "grid.losses")
        water = factor("grid_water", "grid.water")
    else:
        carbon = _carbon(place, warnings)
        found = table("grid_losses").get(("grid.losses", place.country))
        losses = found or factor("grid_losses", "grid.losses")
        if found is None:
            warnings.append(
                Note.warning("losses-unknown", f"no loss figure for {place.country}: world range 3.5 to 20 %")
            )
        water = water_factor(place.country)
    return Grid(
        place,
        check(intensity) if intensity else carbon,
        losses,
        water,
        default("electricity.adpe"),
        tuple(warnings),
    )


def check(intensity: Factor) -> Factor:
    """Return a user's carbon factor back.

    Raises:
        ConfigurationError: It is zero, negative or implausible.
    """
    if intensity.central <= 0:
        raise ConfigurationError(
            f"intensity {intensity.central:g} g/kWh: no grid is free of emissions; "
            "leave it out to use the table of the place"
        )
    if intensity.central > PLAUSIBLE_G_PER_KWH[1]:
        raise ConfigurationError(
            f"intensity {intensity.central:g} g/kWh is implausible (the worst grid is near 1300); "
            "lb/MWh times 0.45359237 is g/kWh"
        )
    return intensity


def intensity_of(
    grams_per_kwh: float, *, low: float | None = None, high: float | None = None, basis: str = "as given"
) -> Factor:
    """Return a carbon factor typed in by the user.

    Raises:
        ConfigurationError: It is zero, negative, implausible or not finite.
    """
    return check(given("grid.carbon", grams_per_kwh, "g/kWh", low=low, high=high, basis=basis))


def _carbon(place: Place, warnings: list[Note]) -> Factor:
    if place.region is not None:
        found = table("grid_carbon_regions").get(("grid.carbon", place.code))
        found = found or regional.carbon(place.country, place.region)
        if found is not None and found.central > 0:
            if found.central < PLAUSIBLE_G_PER_KWH[0]:
                warnings.append(
                    Note.warning(
                        "implausible-carbon",
                        f"{place.code}: {format_short(found.central, 2)} g/kWh is below any grid’s life cycle ({found.note})",
                    )
                )
            if found.basis.startswith(("direct", "combustion")):
                warnings.append(
                    Note.warning(
                        "direct-carbon",
                        f"{place.code} is {found.basis}: not to be ranked with life-cycle values",
                    )
                )
            return found
        warnings.append(
            Note.warning(
                "no-regional-carbon", f"{place.code} has no usable regional factor: the country’s is used"
            )
        )
    found = table("grid_carbon").get(("grid.carbon", place.country))
    if found is None:
        warnings.append(
            Note.warning(
                "no-carbon-factor",
                f"no usable carbon factor for {place.country} in the table. {UNKNOWN_PLACE}",
            )
        )
        return default("grid.carbon")
    if found.central < PLAUSIBLE_G_PER_KWH[0]:
        warnings.append(
            Note.warning(
                "implausible-carbon",
                f"{place.country}: {found.central:g} g/kWh is implausible. {UNKNOWN_PLACE}",
            )
        )
        return default("grid.carbon")
    if found.note and "tiny_grid" in found.note:
        warnings.append(
            Note.info("tiny-grid", f"{place.country}: a grid under 0.5 TWh, its factor comes in coarse steps")
        )
    return found


def water_factor(country: str) -> Factor:
    """Return the off-site water consumption of a country: WRI's printed value, or mix × technology."""
    found = table("grid_water").get(("grid.water", country))
    if found is not None:
        return found
    return water_by_mix(country)
