"""Which part of a device's making a workload answers for.

    by time:  M = E × (T_used / T_life) × share        (SCI: M = TE × TS × RS)
    by use:   M = E × (units now / units in a life)
    battery:  M = energy discharged × g per kWh of wear

Time share and battery wear are never both counted for the battery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import AccountLine, Input, Measured
from powermeter.result import Result
from powermeter.units import SECONDS_PER_YEAR

from .factors import USER, Factor, Publication, default, given


def by_time(
    line: AccountLine, used_s: float, life: Factor, share: float = 1.0, *, source: Publication = USER
) -> AccountLine:
    """Return the share of a making by reserved time.

    Args:
        line: The whole making.
        used_s: Time reserved for the workload.
        life: Years (or hours) in service.
        share: Resources reserved over resources of the device.
        source: Where the time is from.

    Raises:
        ConfigurationError: The life is not above zero, the share not within 0 to 1, or the time is negative.
    """
    seconds = {"y": SECONDS_PER_YEAR, "h": 3600.0}.get(life.unit)
    if seconds is None:
        raise ConfigurationError(f"a life in {life.unit!r}; it is in y or h")
    if life.low <= 0:
        raise ConfigurationError(f"a life of {life.central:g} {life.unit}: must be above zero")
    if not 0 < share <= 1:
        raise ConfigurationError(f"a resource share of {share:g}: must be above 0 and at most 1")
    if used_s < 0:
        raise ConfigurationError(f"a reserved time of {used_s:g} s: cannot be negative")
    inputs: dict[str, Input] = {
        **line.inputs,
        "T_used": replace(given("T_used", used_s, "s"), source=source),
        "T_life": life,
        "share": given("share", share, "1"),
    }

    def compute(x: Mapping[str, float]) -> float:
        return line.compute(x) * x["T_used"] / (x["T_life"] * seconds) * x["share"]

    return AccountLine(
        line.name,
        line.unit,
        inputs,
        compute,
        f"({line.formula}) × T_used / T_life × share",
        line.scope,
        "share of its life by time",
    )


def by_use(line: AccountLine, units: float, units_in_life: float) -> AccountLine:
    """Return the share of a making by functional units (inferences) delivered.

    Raises:
        ConfigurationError: The units are negative, or those of a life are not above zero.
    """
    if units < 0 or units_in_life <= 0:
        raise ConfigurationError(f"{units:g} of {units_in_life:g} units in a life cannot be allocated")
    inputs: dict[str, Input] = {
        **line.inputs,
        "units": given("units", units, "1"),
        "units_in_life": given("units_in_life", units_in_life, "1"),
    }

    def compute(x: Mapping[str, float]) -> float:
        return line.compute(x) * x["units"] / x["units_in_life"]

    return AccountLine(
        line.name,
        line.unit,
        inputs,
        compute,
        f"({line.formula}) × units / units_in_life",
        line.scope,
        "share of its life by use",
    )


def battery_wear(energy: Result, efficiency: float = 1.0) -> AccountLine:
    """Return the wear of the battery that delivered an energy, in g CO2e.

    Args:
        energy: At the rail, in J.
        efficiency: Between cells and rail.
    """
    if not 0 < efficiency <= 1:
        raise ConfigurationError(f"battery efficiency {efficiency:g}: must be above 0 and at most 1")
    inputs: dict[str, Input] = {
        "energy": Measured("energy", energy),
        "wear": default("battery.wear"),
        "efficiency": given("battery.efficiency", efficiency, "1"),
    }
    return AccountLine(
        "battery wear",
        "g",
        inputs,
        lambda x: x["energy"] / 3.6e6 / x["efficiency"] * x["wear"],
        "energy / efficiency × wear",
        "scope 3 category 2",
        "not to be added to a time share of the battery",
    )


def quotient(name: str, above: AccountLine, below: AccountLine, unit: str = "1") -> AccountLine:
    """Return one line over another, shared errors kept.

    Raises:
        ConfigurationError: The lower line is not above zero.
    """
    if below.value <= 0:
        raise ConfigurationError(f"{name}: {below.name} is not above zero, so there is no break-even")
    inputs: dict[str, Input] = {f"above {key}": item for key, item in above.inputs.items()}
    inputs.update({f"below {key}": item for key, item in below.inputs.items()})

    def compute(x: Mapping[str, float]) -> float:
        upper = above.compute({key: x[f"above {key}"] for key in above.inputs})
        return upper / below.compute({key: x[f"below {key}"] for key in below.inputs})

    return AccountLine(name, unit, inputs, compute, f"[{above.formula}] / [{below.formula}]")


def break_even(making: AccountLine, use_per_item: AccountLine) -> AccountLine:
    """Return after how many items the use equals the making."""
    return quotient("break-even", making, use_per_item)
