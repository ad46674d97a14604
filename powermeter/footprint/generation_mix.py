"""What a kilowatt-hour brings with it by the fuels it is generated from: carbon and water."""

from __future__ import annotations

from functools import lru_cache

from powermeter.errors import ConfigurationError
from powermeter.units import format_percent

from .factors import Factor, factor, origins
from .place_names import countries

FUELS = ("coal", "gas", "oil", "nuclear", "hydro", "solar", "wind", "bioenergy", "other_renewable")


def mix_of(country: str) -> dict[str, float]:
    """Return the generation shares of a country by fuel.

    Raises:
        ConfigurationError: There is no mix, or it does not sum to 1 within 2 %.
    """
    row = countries().get(country)
    if row is None:
        raise ConfigurationError(f"no generation mix for {country}")
    return check_mix({fuel: float(row[fuel]) for fuel in FUELS}, country)


def check_mix(shares: dict[str, float], what: str = "the mix") -> dict[str, float]:
    """Return shares back.

    Raises:
        ConfigurationError: A fuel is unknown, a share negative, or the sum is not 1 within 2 %.
    """
    unknown = sorted(set(shares) - set(FUELS))
    if unknown:
        raise ConfigurationError(f"{what}: no fuel {unknown[0]!r}; known are {', '.join(FUELS)}")
    if any(share < 0 for share in shares.values()):
        raise ConfigurationError(f"{what}: a share is negative")
    whole = sum(shares.values())
    if abs(whole - 1) > 0.02:
        raise ConfigurationError(f"{what}: shares sum to {whole:.3f}, not to 1")
    return {fuel: share / whole for fuel, share in shares.items()}


@lru_cache(maxsize=256)
def water_by_mix(country: str) -> Factor:
    return water_of_mix(mix_of(country), country)


_PLANT_OF = {
    "coal": "coal_pc",
    "gas": "gas_cc",
    "oil": "oil",
    "nuclear": "nuclear",
    "hydro": "hydro",
    "solar": "pv_utility",
    "wind": "wind_onshore",
    "bioenergy": "biomass_dedicated",
    "other_renewable": "geothermal",
}

MIX_SPREAD = 1.28
"""x/÷ of a carbon factor rebuilt from shares: 157 country grids come out with a mean error of 12 %."""


def carbon_of_mix(shares: dict[str, float], geography: str = "own mix") -> Factor:
    """Return life-cycle g/kWh from generation shares and AR5 medians.

    Raises:
        ConfigurationError: A fuel is unknown, a share negative, or they do not sum to 1.
    """
    grams = sum(
        share * factor("plant_carbon", f"plant.carbon.{_PLANT_OF[fuel]}").central
        for fuel, share in check_mix(dict(shares), geography).items()
    )
    return Factor(
        "grid.carbon",
        geography,
        grams / MIX_SPREAD,
        grams,
        grams * MIX_SPREAD,
        "g/kWh",
        2014,
        "lifecycle",
        origins()["ar5"],
        "D",
        "x/÷ 1.28: mean error 12 % on 157 grids",
        "generation mix × AR5 medians",
    )


def water_of_mix(shares: dict[str, float], geography: str) -> Factor:
    """Return litres consumed per kWh from generation shares and plant medians, cooling unknown.

    Range: x/÷ 2, and x/÷ 4 where more than half of the water is charged to reservoirs.

    Raises:
        ConfigurationError: The shares do not sum to 1.
    """
    shares = check_mix(dict(shares), geography)
    each = {
        fuel: share * factor("plant_water", f"plant.water.{fuel}.unknown", "USA").central
        for fuel, share in shares.items()
    }
    litres = sum(each.values())
    spread = 4.0 if litres and each.get("hydro", 0.0) > 0.5 * litres else 2.0
    return Factor(
        "grid.water",
        geography,
        litres / spread,
        litres,
        litres * spread,
        "L/kWh",
        2011,
        "consumption",
        origins()["nrel50900"],
        "D",
        f"x/÷ {spread:.0f}, judged",
        "generation mix × US plant medians, cooling unknown",
    )


_PLANTS = {
    "coal": ("coal", {"tower": "tower_generic", "once_through": "once_through", "pond": "pond"}),
    "gas": ("gas_cc", {"tower": "tower", "once_through": "once_through", "pond": "pond"}),
    "oil": ("gas_steam", {"tower": "tower", "once_through": "once_through"}),
    "nuclear": ("nuclear", {"tower": "tower", "once_through": "once_through", "pond": "pond"}),
    "bioenergy": ("biopower", {"tower": "tower_steam", "once_through": "once_through"}),
}


def withdrawal_of_mix(
    shares: dict[str, float], cooling: dict[str, dict[str, float]], geography: str
) -> Factor:
    """Return litres withdrawn per kWh; only with the cooling split, since systems differ 40 times.

    Args:
        shares: Generation by fuel.
        cooling: Thermal fuel → cooling system (`tower`, `once_through`, `pond`) → share.
        geography: Whose mix it is.

    Raises:
        ConfigurationError: A fuel or system has no figure, or shares do not sum to 1.
    """
    litres, mix = 0.0, check_mix(dict(shares), geography)
    missing = [fuel for fuel, share in mix.items() if share and fuel in _PLANTS and fuel not in cooling]
    if missing:
        parts = ", ".join(f"{fuel} ({format_percent(mix[fuel], 3)})" for fuel in missing)
        known = ", ".join(_PLANTS[missing[0]][1])
        raise ConfigurationError(
            f"withdrawal: the cooling of {parts} of {geography} is not given; write for example "
            f"{missing[0]} = {{ {known.partition(', ')[0]} = 1.0 }} (systems: {known})"
        )
    for fuel, share in mix.items():
        if fuel not in _PLANTS:  # wind and solar withdraw what they consume; reservoirs are counted there
            litres += share * factor("plant_water", f"plant.water.{fuel}.unknown", "USA").central
            continue
        if not share:
            continue
        split = cooling[fuel]
        if abs(sum(split.values()) - 1) > 0.02:
            raise ConfigurationError(f"withdrawal: the cooling of {fuel} does not sum to 1")
        plant, systems = _PLANTS[fuel]
        for system, part in split.items():
            if system not in systems:
                raise ConfigurationError(
                    f"withdrawal: no cooling {system!r} for {fuel}; known are {', '.join(systems)}"
                )
            name = f"plant.withdrawal.{plant}.{systems[system]}"
            litres += share * part * factor("plant_water", name, "USA").central
    return Factor(
        "grid.withdrawal",
        geography,
        litres / 2,
        litres,
        litres * 2,
        "L/kWh",
        2011,
        "withdrawal",
        origins()["nrel50900"],
        "D",
        "x/÷ 2, judged",
        "generation mix × US plant medians, cooling as given",
    )
