"""What is asked of a footprint, as typed, and its way into factors and lines.

`FootprintOptions` holds the options of `powermeter footprint` under the same names; a program fills it the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from powermeter import toml
from powermeter.errors import ConfigurationError, plural
from powermeter.result.notes import Note
from powermeter.units import SECONDS_PER_YEAR, format_short, parse_duration, parse_quantity

from .account_lines import AccountLine
from .allocation import battery_wear, by_time, by_use
from .bill import bill, read_parts, water_of_bill
from .embodied import LIVES, device
from .factors import RECORDED, USER, Factor, default, given
from .minerals import COMPOSITIONS, adpe_of, composition

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


@dataclass(frozen=True)
class FootprintOptions:
    """Options of a footprint; texts as typed, None where not given.

    Attributes:
        place: `FRA`, `USA-CA`, `aws:us-east-1`, …
        chain, pue, wue, losses: Between the meter and the power station.
        intensity: g CO2e/kWh, or a saved file; `basis` names a column where it has two.
        start: When a planned run would start (ISO 8601 with offset), for a file without a recording.
        mix, cooling: TOML files of generation by fuel, and of cooling systems by fuel.
        ewif: Water of electricity in L/kWh consumed, in place of the table's.
        stress: Scarcity factor of the basin.
        device, bill: What was made: a preset, or a bill of materials in TOML.
        life, reserved, device_share, items_in_life: How its making is shared.
        battery_wear: Whether the wear of the battery is counted.
        sci: Functional unit of a Software Carbon Intensity.
        swi: Functional unit of a Software Water Intensity.
        ai: Kind of system for SCI for AI (`llm`, `inference`, `image`, …), or a provider's unit
            (`flop`, `training_token`, `parameter`).
        tokens, prompt_tokens: Generated and read, where the events do not carry them.
        units: How many of the unit of `ai`; `counted`: how, asked of a provider (`gross: why`).
        boundary: What is inside, with commas; whether `whole_period` with its idle time is.
        traffic: Bytes on the network, for example `90MB`; over a `line`, fixed or mobile.
        everywhere, hours, equivalents: Whether places, hours and everyday things are compared.
        mass: `g` or `lb`.
    """

    place: str | None = None
    chain: str | None = None
    pue: str | None = None
    wue: float | None = None
    losses: bool = True
    intensity: str | None = None
    basis: str = "lifecycle"
    start: str | None = None
    mix: Path | None = None
    cooling: Path | None = None
    ewif: float | None = None
    stress: float | None = None
    device: str | None = None
    bill: Path | None = None
    life: str | None = None
    reserved: str | None = None
    device_share: str | None = None
    items_in_life: float | None = None
    battery_wear: bool = False
    sci: str | None = None
    swi: str | None = None
    ai: str | None = None
    tokens: float | None = None
    prompt_tokens: float | None = None
    units: float | None = None
    counted: str | None = None
    boundary: str | None = None
    whole_period: bool = False
    traffic: str | None = None
    line: str = "fixed"
    everywhere: bool = False
    hours: bool = False
    equivalents: bool = False
    mass: str = "g"

    @property
    def life_factor(self) -> Factor:
        """Years in service: as typed, or the device's usual ones."""
        if self.life is None:
            return default(f"life.{LIVES.get(self.device or 'board', 'board')}")
        years = parse_duration(self.life, bare=False) / SECONDS_PER_YEAR
        if years <= 0:
            raise ConfigurationError(f"--life {self.life}: must be above zero")
        return given("life", years, "y")

    @property
    def pue_factor(self) -> Factor | None:
        """Of a data centre, or None at a device."""
        if self.pue is None:
            return None
        if self.pue in ("unknown", "hyperscale"):
            return default("datacentre.pue" if self.pue == "unknown" else "datacentre.pue.hyperscale")
        ratio = parse_quantity(self.pue, "1")
        if not 1 <= ratio <= 5:
            raise ConfigurationError(f"--pue {self.pue}: a PUE is 1 or more (or unknown, hyperscale)")
        return given("datacentre.pue", ratio, "1")

    @property
    def wue_factor(self) -> Factor | None:
        """Water on site in L/kWh, or None where not given."""
        return _not_negative("--wue", "datacentre.wue", self.wue)

    @property
    def ewif_factor(self) -> Factor | None:
        """Water of electricity in L/kWh, or None for the table's."""
        return _not_negative("--ewif", "grid.water", self.ewif)


