"""Options that several verbs share, each written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from powermeter.cli.standard_output import put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError

Command = TypeVar("Command", bound=Callable[..., Any])

baseline_option = click.option(
    "--baseline", metavar="WHAT", help="What to subtract: an event's name (idle) or a power (2.1W)."
)
battery_option = click.option(
    "--battery",
    "-b",
    metavar="CAPACITY",
    help="The battery that use is compared with: 4Ah (the default), 4Ah@3.85V, 15.4Wh, phone.",
)
cooling_option = click.option(
    "--cooling",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Cooling systems by fuel in TOML, for water withdrawn beside water consumed.",
)
force_option = click.option("--force", is_flag=True, help="Replace an existing file.")
items_option = click.option(
    "--items",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Number of items processed: of --label, of the only label, or else of the whole run.",
)
line_option = click.option(
    "--line",
    type=WordChoice(["fixed", "mobile"]),
    default="fixed",
    show_default=True,
    help="Kind of network at the client.",
)
per_option = click.option(
    "--per",
    metavar="NAME",
    help="What one item is: a label whose events are counted (request); with --items a name.",
)
place_option = click.option(
    "--place",
    "-p",
    metavar="CODE",
    help="Where the electricity comes from: FRA, USA-CA, USA-RFCW (eGRID subregion), SWE-SE4, France.",
)
rail_option = click.option("--rail", metavar="NAME", help="The rail to count; the widest one otherwise.")
tokens_option = click.option(
    "--tokens", type=float, metavar="N", help="Tokens generated, where the events do not carry them."
)
until_option = click.option("--duration", "-d", metavar="TIME", help="How long; until Ctrl-C otherwise.")


def json_option(text: str = "The same numbers unrounded, in SI units.") -> Callable[[Command], Command]:
    """Return `--json`, with what it prints."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def output_option(text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """Return `--output FILE`, with what is written."""
    path = click.Path(path_type=Path, dir_okay=False)
    return click.option("--output", "-o", required=required, type=path, help=text)


def sources_option(use: str) -> Callable[[Command], Command]:
    """Return `--source URL`, which may be repeated, with what is done to it."""
    return click.option(
        "--source",
        "-s",
        "sources",
        multiple=True,
        metavar="URL",
        help=f"What to {use}; may be given several times. The best this machine has otherwise.",
    )


def renamed_option(old: str, **settings: Any) -> Callable[[Command], Command]:
    """Return an option that is only kept for those who know an earlier name; `take_renamed` puts its value where it belongs."""
    return click.option(old, default=None, hidden=True, **settings)


def take_renamed(chosen: dict[str, Any], names: Mapping[str, str], until: str) -> None:
    """Put what was given under an earlier name under the present one, and print a line for each.

    Args:
        chosen: The values of a command's options, by parameter; changed.
        names: Earlier option → the present one.
        until: The date up to which the earlier names work.

    Raises:
        ConfigurationError: Both names of an option were typed.
    """
    for old, new in names.items():
        value = chosen.pop(_parameter(old))
        if value is not None and value != ():
            if _is_typed(_parameter(new)):
                raise ConfigurationError(f"{old} is the earlier name of {new}: state one of them")
            chosen[_parameter(new)] = value
            put_stderr(f"powermeter: {old} is now {new}; the old name works until {until}")


def _is_typed(parameter: str) -> bool:
    """Return whether the command that runs was given a parameter."""
    context = click.get_current_context(silent=True)
    return context is not None and context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def _parameter(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
