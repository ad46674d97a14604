"""A footprint in words: totals with their intervals, warnings, scopes, the arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powermeter.footprint.account_lines import largest, split_variance
from powermeter.result import Result
from powermeter.result.formatting import Shown, format_range
from powermeter.units import format_percent, format_quantity

if TYPE_CHECKING:
    from .footprint_of_energy import Footprint

TITLES = {
    "carbon": "carbon",
    "water": "water consumed",
    "water_on_site": "water consumed on site",
    "water_withdrawal": "water withdrawn",
    "adpe": "minerals (ADPe)",
    "water_of_making": "fresh water of making (withdrawal-like, on its own)",
}
SCOPES = (
    "scopes: electricity is scope 2 of its user (grid losses scope 3 category 3) and scope 3 category 11 of the "
    "maker of what uses it; making is scope 3 category 2. The same kWh is never added up over them."
)
CANNOT_SEE = (
    "ADPe counts crustal scarcity of elements: gold, silver and tellurium lead it, while rare earths, "
    "rhodium, ruthenium and graphite have no factor and cobalt and lithium hardly count. "
    "It is not a measure of supply risk."
)


_SHOWN = {"kg Sb eq": (1000.0, "g Sb eq"), "L": (1.0, "L"), "g": (1.0, "g CO2e"), "kg": (1000.0, "g")}
"""Unit inside → factor to what is printed, and its unit."""


def amount(value: float | None, unit: str, digits: int = 2) -> str:
    """Return a footprint's number for people, in g, L or g Sb eq with a prefix."""
    factor, unit = _SHOWN.get(unit, (1.0, unit))
    return format_quantity(None if value is None else value * factor, unit, digits)


def shown(result: Result, digits: int = 2) -> Shown:
    """Return a footprint with its interval in print: low to high, few digits, a bound where it reaches 0."""
    return ranged(result.value, result.low, result.high, result.unit, digits)


def ranged(value: float, low: float, high: float, unit: str, digits: int = 2) -> Shown:
    """Return a footprint's number with its ends in print, in g CO2e, L or g Sb eq."""
    factor, unit = _SHOWN.get(unit, (1.0, unit))
    return format_range(value * factor, low * factor, high * factor, unit, digits)


def interval(result: Result, digits: int = 2) -> str:
    """Return `0.19 mg CO2e (0.15 to 0.25)`."""
    return shown(result, digits).text


def to_text(whole: Footprint, explain: bool = False) -> str:
    """Return the whole for people: totals, boundary, warnings, factors; the arithmetic where asked."""
    text = [*summary_lines(whole), "", "factors used:"]
    text += [f"  {item.describe()}" for item in whole.factors_used]
    if explain:
        text += ["", *explained(whole)]
    return "\n".join(text)


def summary_lines(whole: Footprint) -> list[str]:
    """Return the totals, the boundary and the warnings, a line each."""
    where = "unknown"
    if whole.place is not None:
        note = f"; {whole.place.note}" if whole.place.note else ""
        where = f"{whole.place.name} ({whole.place.code}{note})"
    lines = [f"WARNING: {text}" for text in whole.warnings]
    energy = str(whole.energy)
    lines.append(f"energy: {energy}, {whole.energy.grade.value}; {whole.boundary}")
    kind = whole.grid.carbon.basis
    kind = kind if "marginal" in kind or "average" in kind else f"{kind}, average"
    lines.append(f"place: {where}; carbon {kind}, location-based")
    graded = "" if whole.seen else f", of {whole.energy.grade.value} energy"
    for name, account in whole.accounts.items():
        result, digits = account.result, whole.digits(name)
        both = whole.water_consumed if "water_on_site" in whole.accounts else None
        title = TITLES.get(name, name)
        if name == "water" and both is not None:
            lines.append(f"{title}: {interval(both, digits)}{graded}")
            title = "  off site"
        elif name == "water_on_site":
            title = "  on site"
        lines.append(f"{title}: {interval(result, digits)}{graded}")
        if len(account.lines) > 1:
            for line in account.lines:
                scope = f" [{line.scope}]" if line.scope else ""
                lines.append(f"  {line.name}{scope}: {interval(line.result(), digits)}")
        measured, factors = split_variance(result)
        steps = {step: grams for step, grams in whole.carbon_steps().items() if grams}
        if name == "carbon" and len(steps) > 1:
            lines.append(
                "  electricity: " + ", ".join(f"{step} {amount(g, 'g', digits)}" for step, g in steps.items())
            )
        if name == "carbon" and result.parts:
            lines.append(
                f"  standard uncertainty: {format_percent(measured)} from the measurement, {format_percent(factors)} from factors; "
                f"largest: {largest(result)}"
            )
    if len(whole.accounts["carbon"].lines) > 1 and "water_of_making" not in whole.accounts:
        lines.append(
            "water of making: – (only --bill with water_l of its parts states it; not in the water above)"
        )
    if "water_on_site" not in whole.accounts:
        lines.append(
            "water on site: "
            + ("– (a data centre: state its WUE)" if whole.in_data_centre else "none at a device")
        )
    if "water_withdrawal" not in whole.accounts:
        lines.append("water withdrawn: – (needs the cooling systems; never added to consumption)")
    lines += [SCOPES, CANNOT_SEE]
    return lines


def explained(whole: Footprint) -> list[str]:
    """Return the arithmetic of every line, with the numbers put in."""
    text = ["the arithmetic (central values, 1 kWh = 3.6e6 J):"]
    for name, account in whole.accounts.items():
        for line in account.lines:
            text.append(f"{TITLES.get(name, name)}, {line.name} = {line.formula}")
            for symbol, item in line.inputs.items():
                shown = "" if item.unit == "1" else f" {item.unit}"
                text.append(f"    {symbol} = {item.central:.9g}{shown}")
            text.append(f"    = {line.value:.9g} {line.unit}")
        if len(account.lines) > 1:
            text.append(f"{TITLES.get(name, name)} = {account.result.value:.9g} {account.unit}")
    return text
