"""`powermeter footprint`: carbon, water and minerals of a recording, or of an amount of energy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter.cli import subject_options
from powermeter.cli.options import (
    cooling_option,
    json_option,
    line_option,
    place_option,
    renamed_option,
    take_renamed,
    tokens_option,
)
from powermeter.cli.standard_output import put, put_json
from powermeter.cli.word_choice import WordChoice


@click.command()
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@subject_options.options
@place_option
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
    type=WordChoice(["lifecycle", "direct"]),
    default="lifecycle",
    show_default=True,
    help="Column of an intensity file that has both.",
)
@click.option(
    "--device",
    metavar="KIND",
    help="Embodied footprint of a device: mcu, board, phone, laptop, server, gpu, speaker …",
)
@click.option(
    "--bill",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Production by a bill of materials in TOML ([[part]] name, kind, …).",
)
@click.option(
    "--life", metavar="TIME", help="Years in service, for example 4y; the device's usual life otherwise."
)
@click.option("--reserved", metavar="TIME", help="Time the device was reserved; the measured time otherwise.")
@click.option(
    "--device-share", metavar="RATIO", help="Resources reserved over all of the device's.  [default: 1]"
)
@renamed_option("--share")
@click.option(
    "--items-in-life", type=float, metavar="N", help="Allocate the making by use: items in a whole life."
)
@click.option("--battery-wear", is_flag=True, help="Add the wear of the battery that delivered the energy.")
@cooling_option
@click.option(
    "--ewif", type=float, metavar="L/kWh", help="Water of electricity, off site; the place's otherwise."
)
@click.option(
    "--stress", type=float, metavar="CF", help="Your basin's scarcity factor; shown beside the litres."
)
@click.option("--sci", metavar="UNIT", help="Software Carbon Intensity per UNIT, with its disclosure.")
@click.option(
    "--swi", metavar="UNIT", help="Software Water Intensity per UNIT: operational and embodied litres."
)
@click.option(
    "--ai",
    metavar="KIND",
    help="In the units of SCI for AI: llm, inference, image, agent, ocr, speech …; "
    "of a provider: flop, training-token, parameter.",
)
@click.option(
    "--units", type=float, metavar="N", help="How many of that unit: 3e21 FLOP, 2.5e9 parameters, 40 images."
)
@click.option("--counted", metavar="TEXT", help="How a provider counted: 'gross: why' or 'effective: why'.")
@click.option("--boundary", metavar="NAMES", help="What is inside, with commas: inference servers, caches.")
@click.option(
    "--whole-period", is_flag=True, help="Carbon of a whole period with its idle time: then it is a score."
)
@tokens_option
@click.option("--prompt-tokens", type=float, metavar="N", help="Prompt tokens, likewise.")
@click.option(
    "--traffic", metavar="SIZE", help="Bytes on the network, for example 90MB: by the byte and by power."
)
@line_option
@click.option(
    "--start", metavar="TIME", help="When a planned run starts (2024-03-31T01:00Z), with --intensity FILE."
)
@click.option("--everywhere", is_flag=True, help="The same energy in the best and worst places known.")
@click.option("--hours", is_flag=True, help="The best and worst hours of the intensity file, and the saving.")
@click.option("--equivalents", is_flag=True, help="Everyday equivalents, each with its assumption.")
@click.option(
    "--unit", "mass", type=WordChoice(["g", "lb"]), default="g", show_default=True, help="Mass of carbon."
)
@click.option("--explain", is_flag=True, help="Walk through the arithmetic.")
@json_option("The same numbers unrounded, each with its unit.")
def footprint(recordings: tuple[Path, ...], explain: bool, as_json: bool, **chosen: Any) -> None:
    """Print the carbon, water and minerals of electricity and of production.

    \b
    Example:
        powermeter footprint run.power --place FRA --device board
        powermeter footprint run.power --label infer --place USA-RFCW --sci inference --device board
        powermeter footprint --energy 12Wh --place California --chain wired --explain
        powermeter footprint --energy 3kWh --duration 6h --intensity week.csv --hours
        powermeter footprint --energy 9MWh --pue 1.2 --ai parameter --units 2.5e9 --counted 'gross: all'
        powermeter footprint monday.power tuesday.power --place FRA

    Several recordings are added up; errors that their meters share stay shared.
    """
    from powermeter.analysis.subject import find_all
    from powermeter.footprint.assessment import assess
    from powermeter.footprint.footprint_options import FootprintOptions

    take_renamed(chosen, {"--share": "--device-share"}, until="1 June 2027")
    wanted = FootprintOptions(**{name: chosen[name] for name in FootprintOptions.__dataclass_fields__})
    report = assess(find_all(recordings, subject_options.asked(chosen)), wanted)
    (put_json(report.record()) if as_json else put(report.text(explain)))
