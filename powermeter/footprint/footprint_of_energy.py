"""The footprint of an amount of electricity: carbon, water and minerals, each with its interval.

    carbon = E / eta / (1 - losses) × intensity          g CO2e
    water  = E / eta / (1 - losses) × EWIF (+ E × WUE)    L consumed, off site (+ on site)
    ADPe   = E / eta / (1 - losses) × ADPe of electricity  kg Sb eq

In a data centre PUE stands in the place of 1 / eta (Li et al. 2023: W = E (WUE + PUE × EWIF)).  What
was made rather than used is added by `embodied`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import AccountLine, Input, Measured, factors_of, split_variance, total
from powermeter.footprint.charging import parse_chain
from powermeter.result import Grade, Result
from powermeter.result.notes import Note
from powermeter.units import format_percent, format_short

from .factors import Factor
from .generation_mix import mix_of, withdrawal_of_mix
from .grid_of_place import Grid, grid
from .place import Place, parse_place

J_PER_KWH = 3.6e6


@dataclass(frozen=True)
class Account:
    """One kind of footprint: lines of one unit and their total."""

    name: str
    unit: str
    lines: tuple[AccountLine, ...]

    @property
    def result(self) -> Result:
        """The total with its 95 % interval."""
        return total(self.lines) if len(self.lines) != 1 else self.lines[0].result()

    @property
    def factors(self) -> list[Factor]:
        """The factors of its lines."""
        return factors_of(self.lines)


@dataclass(frozen=True)
class Footprint:
    """What an amount of electricity, and a share of the device, mean.

    Attributes:
        energy: As it was given, in J.
        grid: The factors of the place.
        accounts: Name (`carbon`, `water`, `adpe`, and where known `water_on_site`,
            `water_withdrawal`) → lines.  They are never added to each other.
        boundary: Where the energy was counted and what was added, in words.
        warnings: What a reader must know; an unknown place is one.
    """

    energy: Result
    grid: Grid
    accounts: Mapping[str, Account]
    boundary: str
    warnings: tuple[Note, ...] = ()

    @property
    def place(self) -> Place | None:
        """None where it is not known."""
        return self.grid.place

    @property
    def carbon(self) -> Result:
        """Greenhouse gases in g CO2e."""
        return self.accounts["carbon"].result

    @property
    def water(self) -> Result:
        """Water consumed at power stations (off site) and in making, in L."""
        return self.accounts["water"].result

    @property
    def water_consumed(self) -> Result | None:
        """Water consumed off site and on site together, in L; None where on site is not known (a data centre)."""
        on_site = self.accounts.get("water_on_site")
        if on_site is not None:
            return total([*self.accounts["water"].lines, *on_site.lines])
        return None if self.in_data_centre else self.water

    @property
    def water_on_site(self) -> Result | None:
        """Water consumed where the energy is used, in L: a device evaporates none, a data centre without WUE is None."""
        account = self.accounts.get("water_on_site")
        if account is not None:
            return account.result
        return None if self.in_data_centre else Result(0.0, "L", 0.0, 0.0, Grade.ASSUMED)

    @property
    def in_data_centre(self) -> bool:
        """Whether a PUE was applied."""
        return "PUE" in self.accounts["carbon"].lines[0].inputs

    @property
    def water_withdrawal(self) -> Result | None:
        """Water withdrawn, in L; None without the cooling systems, which differ 40 times."""
        account = self.accounts.get("water_withdrawal")
        return account.result if account else None

    @property
    def adpe(self) -> Result:
        """Abiotic depletion of elements in kg Sb eq."""
        return self.accounts["adpe"].result

    @property
    def factors_used(self) -> list[Factor]:
        """Every factor that went in, in order of first use."""
        return factors_of(line for account in self.accounts.values() for line in account.lines)

    def carbon_steps(self) -> dict[str, float]:
        """Return the electricity's g CO2e split: at the meter, charging or site, grid losses (central values)."""
        values = {symbol: item.central for symbol, item in self.accounts["carbon"].lines[0].inputs.items()}
        metered = values["energy"] / J_PER_KWH * values["intensity"]
        plug = metered * values.get("PUE", 1.0) / values.get("chain", 1.0)
        lost = plug / (1 - values.get("losses", 0.0)) - plug
        return {"at the meter": metered, "charging, adapter or site": plug - metered, "grid losses": lost}

    @property
    def seen(self) -> bool:
        """Whether an instrument saw the energy, or it follows from what one saw."""
        return self.energy.grade in (Grade.MEASURED, Grade.DERIVED)

    def digits(self, account: str) -> int:
        """Return the significant digits worth printing: 1 where the place is not known, otherwise 2."""
        used = factors_of(self.accounts[account].lines)
        world = any(
            item.name in ("grid.carbon", "grid.water", "electricity.adpe")
            and item.geography == "WLD"
            and item.provenance != "U"
            for item in used
        )
        return 1 if world and (self.place is None or account != "adpe") else 2

    def record(self) -> dict[str, Any]:
        """Return unrounded values for JSON."""
        entries: dict[str, Any] = {}
        for name, account in self.accounts.items():
            entries[name] = {
                **_plain(account.result),
                "lines": [
                    {"name": line.name, "scope": line.scope, "formula": line.formula, **_plain(line.result())}
                    for line in account.lines
                ],
            }
        return {
            "energy": _plain(self.energy),
            "energy_grade": self.energy.grade.value,
            "place": self.place.code if self.place else None,
            "boundary": self.boundary,
            "water_withdrawal": None,
            "water_consumed": None if self.water_consumed is None else _plain(self.water_consumed),
            "water_on_site": None if self.water_on_site is None else _plain(self.water_on_site),
            **entries,
            "carbon_steps_g": self.carbon_steps(),
            "warnings": list(self.warnings),
            "factors": [item.record() for item in self.factors_used],
        }


