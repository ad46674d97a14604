"""Years on the device against years in a data centre, in words and for JSON: accounts, break-even, tornado.

found = find(Path("run.power"), Asked(label="infer"))
print(assess(found, Wanted(requests_per_day=20, home="FRA", away="USA")).text())
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result, plain
from powermeter.units import format_number, format_quantity, parse_quantity

from .charging import parse_chain
from .cloud import inference
from .embodied import by_method, chip, part
from .factors import default, given
from .formula import AccountLine, Input, Measured, factors_of
from .grid import grid
from .lifetime import Scenario, Side, break_even, place, sides, tornado
from .text import amount

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject

UNITS = {"energy": "kWh", "carbon": "g", "water": "L", "adpe": "kg Sb eq", "money": "money"}


@dataclass(frozen=True)
class Wanted:
    """Options of a lifetime; texts as typed, None where not given.

    Attributes:
        requests_per_day, years: How often, how long.
        task: Cited energy of a cloud inference; `cloud_energy` or a recording takes its place.
        cloud: A recording of the server, with `cloud_label`; its energy per request, or per generated
            token times `cloud_tokens`.
        home, away: Places of the device and of the data centre.
        listen, link: Powers while it waits, and of a link kept up for this function alone.
        request_b, mobile: Bytes a request, and whether over a mobile network.
        pue, wue: Of the data centre.
        chip, chip_kg: What the device needs made: `10mm2@28nm`, or its kg CO2e.
        chain: Plug to device.
        price_request, connectivity, price_chip, tariff: Money; `currency` and `price_year` name it.
        what: The account the tornado is of.
    """

    requests_per_day: float = 20
    years: float = 4
    task: str = "voice"
    cloud_energy: str | None = None
    cloud: Path | None = None
    cloud_label: str | None = None
    cloud_tokens: float | None = None
    home: str | None = None
    away: str | None = None
    listen: str = "10mW"
    link: str = "0.5W"
    request_b: str = "100kB"
    mobile: bool = False
    pue: str | None = None
    wue: float | None = None
    chip: str = "10mm2@28nm"
    chip_kg: float | None = None
    chain: str = "adapter"
    price_request: float = 0.0
    connectivity: float = 0.0
    price_chip: float = 0.0
    tariff: float = 0.0
    currency: str | None = None
    price_year: int | None = None
    what: str = "carbon"

    @property
    def money(self) -> str:
        """What a price is in: `EUR of 2026`, or that it was not said."""
        if self.currency is None or self.price_year is None:
            return "a currency or year not given (--currency, --price-year)"
        return f"{self.currency} of {self.price_year}"


@dataclass(frozen=True)
class Report:
    """A comparison over a lifetime."""

    wanted: Wanted
    scenario: Scenario
    notes: tuple[str, ...]

    def text(self) -> str:
        """Return the report for people."""
        scenario = self.scenario
        lines = [f"WARNING: {text}" for text in self.warnings()]
        lines += [f"note: {note}" for note in self.notes]
        lines.append(
            f"{scenario.requests:,.0f} requests in {scenario.years:g} years "
            f"({scenario.requests_per_day:g} a day)"
        )
        shown = ", ".join(f"{side} {text}" for side, (text, _) in self.requests().items())
        lines.append(f"energy of one: {shown}")
        if scenario.link.central > 0:
            lines.append(
                "the link counts in full: fair only where it would be off without this function (--link 0W)"
            )
        both = sides(scenario)
        for account in both[0].accounts:
            lines += self._account(account, both)
        lines.append(f"carbon break-even: {break_even(scenario).text}")
        lines += self._tornado()
        cited = [item for item in self._factors(both) if item.provenance != "U"]
        return "\n".join([*lines, "factors used:", *(f"  {item.describe()}" for item in cited)])

    def record(self) -> dict[str, Any]:
        """Return the same numbers unrounded, for JSON."""
        scenario, both, even = self.scenario, sides(self.scenario), break_even(self.scenario)
        said: dict[str, Any] = {
            "requests": scenario.requests,
            "hours": scenario.hours,
            "warnings": self.warnings(),
            "notes": list(self.notes),
        }
        for account in both[0].accounts:
            said[account] = {
                side.name: {
                    **(plain(side.result(account)) or {}),
                    "lines": {line.name: line.value for line in side.accounts[account]},
                }
                for side in both
            }
        said["request_grade"] = {side: grade.value for side, (_, grade) in self.requests().items()}
        said["money_in"] = self.wanted.money
        said["break_even"] = {
            "requests_per_day": even.per_day,
            "low_per_day": even.low_per_day,
            "high_per_day": even.high_per_day,
            "requests": even.requests,
            "text": even.text,
        }
        said["tornado"] = [
            {"factor": item.name, "geography": item.geography, "at_low": low, "at_high": high}
            for item, low, high in tornado(scenario, self.wanted.what)
        ]
        said["factors"] = [item.record() for item in self._factors(both)]
        return said

    def requests(self) -> dict[str, tuple[str, Grade]]:
        """Return the energy of one request on each side, as printed, with its grade."""
        found = {}
        sides_of = {"device": self.scenario.device_request, "cloud": self.scenario.cloud_request}
        for side, request in sides_of.items():
            joule = request.central * (3600 if request.unit == "Wh" else 1)
            grade = request.result.grade if isinstance(request, Measured) else Grade.ASSUMED
            found[side] = (f"{format_quantity(joule, 'J', 3)} ({grade.value})", grade)
        return found

    def warnings(self) -> list[str]:
        """Return what both places warn of, once each."""
        grids = [grid(where) for where in (self.scenario.home, self.scenario.away)]
        found = list(dict.fromkeys(text for one in grids for text in one.warnings))
        bases = [one.carbon.basis for one in grids]
        if bases[0] != bases[1]:
            found.append(
                f"the places count different things ({bases[0]} at home, {bases[1]} away): carbon of the two "
                "sides is not comparable; name countries (USA), which are all life cycle"
            )
        return found

    def _factors(self, both: tuple[Side, Side]) -> list[Any]:
        return factors_of(line for side in both for account in side.accounts.values() for line in account)

    def _account(self, account: str, both: tuple[Side, Side]) -> list[str]:
        known = self.scenario.home is not None and self.scenario.away is not None
        digits = 2 if known or account in ("energy", "money") else 1
        if account == "money" and not any(side.result(account).value for side in both):
            return ["money: – (use --price-request, --price-chip, --connectivity, --tariff)"]
        rows = []
        for side in both:
            result = side.result(account)

            def show(value: float, unit: str = result.unit) -> str:
                if unit in ("kWh", "money"):
                    shown = unit if unit == "kWh" else self.wanted.currency or unit
                    return f"{format_number(value, digits)} {shown}"
                return amount(value, unit, digits)

            span = "" if result.high <= result.low else f" ({show(result.low)} to {show(result.high)})"
            terms = ", ".join(f"{x.name} {show(x.value)}" for x in side.accounts[account] if x.value)
            rows.append(f"  {side.name}: {show(result.value)}{span}" + (f" = {terms}" if terms else ""))
        title = f"money, in {self.wanted.money}:" if account == "money" else f"{account}:"
        return [title, *rows]

    def _tornado(self) -> list[str]:
        what = self.wanted.what
        swings = tornado(self.scenario, what)
        lines = [
            f"what decides it (cloud minus device, {what} in {UNITS[what]}, each factor from low to high):"
        ]
        widest = max((abs(high - low) for _, low, high in swings), default=0.0)
        for item, low, high in swings:
            bar = "█" * max(1, round(24 * abs(high - low) / widest)) if widest else ""
            where = "" if item.geography == "WLD" else f" {item.geography}"
            ends = f"{format_number(low, 3)} to {format_number(high, 3)}"
            lines.append(f"  {item.name}{where} ({item.low:g} to {item.high:g}): {ends} {bar}")
        return lines


def assess(found: Subject, wanted: Wanted) -> Report:
    """Return years of a request on the device against years in the cloud.

    Raises:
        ConfigurationError: One request's energy is not known, or an option cannot be used.
    """
    request = found.per_item or (found.energy if found.analysis is None else None)
    if request is None:
        raise ConfigurationError(
            "which request? name the events with --label, or use --energy of one request"
        )
    if wanted.price_year is not None and not 1900 <= wanted.price_year <= 2200:
        raise ConfigurationError(f"--price-year {wanted.price_year}: no year of prices")
    if wanted.what not in UNITS:
        raise ConfigurationError(f"no account {wanted.what!r}; there are {', '.join(UNITS)}")
    listen, link = _power("--listen", wanted.listen), _power("--link", wanted.link)
    more: dict[str, Any] = {}
    if wanted.pue is not None:
        more["pue"] = given("datacentre.pue", parse_quantity(wanted.pue, "1"), "1")
    if wanted.wue is not None:
        more["wue"] = given("datacentre.wue", wanted.wue, "L/kWh")
    cloud, notes = _cloud(wanted)
    scenario = Scenario(
        wanted.requests_per_day,
        wanted.years,
        Measured("device request", request),
        given(
            "device.listen", listen, "W", low=listen / 10, high=listen * 10, note="range of x/÷ 10, judged"
        ),
        _making(wanted),
        cloud,
        parse_quantity(wanted.request_b, "B", bare=False),
        place(wanted.home),
        place(wanted.away),
        chain=parse_chain(wanted.chain),
        network=default("network.mobile" if wanted.mobile else "network.fixed"),
        link=given(
            "link.power", link, "W", low=link * 0.4, high=link * 2, note="range of 0.4 to 2 times, judged"
        ),
        price_request=wanted.price_request,
        connectivity_year=wanted.connectivity,
        price_chip=wanted.price_chip,
        tariff_kwh=wanted.tariff,
        **more,
    )
    return Report(wanted, scenario, (*found.notes, *notes))


def _power(option: str, text: str) -> float:
    watts = parse_quantity(text, "W", bare=False)
    if watts < 0:
        raise ConfigurationError(f"{option}: a power cannot be negative")
    return watts


def _cloud(wanted: Wanted) -> tuple[Input, list[str]]:
    """Return the energy of one request in the data centre: recorded, typed, or cited."""
    if wanted.cloud is not None:
        if wanted.cloud_energy is not None:
            raise ConfigurationError("--cloud and --cloud-energy both say what a cloud request uses")
        return _recorded(wanted)
    if wanted.cloud_energy is None:
        return inference(wanted.task), []
    wh = parse_quantity(wanted.cloud_energy, "J", bare=False) / 3600
    typed = given("cloud.request", wh, "Wh", low=wh / 2, high=wh * 2, note="range of x/÷ 2, judged")
    return typed, []


def _recorded(wanted: Wanted) -> tuple[Input, list[str]]:
    from powermeter.analysis.subject import Asked, find

    assert wanted.cloud is not None
    server = find(wanted.cloud, Asked(label=wanted.cloud_label))
    request: Result | None = server.per_item
    note = f"cloud request measured: {server.title}"
    if wanted.cloud_tokens is not None:
        if server.tokens is None or server.energy is None:
            raise ConfigurationError(
                f"{server.title}: its events carry no generated_tokens, so energy per token is not known"
            )
        request = server.energy.scaled(wanted.cloud_tokens / server.tokens)
        note += f", {wanted.cloud_tokens:g} tokens of {server.tokens:g} recorded"
    if request is None:
        raise ConfigurationError(f"{server.title}: which request? name its events with --cloud-label")
    # Two machines' meters share no error, whatever their channels are called.
    apart = replace(request, parts={f"{name}@cloud": part_ for name, part_ in request.parts.items()})
    return Measured("cloud request", apart), [note, *server.notes]


def _making(wanted: Wanted) -> AccountLine:
    if wanted.chip_kg is not None:
        if wanted.chip_kg < 0:
            raise ConfigurationError("--chip-kg cannot be negative")
        return by_method(part("chip", given("chip.making", wanted.chip_kg, "kg")))
    area, at, node = wanted.chip.partition("@")
    try:
        if not at:
            raise ValueError(wanted.chip)
        return chip(float(area.removesuffix("mm2")), int(node.removesuffix("nm")))
    except ValueError as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"--chip {wanted.chip!r}: write for example 10mm2@28nm") from error
