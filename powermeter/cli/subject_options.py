"""The options that name the subject of `budget`, `footprint` and `lifetime`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from powermeter.cli.options import baseline_option, items_option, per_option

if TYPE_CHECKING:
    from powermeter.analysis.selection import Asked

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """Add the options that select what is reported on."""
    for option in (
        click.option(
            "--label",
            "-l",
            metavar="NAME",
            help="Count only events of this label; items are theirs. infer[model=small] picks by attribute.",
        ),
        click.option(
            "--rail", metavar="NAME", help="The rail to count; the best stand-in for the battery otherwise."
        ),
        baseline_option,
        click.option(
            "--energy", metavar="ENERGY", help="Without a recording: energy, for example 12Wh or 3kJ."
        ),
        click.option("--power", metavar="POWER", help="Without a recording: mean power, for example 2.85W."),
        click.option(
            "--current", metavar="CURRENT", help="Without a recording: mean current, for example 0.57A."
        ),
        click.option(
            "--duration", "-d", metavar="TIME", help="Without a recording: how long, for example 8h."
        ),
        items_option,
        per_option,
    ):
        command = option(command)
    return command


def asked(chosen: Mapping[str, Any]) -> Asked:
    """Return what those options ask, out of a command's parameters."""
    from powermeter.analysis.selection import Asked

    return Asked(**{name: chosen[name] for name in Asked.__dataclass_fields__ if name in chosen})
