"""`powermeter lifetime`: the same function on the device and in a data centre over years."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter.cli import subject_options
from powermeter.cli.options import json_option, line_option, renamed_option, take_renamed
from powermeter.cli.standard_output import put, put_json
from powermeter.cli.word_choice import WordChoice


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path, dir_okay=False))
@subject_options.options
@click.option(
    "--requests-per-day",
    "-n",
    type=float,
    default=20,
    show_default=True,
    metavar="N",
    help="Inferences asked for each day.",
)
@click.option(
    "--years", type=float, default=4, show_default=True, metavar="N", help="How long the device is used."
)
@click.option(
    "--task", default="voice", show_default=True, metavar="NAME", help="Cited energy of a cloud inference."
)
@click.option(
    "--cloud-energy", metavar="ENERGY", help="Of one inference in the cloud, instead of the cited one."
)
@click.option(
    "--cloud",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A recording of the server: its measured energy per request.",
)
@click.option("--cloud-label", metavar="NAME", help="Which events of that recording are requests.")
@click.option(
    "--cloud-tokens",
    type=float,
    metavar="N",
    help="Generated tokens a request, times the server's energy per token.",
)
@click.option("--home", "--place", "home", metavar="CODE", help="Place of the device.")
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
    help="Network traffic per request.",
)
@line_option
@click.option("--pue", metavar="RATIO", help="Of the data centre; 1.09 to 1.2 to 1.3 otherwise.")
@click.option("--wue", type=float, metavar="L/kWh", help="Water on site of the data centre.")
@click.option(
    "--chip", metavar="AREA@NODE", default="10mm2@28nm", show_default=True, help="Made for this function."
)
@click.option(
    "--chip-kg",
    type=float,
    metavar="KG",
    help="Production of what the device needs, instead of a chip, in kg CO2e.",
)
@click.option(
    "--chain", default="adapter", show_default=True, metavar="WHAT", help="Efficiency from plug to device."
)
@click.option("--price-request", type=float, default=0.0, metavar="MONEY", help="Of one cloud request.")
@click.option("--connectivity", type=float, default=0.0, metavar="MONEY", help="Connectivity, per year.")
@click.option("--price-chip", type=float, default=0.0, metavar="MONEY", help="Of what the device needs.")
@click.option("--tariff", type=float, default=0.0, metavar="MONEY/kWh", help="Of electricity at home.")
@click.option("--currency", metavar="CODE", help="Of all prices, for example EUR.")
@click.option("--price-year", type=int, metavar="YEAR", help="Of all prices.")
@click.option(
    "--tornado",
    default="carbon",
    show_default=True,
    type=WordChoice(["energy", "carbon", "water", "adpe", "money"]),
    help="The account whose deciding factors are listed.",
)
@renamed_option("--what")
@json_option("The same numbers unrounded, each with its unit.")
def lifetime(recording: Path | None, as_json: bool, **chosen: Any) -> None:
    """Compare years of inference on the device with years in the cloud.

    \b
    Example:
        powermeter lifetime run.power --label infer --requests-per-day 20 --years 4 --home FRA --away USA
        powermeter lifetime run.power --label infer --cloud server.power --cloud-label request
        powermeter lifetime --energy 36J --requests-per-day 20 --price-request 0.0004 --price-chip 0.80
    """
    from powermeter.analysis.subject import find
    from powermeter.footprint.lifetime_assessment import assess
    from powermeter.footprint.lifetime_options import LifetimeOptions

    take_renamed(chosen, {"--what": "--tornado"}, until="1 June 2027")
    wanted = LifetimeOptions(**{name: chosen[name] for name in LifetimeOptions.__dataclass_fields__})
    report = assess(find(recording, subject_options.asked(chosen)), wanted)
    (put_json(report.record()) if as_json else put(report.text()))
