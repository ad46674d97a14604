"""The options of `show`, `report` and `export` that say how a recording is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from powermeter.cli.subject import items_option, per_option

if TYPE_CHECKING:
    from powermeter.reports.report_options import ReportOptions

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--battery",
        "-b",
        metavar="CAPACITY",
        help="The battery that use is compared with: 4Ah (the default), 4Ah@3.85V, 15.4Wh, phone.",
    ),
    click.option("--place", "-p", metavar="CODE", help="Where the electricity comes from: FRA, USA-CA."),
    click.option(
        "--cooling",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        metavar="FILE",
        help="Cooling systems by fuel in TOML, for water withdrawn beside water consumed.",
    ),
    click.option("--chain", metavar="RATIO", help="Efficiency between plug and meter: wired, adapter, 0.85."),
    click.option("--rail", metavar="NAME", help="The rail to count; the widest one otherwise."),
    click.option("--rail-voltage", metavar="VOLT", help="Its voltage, where the recording does not know it."),
    click.option(
        "--baseline", metavar="WHAT", help="What to subtract: an event's name (idle) or a power (2.1W)."
    ),
    click.option("--by", metavar="NAMES", default="", help="Split labels by attributes: model,batch."),
    click.option(
        "--label", "-l", metavar="NAME", help="The label that the report is about; the inferences otherwise."
    ),
    items_option,
    per_option,
)


lifetime_option = click.option(
    "--lifetime",
    metavar="N|FILE",
    help="Compare years of use here with years in a data centre: requests a day, or a TOML file with the "
    "options of powermeter lifetime.",
)


def reading_options(command: Command) -> Command:
    """Add the options that say how a recording is read."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def report_options(typed: dict[str, Any]) -> ReportOptions:
    """Return the options of a report from those of the command line.

    Args:
        typed: What click passes for `reading_options`, and `title` where the verb has it.
    """
    from powermeter.reports.report_options import ReportOptions

    rest = dict(typed)
    return ReportOptions(rail_voltage_v=rest.pop("rail_voltage"), **rest)
