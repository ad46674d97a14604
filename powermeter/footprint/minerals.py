"""Minerals tied up in a device: grams by element, which are critical in EU law, what ADPe sees of them.

    ADPe = Σ mass × characterisation factor           kg Sb eq

A mass is tied up, not consumed: it can be recovered.  Where nobody published a composition (boards,
microcontrollers) there is no number, and the report states so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.footprint.account_lines import AccountLine, Input
from powermeter.units import format_short

from .factors import Factor, rows, table

COMPOSITIONS = ("phone",)
CATHODES = ("lco", "nmc111", "nmc622", "nmc811", "nca")

_EU_ENTRY = {
    "Sb": "antimony",
    "As": "arsenic",
    "Al": "bauxite_alumina_aluminium",
    "Ba": "baryte",
    "Be": "beryllium",
    "Bi": "bismuth",
    "B": "boron",
    "Co": "cobalt",
    "Cu": "copper",
    "Ga": "gallium",
    "Ge": "germanium",
    "C": "graphite",
    "Hf": "hafnium",
    "Li": "lithium",
    "Mg": "magnesium",
    "Mn": "manganese",
    "Ni": "nickel",
    "Nb": "niobium",
    "P": "phosphorus",
    "Pt": "platinum_group_metals",
    "Pd": "platinum_group_metals",
    "Rh": "platinum_group_metals",
    "Ru": "platinum_group_metals",
    "Sc": "scandium",
    "Si": "silicon_metal",
    "Sr": "strontium",
    "Ta": "tantalum",
    "Ti": "titanium_metal",
    "W": "tungsten",
    "V": "vanadium",
    "Nd": "rare_earths_for_magnets",
    "Pr": "rare_earths_for_magnets",
    "La": "light_rare_earths",
    "Ce": "rare_earths_for_magnets",
    "Dy": "rare_earths_for_magnets",
    "Tb": "rare_earths_for_magnets",
    "Gd": "rare_earths_for_magnets",
    "Sm": "rare_earths_for_magnets",
    "Eu": "heavy_rare_earths",
    "Er": "heavy_rare_earths",
    "Ho": "heavy_rare_earths",
    "Tm": "heavy_rare_earths",
    "Yb": "heavy_rare_earths",
    "Lu": "heavy_rare_earths",
    "Y": "heavy_rare_earths",
    "Ir": "platinum_group_metals",
    "Os": "platinum_group_metals",
}
"""Element → entry of Annex II of Regulation (EU) 2024/1252."""


MINERALS_METHOD = "masses as built; cut-off: recycled content counts as primary metal, and recovery at the end of life earns no credit"
"""How recycling is counted: not at all, at either end."""


@dataclass(frozen=True, slots=True)
class Mineral:
    """One element in a device.

    Attributes:
        symbol, name: Of the element.
        mass: Grams in the device, with range.
        critical, strategic: In EU law.
        factor: kg Sb eq per kg; None where the method has none.
    """

    symbol: str
    name: str
    mass: Factor
    critical: bool
    strategic: bool
    factor: Factor | None

    @property
    def adpe_kg(self) -> float | None:
        """kg Sb eq of the central mass; None where the method has no factor."""
        return None if self.factor is None else self.mass.central / 1000 * self.factor.central


@lru_cache(maxsize=1)
def eu_list() -> Mapping[str, tuple[bool, bool]]:
    """Return (critical, strategic) by entry of the EU list."""
    return {
        row["material"]: (row["critical"] == "yes", row["strategic"] == "yes")
        for row in rows("eu_critical_materials")
    }


@lru_cache(maxsize=1)
def elements() -> Mapping[str, str]:
    """Return the name of every element of the method by symbol, those without a factor too."""
    return {row["id"].removeprefix("element."): row["note"] for row in rows("elements")}


def characterisation(symbol: str) -> Factor | None:
    """Return kg Sb eq per kg of an element; None where neither method has a factor.

    Raises:
        ConfigurationError: There is no such element in the list.
    """
    if symbol not in elements():
        raise ConfigurationError(f"no element {symbol!r}; {nearest(symbol, elements())}")
    return table("elements").get((f"element.{symbol}", "WLD"))


def mineral(symbol: str, mass: Factor) -> Mineral:
    """Return one element in a device."""
    found = characterisation(symbol)
    critical, strategic = eu_list().get(_EU_ENTRY.get(symbol, ""), (False, False))
    return Mineral(symbol, elements()[symbol], mass, critical, strategic, found)


def composition(device: str) -> list[Mineral]:
    """Return what a device is known to hold, the most ADPe first.

    Raises:
        ConfigurationError: Nobody published a composition of such a device.
    """
    prefix = f"material.{device}."
    found = [
        mineral(name.removeprefix(prefix), mass)
        for (name, _), mass in table("materials").items()
        if name.startswith(prefix)
    ]
    if not found:
        raise ConfigurationError(
            f"no published composition of {device}; known are {', '.join(COMPOSITIONS)}. "
            "A board's or a microcontroller's is not available"
        )
    return sorted(found, key=lambda item: -(item.adpe_kg or 0.0))


def cathode(chemistry: str, capacity_wh: float) -> list[Mineral]:
    """Return the metals of a lithium-ion cathode.

    Raises:
        ConfigurationError: The chemistry is not known, or the capacity is not above zero.
    """
    if chemistry not in CATHODES:
        raise ConfigurationError(f"no cathode {chemistry!r}; {nearest(chemistry, CATHODES)}")
    if not capacity_wh > 0:
        raise ConfigurationError(f"a battery of {capacity_wh:g} Wh holds nothing")
    prefix = f"cathode.{chemistry}."
    found = []
    for (name, _), rate in table("cathodes").items():
        if name.startswith(prefix):  # kg/kWh is g/Wh
            mass = Factor(
                name,
                "WLD",
                rate.low * capacity_wh,
                rate.central * capacity_wh,
                rate.high * capacity_wh,
                "g",
                rate.year,
                "mass in the cathode",
                rate.source,
                rate.provenance,
                rate.bounds,
                rate.note,
            )
            found.append(mineral(name.removeprefix(prefix), mass))
    return found


def adpe_of(minerals: list[Mineral], name: str = "making, elements") -> AccountLine:
    """Return ADPe of elements in kg Sb eq; those without a factor are left out and named.

    Raises:
        ConfigurationError: None of them has a factor.
    """
    seen = [item for item in minerals if item.factor is not None]
    if not seen:
        raise ConfigurationError("none of these elements has an ADPe factor")
    inputs: dict[str, Input] = {}
    for item in seen:
        inputs[f"g {item.symbol}"] = item.mass
        assert item.factor is not None
        inputs[f"CF {item.symbol}"] = item.factor

    def compute(x: Mapping[str, float]) -> float:
        return sum(x[f"g {item.symbol}"] / 1000 * x[f"CF {item.symbol}"] for item in seen)

    unseen = [item.symbol for item in minerals if item.factor is None]
    note = f"without a factor: {', '.join(unseen)}" if unseen else ""
    return AccountLine(name, "kg Sb eq", inputs, compute, "Σ mass × CF", "", note)


def as_rows(minerals: list[Mineral], share: float = 1.0) -> list[list[str]]:
    """Return table rows: element, grams (low to high), EU status, ADPe.

    Args:
        share: Of the device's life that is allocated; masses are tied up for that share, not consumed.
    """
    found = []
    for item in minerals:
        low, central, high = (value * share for value in (item.mass.low, item.mass.central, item.mass.high))
        law = "critical and strategic" if item.strategic else "critical" if item.critical else "not listed"
        seen = "no factor" if item.adpe_kg is None else f"{format_short(item.adpe_kg * share * 1e6)} mg Sb eq"
        span = "" if low == high else f" ({format_short(low, 2)} to {format_short(high, 2)})"
        found.append([item.name, f"{format_short(central)} g{span}", law, seen])
    return found
