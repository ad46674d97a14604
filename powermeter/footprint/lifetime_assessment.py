"""From options and a recording to years on the device against years in a data centre.

found = find(Path("run.power"), Asked(label="infer"))
print(assess(found, LifetimeOptions(requests_per_day=20, home="FRA", away="USA")).text())
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError, plural
from powermeter.result import Result
from powermeter.result.notes import Note
from powermeter.units import parse_quantity

from .account_lines import AccountLine, Input, Measured
from .charging import parse_chain
from .cloud import inference
from .embodied import by_method, chip, part
from .factors import default, given
from .lifetime import Scenario, place
from .lifetime_options import UNITS, LifetimeOptions
from .lifetime_report import LifetimeReport

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


def assess(found: Subject, wanted: LifetimeOptions) -> LifetimeReport:
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
    if wanted.tornado not in UNITS:
        raise ConfigurationError(f"no account {wanted.tornado!r}; there are {', '.join(UNITS)}")
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
        network=default(f"network.{wanted.line}"),
        link=given(
            "link.power", link, "W", low=link * 0.4, high=link * 2, note="range of 0.4 to 2 times, judged"
        ),
        price_request=wanted.price_request,
        connectivity_year=wanted.connectivity,
        price_chip=wanted.price_chip,
        tariff_kwh=wanted.tariff,
        **more,
    )
    return LifetimeReport(wanted, scenario, (*found.notes, *notes))


def _power(option: str, text: str) -> float:
    watts = parse_quantity(text, "W", bare=False)
    if watts < 0:
        raise ConfigurationError(f"{option}: a power cannot be negative")
    return watts


def _cloud(wanted: LifetimeOptions) -> tuple[Input, list[Note]]:
    """Return the energy of one request in the data centre: recorded, typed, or cited."""
    if wanted.cloud is not None:
        if wanted.cloud_energy is not None:
            raise ConfigurationError("--cloud and --cloud-energy both state what a cloud request uses")
        return _recorded(wanted)
    if wanted.cloud_energy is None:
        return inference(wanted.task), []
    wh = parse_quantity(wanted.cloud_energy, "J", bare=False) / 3600
    typed = given("cloud.request", wh, "Wh", low=wh / 2, high=wh * 2, note="range of x/÷ 2, judged")
    return typed, []


def _recorded(wanted: LifetimeOptions) -> tuple[Input, list[Note]]:
    from powermeter.analysis.selection import Asked
    from powermeter.analysis.subject import find

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
        note += f", {plural(wanted.cloud_tokens, 'token')} of {server.tokens:g} recorded"
    if request is None:
        raise ConfigurationError(f"{server.title}: which request? name its events with --cloud-label")
    # Two machines' meters share no error, whatever their channels are called.
    apart = replace(request, parts={f"{name}@cloud": part_ for name, part_ in request.parts.items()})
    return Measured("cloud request", apart), [Note.info("cloud-measured", note), *server.notes]


def _making(wanted: LifetimeOptions) -> AccountLine:
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
