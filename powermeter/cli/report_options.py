"""The options of `show`, `report` and `export` that state how a recording is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from powermeter.cli.options import (
    baseline_option,
    battery_option,
    cooling_option,
    items_option,
    per_option,
    place_option,
    rail_option,
)

if TYPE_CHECKING:
    from powermeter.reports.report_options import ReportOptions

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    battery_option,
    place_option,
    cooling_option,
    click.option("--chain", metavar="RATIO", help="Efficiency between plug and meter: wired, adapter, 0.85."),
    rail_option,
    click.option("--rail-voltage", metavar="VOLT", help="Its voltage, where the recording does not hold it."),
    baseline_option,
    click.option("--by", metavar="NAMES", default="", help="Split labels by attributes: model,batch."),
    click.option(
        "--label",
        "-l",
        metavar="NAME",
        help="The label that the report is about; the inferences otherwise. infer[model=small] picks by attribute.",
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
    """Add the options that state how a recording is read."""
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