def _not_negative(option: str, name: str, value: float | None) -> Factor | None:
    if value is None:
        return None
    if not 0 <= value < 1e6:
        raise ConfigurationError(f"{option} {value:g}: litres per kWh cannot be negative")
    return given(name, value, "L/kWh")


def read_mix(path: Path) -> dict[str, float]:
    """Return the generation shares of a TOML file.

    Raises:
        ConfigurationError: A share is not a number.
    """
    shares = {}
    for fuel, value in toml.read(path).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigurationError(f"{path.name}: the share of {fuel} is {str(value)[:40]}, not a number")
        shares[fuel] = float(value)
    return shares


@dataclass(frozen=True)
class Making:
    """What was made: whole lines, and those allocated to the workload, with their accounts."""

    whole: tuple[tuple[str, AccountLine], ...] = ()
    allocated: tuple[tuple[str, AccountLine], ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def carbon(self) -> list[AccountLine]:
        """The whole carbon of making, line by line."""
        return [line for account, line in self.whole if account == "carbon"]


def making_of(wanted: FootprintOptions, found: Subject) -> Making:
    """Return what was made for a subject, whole and allocated.

    Raises:
        ConfigurationError: Two things state what was made, or nothing states how it is shared.
    """
    whole = _whole(wanted)
    allocated = [(account, _allocated(wanted, found, line)) for account, line in whole]
    if wanted.battery_wear:
        if any(line.name.startswith("battery") for _, line in whole):
            raise ConfigurationError(
                "--battery-wear counts the battery of the bill a second time; use one of them"
            )
        assert found.energy is not None
        allocated.append(("carbon", battery_wear(found.energy)))
    return Making(tuple(whole), tuple(allocated), tuple(_beyond_life(wanted, found) if whole else ()))


def _beyond_life(wanted: FootprintOptions, found: Subject) -> list[Note]:
    """Return what must be stated where more than the whole life of a device is counted."""
    if wanted.items_in_life is not None:
        beyond = (found.items or 0.0) > wanted.items_in_life
        excess = f"{plural(found.items or 0, 'item is', 'items are')} more than the {wanted.items_in_life:g} of a whole life"
    else:
        years, life = (_reserved_s(wanted, found) or 0.0) / SECONDS_PER_YEAR, wanted.life_factor.central
        beyond = years > life * (1 + 1e-9)
        excess = f"{format_short(years)} years are longer than the device's life of {format_short(life)}"
    if not beyond:
        return []
    return [Note.warning("beyond-life", f"{excess}: the production of more than one device is counted")]


def _whole(wanted: FootprintOptions) -> list[tuple[str, AccountLine]]:
    if wanted.device is not None and wanted.bill is not None:
        raise ConfigurationError("--device and --bill both state what was made; use one of them")
    found: list[tuple[str, AccountLine]] = []
    if wanted.device is not None:
        found.append(("carbon", device(wanted.device)))
        if wanted.device in COMPOSITIONS:
            found.append(("adpe", adpe_of(composition(wanted.device), f"elements in the {wanted.device}")))
    if wanted.bill is not None:
        parts = read_parts(wanted.bill)
        found += [("carbon", line) for line in bill(parts, wanted.bill.name)]
        found += [("water_of_making", line) for line in water_of_bill(parts)]
    return found


def _allocated(wanted: FootprintOptions, found: Subject, line: AccountLine) -> AccountLine:
    if wanted.items_in_life is not None:
        if found.items is None:
            raise ConfigurationError(
                "--items-in-life needs to know how many items this was: --items or --label"
            )
        return by_use(line, found.items, wanted.items_in_life)
    reserved = _reserved_s(wanted, found)
    if reserved is None:
        raise ConfigurationError("making is shared by time: use --reserved, or --items-in-life")
    share = 1.0 if wanted.device_share is None else parse_quantity(wanted.device_share, "1")
    source = RECORDED if wanted.reserved is None else USER
    return by_time(line, reserved, wanted.life_factor, share, source=source)


def _reserved_s(wanted: FootprintOptions, found: Subject) -> float | None:
    """Return for how long the device was reserved: as typed, or the time of what is counted."""
    return found.duration_s if wanted.reserved is None else parse_duration(wanted.reserved, bare=False)
