"""The same function on the device and in a data centre over years: which is lighter, and what decides it.

    cloud  = N (e_inf PUE + D k_net) + P_link T        device = (N e_dev + P_listen T) / eta
    N*     = (M_chip + (P_listen - P_link) T CI_home) / (g_cloud_per_request - g_device_per_request)

each kWh at the plug of its own place, times that place's carbon, water and ADPe, plus the making of the
chip and the server's share.  Standby usually dominates both sides: the link counts only where it is
there for this function alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import AccountLine, Input, Measured, total
from powermeter.result import Result
from powermeter.units import SECONDS_PER_YEAR

from .factors import Factor, default, factor, given
from .grid_of_place import grid
from .place import Place, parse_place

HOURS_PER_YEAR = SECONDS_PER_YEAR / 3600
B_PER_GB = 1e9


@dataclass(frozen=True)
class Scenario:
    """One function, done here or there.

    Attributes:
        requests_per_day, years: How often, how long.
        device_request: Energy of one request on the device: measured in J, or a factor in Wh.
        listen: Power of the device while it waits for a request, in W.
        chain: Plug to device, or None.
        making: What the device needs made for this function, in g.
        cloud_request: Energy of one request at the GPU or server: a factor in Wh, or measured in J.
        request_b: Bytes on the network a request.
        network: kWh/GB.
        pue, wue: Of the data centre.
        server_share: Making of the server for one request, in g.
        link: Power of the network link that is on for this function alone, in W.
        home, away: Places; None where not known.
        price_request, connectivity_year, price_chip, tariff_kwh: Money, in one currency.
    """

    requests_per_day: float
    years: float
    device_request: Input
    listen: Factor
    making: AccountLine
    cloud_request: Input
    request_b: float
    home: Place | None = None
    away: Place | None = None
    chain: Factor | None = None
    network: Factor = field(default_factory=lambda: default("network.fixed"))
    pue: Factor = field(default_factory=lambda: default("datacentre.pue.hyperscale"))
    wue: Factor = field(default_factory=lambda: default("datacentre.wue"))
    server_share: Factor = field(default_factory=lambda: factor("cloud", "server.share"))
    link: Factor = field(default_factory=lambda: given("link.power", 0.5, "W", low=0.2, high=1.0))
    price_request: float = 0.0
    connectivity_year: float = 0.0
    price_chip: float = 0.0
    tariff_kwh: float = 0.0
    losses: bool = True

    def __post_init__(self) -> None:
        for name in ("requests_per_day", "years"):
            if not 0 < getattr(self, name) < 1e12:
                raise ConfigurationError(
                    f"lifetime: {name.replace('_', ' ')} must be above zero, not {getattr(self, name):g}"
                )
        for name in ("request_b", "price_request", "connectivity_year", "price_chip", "tariff_kwh"):
            if not 0 <= getattr(self, name) < 1e15:
                raise ConfigurationError(f"lifetime: {name.replace('_', ' ')} cannot be negative")
        for request in (self.device_request, self.cloud_request):
            if isinstance(request, Measured) and (request.unit != "J" or not request.central >= 0):
                raise ConfigurationError("lifetime: a measured request costs J, and not less than none")
            if isinstance(request, Measured) and request.result.is_bound:
                raise ConfigurationError(
                    f"lifetime: a request of {request.result}: no years follow from a bound; state its energy"
                )
        for item in (self.listen, self.link):
            if item.low < 0:
                raise ConfigurationError(f"lifetime: {item.name} cannot be negative")
        if self.pue.low < 1:
            raise ConfigurationError(f"lifetime: a PUE of {self.pue.low:g} is below 1")

    @property
    def requests(self) -> float:
        """Over the whole life."""
        return self.requests_per_day * self.years * HOURS_PER_YEAR / 24

    @property
    def hours(self) -> float:
        """Of the whole life."""
        return self.years * HOURS_PER_YEAR


@dataclass(frozen=True)
class LifetimeSide:
    """One way to do it: accounts of lines (`energy`, `carbon`, `water`, `adpe`, `money`)."""

    name: str
    accounts: Mapping[str, tuple[AccountLine, ...]]

    def result(self, account: str) -> Result:
        """Return the total of an account."""
        return total(self.accounts[account])


def place(text: str | None) -> Place | None:
    """Return the place typed, or None."""
    return None if text is None else parse_place(text)


def sides(scenario: Scenario) -> tuple[LifetimeSide, LifetimeSide]:
    """Return (device, cloud)."""
    here, there = _Kwh(scenario, scenario.home), _Kwh(scenario, scenario.away)
    s = scenario
    n: dict[str, Input] = {"N": given("requests", s.requests, "1")}
    t: dict[str, Input] = {"T": given("hours", s.hours, "h")}
    to_kwh, cloud_kwh = _kwh_of(s.device_request), _kwh_of(s.cloud_request)
    plug: dict[str, Input] = {} if s.chain is None else {"chain": s.chain}

    def device_use(x: Mapping[str, float]) -> float:
        return x["N"] * x["e_dev"] * to_kwh / x.get("chain", 1.0)

    def waiting(x: Mapping[str, float]) -> float:
        return x["T"] * x["P"] / 1000 / x.get("chain", 1.0)

    device = [
        ("requests on the device", here, {**n, "e_dev": s.device_request, **plug}, device_use, "N × e_dev"),
        ("listening", here, {**t, "P": s.listen, **plug}, waiting, "T × P_listen"),
    ]
    cloud = [
        (
            "requests in the data centre",
            there,
            {**n, "e_inf": s.cloud_request, "PUE": s.pue},
            lambda x: x["N"] * x["e_inf"] * cloud_kwh * x["PUE"],
            "N × e_inf × PUE",
        ),
        (
            "network",
            here,
            {**n, "D": given("request bytes", s.request_b, "B"), "k_net": s.network},
            lambda x: x["N"] * x["D"] / B_PER_GB * x["k_net"],
            "N × D × k_net",
        ),
        ("link kept up", here, {**t, "P": s.link, **plug}, waiting, "T × P_link"),
    ]
    return _side("device", s, device), _side("cloud", s, cloud)


def _kwh_of(request: Input) -> float:
    """Return kWh for one unit of a request's energy: J where it was measured, Wh where it is a factor."""
    return 1 / 3.6e6 if isinstance(request, Measured) else 1e-3


