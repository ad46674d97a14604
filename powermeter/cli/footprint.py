"""`powermeter footprint`: carbon, water and minerals of a recording, or of an amount of energy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter import toml
from powermeter.cli import subject
from powermeter.errors import ConfigurationError
from powermeter.result import plain
from powermeter.units import SECONDS_PER_YEAR, format_number, parse_duration, parse_quantity

if TYPE_CHECKING:
    from powermeter.footprint.assessment import Footprint
    from powermeter.footprint.formula import Line
    from powermeter.result import Result

G_PER_LB = 453.59237


@click.command()
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@subject.options
@click.option(
    "--place", "-p", metavar="CODE", help="FRA, USA-CA, USA-RFCW (eGRID subregion), SWE-SE4, France …"
)
@click.option(
    "--chain", metavar="WHAT", help="Between plug and meter: wired, wireless, adapter, 0.85, 0.8..0.85..0.9."
)
@click.option(
    "--pue", metavar="RATIO", help="Data centre instead of a device: its PUE, or unknown, hyperscale."
)
@click.option("--wue", type=float, metavar="L/kWh", help="Data centre: water on site.")
@click.option("--losses/--no-losses", default=True, show_default=True, help="Add the grid's losses.")
@click.option(
    "--intensity",
    metavar="G|FILE",
    help="g CO2e/kWh, or a saved file: own CSV, Electricity Maps, UK Carbon Intensity, WattTime.",
)
@click.option(
    "--mix",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Own generation mix in TOML (coal = 0.3, wind = 0.7): carbon and water from it.",
)
@click.option(
    "--basis",
    type=click.Choice(["lifecycle", "direct"]),
    default="lifecycle",
    show_default=True,
    help="Column of an intensity file that has both.",
)
@click.option(
    "--device", metavar="KIND", help="Making of a device: mcu, board, phone, laptop, server, gpu, speaker …"
)
@click.option(
    "--bill",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Making by a bill of materials in TOML ([[part]] name, kind, …).",
)
@click.option(
    "--life", metavar="TIME", help="Years in service, for example 4y; the device's usual life otherwise."
)
@click.option("--reserved", metavar="TIME", help="Time the device was reserved; the measured time otherwise.")
@click.option("--share", metavar="RATIO", help="Resources reserved over all of the device's.  [default: 1]")
@click.option(
    "--items-in-life", type=float, metavar="N", help="Allocate the making by use: items in a whole life."
)
@click.option("--battery-wear", is_flag=True, help="Add the wear of the battery that delivered the energy.")
@click.option(
    "--cooling",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Cooling systems by fuel in TOML, for water withdrawn.",
)
@click.option(
    "--stress", type=float, metavar="CF", help="Your basin's scarcity factor; shown beside the litres."
)
@click.option(
    "--sci", "sci_unit", metavar="UNIT", help="Software Carbon Intensity per UNIT, with its disclosure."
)
@click.option("--everywhere", is_flag=True, help="The same energy in the best and worst places known.")
@click.option("--hours", is_flag=True, help="The same run at the best and worst hours of the intensity file.")
@click.option("--equivalents", is_flag=True, help="Everyday equivalents, each with its assumption.")
@click.option(
    "--unit", "mass", type=click.Choice(["g", "lb"]), default="g", show_default=True, help="Mass of carbon."
)
@click.option("--explain", is_flag=True, help="Walk through the arithmetic.")
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded.")
def footprint(recordings: tuple[Path, ...], explain: bool, as_json: bool, **chosen: Any) -> None:
    """Return the carbon, water and minerals of electricity and of making.

    \b
    Example:
        powermeter footprint run.power --place FRA --device board
        powermeter footprint run.power --label infer --place USA-RFCW --sci inference --device board
        powermeter footprint --energy 12Wh --place USA-CA --chain wired --explain
        powermeter footprint monday.power tuesday.power --place FRA

    Several recordings are added up; what their meters share stays shared.
    """
    from powermeter.footprint import to_text

    names = ("label", "rail", "baseline", "energy", "power", "current", "duration", "items")
    found = subject.find_all(recordings, **{name: chosen[name] for name in names})
    if found.energy is None:
        raise ConfigurationError(
            "a footprint needs energy: a recording, --energy, or --power with --duration"
        )
    making, whole_making = _making(chosen, found)
    whole, extra, notes = _assess(chosen, found, making)
    lines = [f"of: {found.title}", *(f"note: {text}" for text in notes), to_text(whole, explain)]
    said: dict[str, Any] = {"of": found.title, **whole.record(), "notes": notes}
    if chosen["mass"] == "lb":
        carbon = whole.carbon
        lines.insert(1, "carbon in pounds: " + _pounds(carbon, whole.digits("carbon")))
        said["carbon_lb"] = plain(carbon.scaled(1 / G_PER_LB, "lb"))
    _per_item(found, whole, whole_making, lines, said)
    _more(chosen, found, whole, extra, lines, said)
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(lines))


def _pounds(carbon: Result, digits: int) -> str:
    values = [format_number(value / G_PER_LB, digits) for value in (carbon.value, carbon.low, carbon.high)]
    return f"{values[0]} lb CO2e ({values[1]} to {values[2]})"


def _making(chosen: dict[str, Any], found: subject.Subject) -> tuple[list[tuple[str, Line]], list[Line]]:
    """Return the allocated lines and the whole ones."""
    from powermeter.footprint.allocation import battery_wear, by_time, by_use
    from powermeter.footprint.bill import read_bill
    from powermeter.footprint.embodied import LIVES, device, water_of_die
    from powermeter.footprint.factors import default, given
    from powermeter.footprint.minerals import COMPOSITIONS, adpe_of, composition

    if chosen["device"] is not None and chosen["bill"] is not None:
        raise ConfigurationError("--device and --bill both say what was made; give one of them")
    whole: list[tuple[str, Line]] = []
    kind = chosen["device"]
    if kind is not None:
        whole.append(("carbon", device(kind)))
        if kind in COMPOSITIONS:
            whole.append(("adpe", adpe_of(composition(kind), f"elements in the {kind}")))
    if chosen["bill"] is not None:
        for line in read_bill(chosen["bill"]):
            whole.append(("carbon", line))
            if "area" in line.inputs:
                dies = line.inputs["count"].central if "count" in line.inputs else 1
                whole.append(
                    ("water_of_making", water_of_die(100 * dies * line.inputs["area"].central, line.name))
                )
    lines: list[tuple[str, Line]] = []
    if whole:
        if chosen["life"] is not None:
            years = parse_duration(chosen["life"]) / SECONDS_PER_YEAR
            if years <= 0:
                raise ConfigurationError(f"--life {chosen['life']}: must be above zero")
            life = given("life", years, "y")
        else:
            life = default(f"life.{LIVES.get(kind or 'board', 'board')}")
        share = 1.0 if chosen["share"] is None else parse_quantity(chosen["share"], "1")
        reserved = parse_duration(chosen["reserved"]) if chosen["reserved"] is not None else found.duration_s
        for account, line in whole:
            if chosen["items_in_life"] is not None:
                if found.items is None:
                    raise ConfigurationError(
                        "--items-in-life needs to know how many items this was: --items or --label"
                    )
                lines.append((account, by_use(line, found.items, chosen["items_in_life"])))
            elif reserved is None:
                raise ConfigurationError("making is shared by time: give --reserved, or --items-in-life")
            else:
                lines.append((account, by_time(line, reserved, life, share)))
    if chosen["battery_wear"]:
        if any(line.name.startswith("battery") for _, line in whole):
            raise ConfigurationError(
                "--battery-wear counts the battery of the bill a second time; give one of them"
            )
        assert found.energy is not None
        lines.append(("carbon", battery_wear(found.energy)))
    return lines, [line for account, line in whole if account == "carbon"]


def _assess(
    chosen: dict[str, Any], found: subject.Subject, making: list[tuple[str, Line]]
) -> tuple[Footprint, Any, list[str]]:
    from powermeter.footprint.assessment import footprint as assess
    from powermeter.footprint.charging import parse_chain
    from powermeter.footprint.factors import given
    from powermeter.footprint.grid import carbon_of_mix, intensity_of, water_of_mix
    from powermeter.footprint.place import parse_place

    assert found.energy is not None
    text = chosen["place"] or found.metadata.get("place")
    place = parse_place(text) if isinstance(text, str) and text else None
    notes: list[str] = []
    series = None
    intensity = None
    if chosen["intensity"] is not None:
        try:
            intensity = intensity_of(float(chosen["intensity"]))
        except ValueError as error:
            if isinstance(error, ConfigurationError):
                raise
            series, intensity, notes = _met(chosen, found, place)
    water = None
    if chosen["mix"] is not None:
        if intensity is not None:
            raise ConfigurationError("--mix and --intensity both say what a kWh emits; give one of them")
        shares = _shares(chosen["mix"])
        intensity, water = carbon_of_mix(shares), water_of_mix(shares, "own mix")
    cooling = toml.read(chosen["cooling"]) if chosen["cooling"] is not None else None
    wue = None if chosen["wue"] is None else given("datacentre.wue", chosen["wue"], "L/kWh")
    if wue is not None and wue.central < 0:
        raise ConfigurationError(f"--wue {wue.central:g}: cannot be negative")
    whole = assess(
        found.energy,
        place,
        chain=parse_chain(chosen["chain"]),
        losses=chosen["losses"],
        intensity=intensity,
        water=water,
        cooling=cooling,
        making=making,
        pue=_pue(chosen["pue"]),
        wue=wue,
    )
    return whole, series, notes


def _shares(path: Path) -> dict[str, float]:
    shares = {}
    for fuel, value in toml.read(path).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigurationError(f"{path.name}: the share of {fuel} is {value!r}, no number")
        shares[fuel] = float(value)
    return shares


def _pue(text: str | None) -> Any:
    from powermeter.footprint.factors import default, given

    if text is None:
        return None
    if text in ("unknown", "hyperscale"):
        return default("datacentre.pue" if text == "unknown" else "datacentre.pue.hyperscale")
    ratio = parse_quantity(text, "1")
    if not 1 <= ratio <= 5:
        raise ConfigurationError(f"--pue {text}: a PUE is 1 or more (or unknown, hyperscale)")
    return given("datacentre.pue", ratio, "1")


def _met(chosen: dict[str, Any], found: subject.Subject, place: Any) -> tuple[Any, Any, list[str]]:
    """Meet the recording with the hours of a file."""
    from powermeter.footprint.grid import grid
    from powermeter.footprint.intensity import as_factor, of_events, weigh
    from powermeter.footprint.intensity_file import read

    series = read(chosen["intensity"], chosen["basis"])
    if found.analysis is None or not found.clock:
        raise ConfigurationError("an intensity file needs a recording with a wall clock, to know its hours")
    annual = None
    if place is not None and series.kind == "average":
        carbon = grid(place).carbon
        annual = carbon.central if carbon.basis.startswith(series.basis) else None
    analysis = found.analysis
    running = analysis.integral.at
    if chosen["label"] is not None:
        row = subject.row_of(analysis, chosen["label"])
        running = of_events(
            running, [(analysis.events[i].start_ns, analysis.events[i].end_ns) for i in row.index]
        )
    weighted = weigh(series, running, analysis.start_ns, analysis.end_ns, found.clock, annual)
    notes = list(weighted.notes)
    if chosen["baseline"] is not None:
        notes.append("the hours are weighted with the energy before the baseline was subtracted")
    if found.analysis.gap_s:
        notes.append(f"the recording has {analysis.gap_s:.3g} s of gaps, bridged")
    return series, as_factor(series, weighted, place.code if place else "as the file"), notes


def _per_item(
    found: subject.Subject, whole: Footprint, making: list[Line], lines: list[str], said: dict[str, Any]
) -> None:
    from powermeter.footprint.allocation import break_even
    from powermeter.footprint.formula import Line as OneLine
    from powermeter.footprint.formula import total
    from powermeter.footprint.text import interval

    if not found.items:
        return
    each = {name: account.result.scaled(1 / found.items) for name, account in whole.accounts.items()}
    lines.append(
        f"per item ({found.items:g} × {found.item}): carbon {interval(each['carbon'], whole.digits('carbon'))}"
    )
    said["per_item"] = {name: plain(result) for name, result in each.items()}
    if not making:
        return
    use = whole.accounts["carbon"].lines[0]
    count = found.items
    per_item = OneLine(
        "use of one item", "g", use.inputs, lambda x: use.compute(x) / count, f"({use.formula}) / items"
    )
    made = OneLine(
        "making",
        "g",
        {f"{i} {key}": item for i, line in enumerate(making) for key, item in line.inputs.items()},
        lambda x: sum(
            line.compute({key: x[f"{i} {key}"] for key in line.inputs}) for i, line in enumerate(making)
        ),
        "making",
    )
    if per_item.value <= 0 or total(making).value <= 0:
        return
    found_at = break_even(made, per_item).result()
    span = f"{format_number(found_at.low, 2)} to {format_number(found_at.high, 2)}"
    lines.append(f"break-even: use equals making after {format_number(found_at.value, 2)} items ({span})")
    said["break_even"] = plain(found_at)


def _more(
    chosen: dict[str, Any],
    found: subject.Subject,
    whole: Footprint,
    series: Any,
    lines: list[str],
    said: dict[str, Any],
) -> None:
    from powermeter.footprint.text import amount

    if chosen["stress"] is not None:
        if not 0.1 <= chosen["stress"] <= 100:
            raise ConfigurationError(
                f"--stress {chosen['stress']:g}: scarcity factors lie between 0.1 and 100"
            )
        weighted = whole.water.value * chosen["stress"] / 1000
        said["water_scarcity_m3_world_eq"] = weighted
        lines.append(
            f"water scarcity: {format_number(weighted, 2)} m3 world eq (your factor {chosen['stress']:g}); not litres"
        )
    if chosen["device"] is not None:
        lines += _minerals(chosen["device"], said)
    if chosen["sci_unit"] is not None:
        lines += _sci(chosen, found, whole, said)
    if chosen["everywhere"]:
        lines += _everywhere(chosen, whole, said)
    if chosen["hours"]:
        if series is None:
            raise ConfigurationError("--hours needs --intensity FILE")
        from powermeter.footprint.best_hours import best_and_worst
        from powermeter.footprint.intensity import show_time

        duration = found.analysis.end_ns - found.analysis.start_ns
        hours = best_and_worst(series, duration)
        scale = whole.accounts["carbon"].lines[0].value / whole.grid.carbon.central
        said["hours"] = {
            "best": {"start": show_time(hours.best_start_ns), "g": hours.best * scale},
            "here": {"g": whole.grid.carbon.central * scale},
            "worst": {"start": show_time(hours.worst_start_ns), "g": hours.worst * scale},
        }
        lines.append(
            f"same run in {series.name}: best {amount(hours.best * scale, 'g')} (start {show_time(hours.best_start_ns)}), "
            f"as run {amount(whole.grid.carbon.central * scale, 'g')}, "
            f"worst {amount(hours.worst * scale, 'g')} (start {show_time(hours.worst_start_ns)})"
        )
    if chosen["equivalents"]:
        from powermeter.footprint.equivalent import of_footprint

        said["equivalents"] = of_footprint(whole)
        lines += [
            "equivalents, each as good as its assumption:",
            *(f"  {text}" for text in said["equivalents"]),
        ]


def _minerals(kind: str, said: dict[str, Any]) -> list[str]:
    from powermeter.footprint.minerals import as_rows, composition

    try:
        rows = as_rows(composition(kind))
    except ConfigurationError as error:
        said["minerals"] = None
        return [f"minerals in the device: – ({error})"]
    said["minerals"] = [dict(zip(("element", "mass", "eu_law", "adpe"), row, strict=True)) for row in rows]
    return ["minerals tied up in the whole device (not consumed):", *(f"  {'; '.join(row)}" for row in rows)]


def _sci(chosen: dict[str, Any], found: subject.Subject, whole: Footprint, said: dict[str, Any]) -> list[str]:
    from powermeter.footprint.sci import sci_of

    if chosen["intensity"] is not None and "marginal" in whole.grid.carbon.basis:
        raise ConfigurationError("SCI takes average, location-based intensity; this file is marginal")
    count = found.items or 1
    method = f"energy {whole.energy.grade.value}, {found.title}"
    score = sci_of(whole, count, chosen["sci_unit"], method)
    said["sci"] = {"score": plain(score.score), "unit": chosen["sci_unit"], "disclosure": score.disclosure()}
    return score.disclosure().splitlines()


def _everywhere(chosen: dict[str, Any], whole: Footprint, said: dict[str, Any]) -> list[str]:
    from powermeter.footprint.place_ranking import standing
    from powermeter.footprint.text import amount

    ranks = standing(whole.place)
    scale = whole.accounts["carbon"].lines[0].value / whole.grid.carbon.central
    said["everywhere"] = {
        "basis": ranks.basis,
        "places": [
            {"place": place.code, "name": place.name, "g": value * scale} for place, value in ranks.ranked
        ],
    }
    (best, low), (worst, high) = ranks.ranked[0], ranks.ranked[-1]
    ends = (
        f"best {amount(low * scale, 'g')} in {best.name}, worst {amount(high * scale, 'g')} in {worst.name}"
    )
    lines = [f"same energy over {len(ranks.ranked)} places ({ranks.basis}, this place's losses): {ends}"]
    if ranks.here is not None and whole.place is not None:
        here = ranks.ranked[ranks.here][1] * scale
        lines.append(
            f"  here {amount(here, 'g')} in {whole.place.name}: number {ranks.here + 1} of {len(ranks.ranked)}"
        )
    return lines
