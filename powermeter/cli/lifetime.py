"""`powermeter lifetime`: the same function on the device and in a data centre over years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from powermeter.cli import subject
from powermeter.errors import ConfigurationError
from powermeter.result import plain
from powermeter.units import format_number, parse_quantity


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path, dir_okay=False))
@subject.options
@click.option("--requests-per-day", "-n", type=float, default=20, show_default=True, metavar="N")
@click.option("--years", type=float, default=4, show_default=True, metavar="N")
@click.option(
    "--task", default="voice", show_default=True, metavar="NAME", help="Cited energy of a cloud inference."
)
@click.option(
    "--cloud-energy", metavar="ENERGY", help="Of one inference in the cloud, instead of the cited one."
)
@click.option("--home", metavar="CODE", help="Place of the device.")
@click.option("--away", metavar="CODE", help="Place of the data centre.")
@click.option(
    "--listen", metavar="POWER", default="10mW", show_default=True, help="The device's draw while it waits."
)
@click.option(
    "--link",
    metavar="POWER",
    default="0.5W",
    show_default=True,
    help="A link kept up for this function alone; 0W where it would be on anyway.",
)
@click.option(
    "--bytes",
    "request_b",
    metavar="SIZE",
    default="100kB",
    show_default=True,
    help="On the network a request.",
)
@click.option("--mobile", is_flag=True, help="Over a mobile network instead of a fixed line.")
@click.option("--pue", metavar="RATIO", help="Of the data centre; 1.09 to 1.2 to 1.3 otherwise.")
@click.option("--wue", type=float, metavar="L/kWh", help="Water on site of the data centre.")
@click.option(
    "--chip", metavar="AREA@NODE", default="10mm2@28nm", show_default=True, help="Made for this function."
)
@click.option(
    "--chip-kg", type=float, metavar="KG", help="Making of what the device needs, instead of a chip."
)
@click.option("--chain", default="adapter", show_default=True, metavar="WHAT", help="Plug to device.")
@click.option("--price-request", type=float, default=0.0, metavar="MONEY", help="Of one cloud request.")
@click.option("--connectivity", type=float, default=0.0, metavar="MONEY", help="A year.")
@click.option("--price-chip", type=float, default=0.0, metavar="MONEY", help="Of what the device needs.")
@click.option("--tariff", type=float, default=0.0, metavar="MONEY/kWh", help="Of electricity at home.")
@click.option(
    "--what",
    default="carbon",
    show_default=True,
    type=click.Choice(["energy", "carbon", "water", "adpe", "money"]),
    help="What the tornado is of.",
)
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded.")
def lifetime(recording: Path | None, as_json: bool, **chosen: Any) -> None:
    """Compare years of inference on the device with years in the cloud.

    \b
    Example:
        powermeter lifetime run.power --label infer --requests-per-day 20 --years 4 --home FRA --away USA
        powermeter lifetime --energy 36J --requests-per-day 20 --price-request 0.0004 --price-chip 0.80
    """
    from powermeter.footprint.lifetime import break_even, sides, tornado

    scenario = _scenario(recording, chosen)
    device, cloud = sides(scenario)
    report = [
        f"{scenario.requests:,.0f} requests in {scenario.years:g} years ({scenario.requests_per_day:g} a day)"
    ]
    if scenario.link.central > 0:
        report.append(
            "the link counts in full: fair only where it would be off without this function (--link 0W)"
        )
    said: dict[str, Any] = {"requests": scenario.requests, "hours": scenario.hours}
    warned: dict[str, None] = {}
    for where in (scenario.home, scenario.away):
        from powermeter.footprint.grid import grid

        warned.update(dict.fromkeys(grid(where).warnings))
    report = [*(f"WARNING: {text}" for text in warned), *report]
    for account in device.accounts:
        report += _account(
            account, device, cloud, said, one_digit=scenario.home is None or scenario.away is None
        )
    even = break_even(scenario)
    report.append(f"carbon break-even: {even.text}")
    said["break_even"] = {"requests_per_day": even.per_day, "requests": even.requests, "text": even.text}
    unit = {"energy": "kWh", "carbon": "g", "water": "L", "adpe": "kg Sb eq", "money": "money"}[
        chosen["what"]
    ]
    swings = tornado(scenario, chosen["what"])
    report.append(
        f"what decides it (cloud minus device, {chosen['what']} in {unit}, each factor from low to high):"
    )
    widest = max((abs(high - low) for _, low, high in swings), default=0.0)
    for factor, low, high in swings:
        bar = "█" * max(1, round(24 * abs(high - low) / widest)) if widest else ""
        place = "" if factor.geography == "WLD" else f" {factor.geography}"
        report.append(
            f"  {factor.name}{place} ({factor.low:g} to {factor.high:g}): "
            f"{format_number(low, 3)} to {format_number(high, 3)} {bar}"
        )
    said["tornado"] = [
        {"factor": factor.name, "geography": factor.geography, "at_low": low, "at_high": high}
        for factor, low, high in swings
    ]
    report += _sources(device, cloud, said)
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(report))


def _scenario(recording: Path | None, chosen: dict[str, Any]) -> Any:
    from powermeter.footprint.charging import parse_chain
    from powermeter.footprint.cloud import inference
    from powermeter.footprint.embodied import part
    from powermeter.footprint.factors import default, given
    from powermeter.footprint.formula import Measured
    from powermeter.footprint.lifetime import Scenario, place

    names = ("label", "rail", "baseline", "energy", "power", "current", "duration", "items")
    found = subject.find(recording, **{name: chosen[name] for name in names})
    request = found.per_item or (found.energy if recording is None else None)
    if request is None:
        raise ConfigurationError(
            "which request? name the events with --label, or give --energy of one request"
        )
    listen = parse_quantity(chosen["listen"], "W", bare=False)
    link = parse_quantity(chosen["link"], "W", bare=False)
    for name, value in (("--listen", listen), ("--link", link)):
        if value < 0:
            raise ConfigurationError(f"{name}: a power cannot be negative")
    cloud = inference(chosen["task"])
    if chosen["cloud_energy"] is not None:
        wh = parse_quantity(chosen["cloud_energy"], "J", bare=False) / 3600
        cloud = given("cloud.request", wh, "Wh", low=wh / 2, high=wh * 2, note="range of x/÷ 2, judged")
    if chosen["chip_kg"] is not None:
        if chosen["chip_kg"] < 0:
            raise ConfigurationError("--chip-kg cannot be negative")
        making = part(
            "chip",
            given(
                "chip.making", chosen["chip_kg"], "kg", low=chosen["chip_kg"] / 2, high=chosen["chip_kg"] * 2
            ),
        )
    else:
        making = _chip(chosen["chip"])
    more: dict[str, Any] = {}
    if chosen["pue"] is not None:
        more["pue"] = given("datacentre.pue", parse_quantity(chosen["pue"], "1"), "1")
    if chosen["wue"] is not None:
        more["wue"] = given("datacentre.wue", chosen["wue"], "L/kWh")
    return Scenario(
        chosen["requests_per_day"],
        chosen["years"],
        Measured("request", request),
        given(
            "device.listen", listen, "W", low=listen / 10, high=listen * 10, note="range of x/÷ 10, judged"
        ),
        making,
        cloud,
        parse_quantity(chosen["request_b"], "B", bare=False),
        place(chosen["home"]),
        place(chosen["away"]),
        chain=parse_chain(chosen["chain"]),
        network=default("network.mobile" if chosen["mobile"] else "network.fixed"),
        link=given(
            "link.power", link, "W", low=link * 0.4, high=link * 2, note="range of 0.4 to 2 times, judged"
        ),
        price_request=chosen["price_request"],
        connectivity_year=chosen["connectivity"],
        price_chip=chosen["price_chip"],
        tariff_kwh=chosen["tariff"],
        **more,
    )


def _chip(text: str) -> Any:
    from powermeter.footprint.embodied import chip

    area, at, node = text.partition("@")
    try:
        if not at:
            raise ValueError(text)
        return chip(float(area.removesuffix("mm2")), int(node.removesuffix("nm")))
    except ValueError as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"--chip {text!r}: write for example 10mm2@28nm") from error


def _account(account: str, device: Any, cloud: Any, said: dict[str, Any], one_digit: bool) -> list[str]:
    from powermeter.footprint.text import amount

    digits = 1 if one_digit and account not in ("energy", "money") else 2
    rows, entry = [], {}
    for side in (device, cloud):
        result = side.result(account)
        entry[side.name] = {
            **(plain(result) or {}),
            "lines": {line.name: line.value for line in side.accounts[account]},
        }

        def show(value: float, unit: str = result.unit) -> str:
            if unit in ("kWh", "money"):
                return f"{format_number(value, digits)} {unit}"
            return amount(value, unit, digits)

        span = "" if result.high <= result.low else f" ({show(result.low)} to {show(result.high)})"
        parts = ", ".join(f"{line.name} {show(line.value)}" for line in side.accounts[account] if line.value)
        rows.append(f"  {side.name}: {show(result.value)}{span}" + (f" = {parts}" if parts else ""))
    said[account] = entry
    if account == "money" and not any(side["value"] for side in entry.values()):
        return ["money: – (give --price-request, --price-chip, --connectivity, --tariff)"]
    return [f"{account}:", *rows]


def _sources(device: Any, cloud: Any, said: dict[str, Any]) -> list[str]:
    from powermeter.footprint.formula import factors_of

    used = factors_of(
        line for side in (device, cloud) for account in side.accounts.values() for line in account
    )
    cited = [item for item in used if item.provenance != "U"]
    said["factors"] = [item.record() for item in used]
    return ["factors used:", *(f"  {item.describe()}" for item in cited)]