class _Kwh:
    """What a kWh at the plug of a place brings."""

    def __init__(self, scenario: Scenario, where: Place | None) -> None:
        factors = grid(where)
        self.rates = {"carbon": factors.carbon, "water": factors.water, "adpe": factors.adpe}
        self.losses = factors.losses if scenario.losses else None
        self.warnings = factors.warnings

    def line(self, name: str, account: str, inputs: Mapping[str, Input], energy: AccountLine) -> AccountLine:
        more: dict[str, Input] = {**inputs, "rate": self.rates[account]}
        if self.losses is not None:
            more["losses"] = self.losses
        unit = {"carbon": "g", "water": "L", "adpe": "kg Sb eq"}[account]

        def compute(x: Mapping[str, float]) -> float:
            return energy.compute(x) / (1 - x.get("losses", 0.0)) * x["rate"]

        return AccountLine(name, unit, more, compute, f"{energy.formula} / (1 - losses) × {account}")


def _side(
    name: str, s: Scenario, terms: Sequence[tuple[str, _Kwh, dict[str, Input], object, str]]
) -> LifetimeSide:
    energy: list[AccountLine] = []
    impacts: dict[str, list[AccountLine]] = {"carbon": [], "water": [], "adpe": []}
    money: list[AccountLine] = []
    for title, where, inputs, compute, formula in terms:
        line = AccountLine(title, "kWh", inputs, compute, formula)  # type: ignore[arg-type]
        energy.append(line)
        for account, lines in impacts.items():
            lines.append(where.line(title, account, inputs, line))
        if s.tariff_kwh and title in ("requests on the device", "listening", "link kept up"):
            money.append(_paid(f"electricity, {title}", line, s.tariff_kwh))
    if name == "device":
        impacts["carbon"].append(replace(s.making, name="making of the chip"))
        money.append(_price("chip", s.price_chip))
    else:
        cloud_kwh = _kwh_of(s.cloud_request)
        n: dict[str, Input] = {"N": given("requests", s.requests, "1")}
        impacts["carbon"].append(
            AccountLine(
                "making of the server",
                "g",
                {**n, "m": s.server_share},
                lambda x: x["N"] * x["m"],
                "N × m_server",
            )
        )
        impacts["water"].append(
            AccountLine(
                "cooling on site",
                "L",
                {**n, "e_inf": s.cloud_request, "WUE": s.wue},
                lambda x: x["N"] * x["e_inf"] * cloud_kwh * x["WUE"],
                "N × e_inf × WUE",
            )
        )
        money += [
            AccountLine(
                "requests",
                "money",
                {**n, "price": given("price.request", s.price_request, "money")},
                lambda x: x["N"] * x["price"],
                "N × price",
            ),
            _price("connectivity", s.connectivity_year * s.years),
        ]
    return LifetimeSide(
        name,
        {
            "energy": tuple(energy),
            **{key: tuple(value) for key, value in impacts.items()},
            "money": tuple(money),
        },
    )


def _price(name: str, amount: float) -> AccountLine:
    return AccountLine(
        name, "money", {"price": given(f"price.{name}", amount, "money")}, lambda x: x["price"], "price"
    )


def _paid(name: str, energy: AccountLine, tariff: float) -> AccountLine:
    inputs: dict[str, Input] = {**energy.inputs, "tariff": given("tariff", tariff, "money/kWh")}
    return AccountLine(
        name, "money", inputs, lambda x: energy.compute(x) * x["tariff"], f"{energy.formula} × tariff"
    )