def _plain(result: Result) -> dict[str, Any]:
    measured, factors = split_variance(result)
    return {
        **result.to_dict(),
        "relative_from_measurement": measured,
        "relative_from_factors": factors,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Factors of electricity in place of the tables'.

    Attributes:
        carbon: g/kWh.
        water: L/kWh consumed.
        adpe: kg Sb eq/kWh.
    """

    carbon: Factor | None = None
    water: Factor | None = None
    adpe: Factor | None = None


@dataclass(frozen=True, slots=True)
class DataCentre:
    """Where the electricity is used, if not in a device, which has a chain instead.

    Attributes:
        pue: Energy of the site over energy of IT.
        wue: Water on site in L/kWh.
    """

    pue: Factor | None = None
    wue: Factor | None = None


def footprint(
    energy: Result,
    place: str | Place | None = None,
    *,
    chain: str | float | Factor | None = None,
    losses: bool = True,
    rates: Rates | None = None,
    centre: DataCentre | None = None,
    cooling: Path | Mapping[str, Mapping[str, float]] | None = None,
    making: Sequence[tuple[str, AccountLine]] = (),
) -> Footprint:
    """Return the footprint of an amount of electricity.

    Args:
        energy: Measured energy in J.
        place: `FRA`, `USA-CA`, …; None where it is not known, which is stated loudly.
        chain: Efficiency between plug and meter: a preset, a ratio, or None for a meter at the plug.
        losses: Whether grid losses are added; factors are per kWh generated.
        rates: Factors in place of the tables'.
        centre: The data centre's PUE and WUE; not for devices, which have a chain instead.
        cooling: Fuel → cooling system → share, where withdrawal is wanted, or the TOML file that has them.
        making: (account, line) pairs of `embodied`.

    Raises:
        ConfigurationError: The place, the chain or the intensity cannot be used, or PUE and chain are mixed.
    """
    if energy.unit != "J":
        raise ConfigurationError(f"a footprint is of energy in J, not of {energy.unit or 'a bare number'}")
    if not math.isfinite(energy.value) or energy.value < 0:
        raise ConfigurationError(
            f"energy of {energy.value:g} J: a negative or unknown energy has no footprint; "
            "was a baseline larger than the load subtracted?"
        )
    where = parse_place(place) if isinstance(place, str) else place
    rates, centre = rates or Rates(), centre or DataCentre()
    pue, wue = centre.pue, centre.wue
    factors = grid(where, rates.carbon)
    factors = replace(factors, water=rates.water or factors.water, adpe=rates.adpe or factors.adpe)
    efficiency = chain if isinstance(chain, Factor) else parse_chain(chain)
    if pue is not None and efficiency is not None:
        raise ConfigurationError("PUE is for data centres, a charging chain for devices: use one of them")
    lines: dict[str, list[AccountLine]] = {}
    use = _Use(energy, efficiency, pue, factors.losses if losses else None)
    lines["carbon"] = [use.line("electricity", "g", "intensity", factors.carbon, "scope 2")]
    lines["water"] = [use.line("electricity, off site", "L", "EWIF", factors.water)]
    if wue is not None:
        lines["water_on_site"] = [
            AccountLine(
                "cooling on site",
                "L",
                {"energy": Measured("energy", energy), "WUE": wue},
                lambda x: x["energy"] / J_PER_KWH * x["WUE"],
                "energy × WUE",
            )
        ]
    if isinstance(cooling, Path):
        cooling = toml.read(cooling)
    if cooling is not None:
        if where is None:
            raise ConfigurationError("withdrawal needs a place: the mix of generation decides it")
        split = {fuel: dict(systems) for fuel, systems in cooling.items()}
        withdrawn = withdrawal_of_mix(mix_of(where.country), split, where.country)
        lines["water_withdrawal"] = [use.line("electricity, off site", "L", "withdrawal", withdrawn)]
    lines["adpe"] = [use.line("electricity", "kg Sb eq", "ADPe", factors.adpe)]
    for account, line in making:
        lines.setdefault(account, []).append(line)
    accounts = {name: Account(name, group[0].unit, tuple(group)) for name, group in lines.items()}
    return Footprint(energy, factors, accounts, use.boundary, factors.warnings)


@dataclass(frozen=True)
class _Use:
    """The way from the meter to the power station, the same for every account."""

    energy: Result
    chain: Factor | None
    pue: Factor | None
    losses: Factor | None

    @property
    def boundary(self) -> str:
        text = "energy as metered"
        if self.chain is not None:
            text += f", divided by {format_short(self.chain.central)} (plug to meter)"
        elif self.pue is not None:
            text += f", times PUE {format_short(self.pue.central)}"
        else:
            text += ", taken as energy at the plug (no charging or adapter loss added)"
        if self.losses is not None:
            lost = self.losses.central
            return f"{text}, divided by {format_short(1 - lost)} ({format_percent(lost)} of what is generated is lost in the grid)"
        return f"{text}, grid losses not added"

    def line(self, name: str, unit: str, symbol: str, rate: Factor, scope: str = "") -> AccountLine:
        inputs: dict[str, Input] = {"energy": Measured("energy", self.energy)}
        formula = "energy"
        if self.chain is not None:
            inputs["chain"] = self.chain
            formula += " / chain"
        if self.pue is not None:
            inputs["PUE"] = self.pue
            formula += " × PUE"
        if self.losses is not None:
            inputs["losses"] = self.losses
            formula += " / (1 - losses)"
        inputs[symbol] = rate

        def compute(x: Mapping[str, float]) -> float:
            generated = x["energy"] / J_PER_KWH * x.get("PUE", 1.0) / x.get("chain", 1.0)
            return generated / (1 - x.get("losses", 0.0)) * x[symbol]

        return AccountLine(name, unit, inputs, compute, f"{formula} × {symbol}", scope)
