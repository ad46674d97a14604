"""`powermeter show`: what a recording says, as tables or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter import registry
from powermeter.errors import ConfigurationError
from powermeter.units import parse_quantity

if TYPE_CHECKING:
    from powermeter.battery.battery import Battery
    from powermeter.recording import Recording

TELL = "powermeter.reports.report_data:tell"


def reading_options(command: Any) -> Any:
    """Add the options that say how a recording is read; shared by `show`, `report` and `export`."""
    for option in reversed(
        (
            click.option(
                "--battery",
                "-b",
                metavar="CAPACITY",
                help="What use is set against: 4Ah (the default), 4Ah@3.85V, 15.4Wh, phone.",
            ),
            click.option(
                "--place", "-p", metavar="CODE", help="Where the electricity comes from: FRA, USA-CA."
            ),
            click.option(
                "--chain", metavar="RATIO", help="Efficiency between plug and meter: wired, adapter, 0.85."
            ),
            click.option("--rail", metavar="NAME", help="The rail to count; the widest one otherwise."),
            click.option(
                "--rail-voltage", metavar="VOLT", help="Its voltage, where the recording does not know it."
            ),
            click.option(
                "--baseline",
                metavar="WHAT",
                help="What to subtract: an event's name (idle) or a power (2.1W).",
            ),
            click.option(
                "--by", metavar="NAMES", default="", help="Split labels by attributes: model,batch."
            ),
        )
    ):
        command = option(command)
    return command


def tell(
    recording: Recording,
    battery: str | Battery | None = None,
    place: str | None = None,
    chain: str | None = None,
    rail: str | None = None,
    rail_voltage: str | None = None,
    baseline: str | None = None,
    by: str | Sequence[str] = "",
    title: str = "",
) -> Any:
    """Return the story of an open recording from options as they are typed.

    Battery and place are the ones noted in the recording where they are not given, and 4 Ah at last.

    Raises:
        ConfigurationError: An option is not usable.
        DataError: The recording holds no power.
    """
    typed = by.split(",") if isinstance(by, str) else by
    names = tuple(name.strip() for name in typed) if by else ()
    if not all(names):
        raise ConfigurationError(
            f"--by {by!r}: write names with commas between them, for example model,batch"
        )
    volts = parse_quantity(rail_voltage, "V") if rail_voltage else None
    if volts is not None and volts <= 0:
        raise ConfigurationError(f"--rail-voltage {rail_voltage!r} must be above zero")
    return registry.load(TELL)(
        recording,
        battery=battery,
        place=place,
        chain=chain,
        rail=rail,
        rail_voltage_v=volts,
        baseline=baseline,
        by=names,
        title=title,
    )


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@reading_options
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded, in SI units.")
def show(recording: Path, as_json: bool, **options: Any) -> None:
    """Print what a recording says: energy, charge, battery, footprint, and how sure that is.

    \b
    Example:
        powermeter show run.power
        powermeter show run.power --place FRA --by model,batch --baseline idle
        powermeter show run.power --json
    """
    from powermeter.recording import Recording

    with Recording.open(recording) as opened:
        story = tell(opened, **options)
    if as_json:
        import json

        click.echo(
            json.dumps(registry.load("powermeter.reports.json_record:record")(story), indent=2, default=str)
        )
        return
    _print(story)


def print_summary(
    recording: str | Path | Recording,
    battery: str | Battery | None = None,
    place: str | None = None,
    **options: Any,
) -> None:
    """Print the tables of a recording to standard output.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    from powermeter.recording import Recording

    if isinstance(recording, (str, Path)):
        with Recording.open(recording) as opened:
            story = tell(opened, battery, place, **options)
    else:
        story = tell(recording, battery, place, **options)
    _print(story)


def summary_text(
    recording: str | Path,
    battery: str | Battery | None = None,
    place: str | None = None,
    width: int = 100,
    **options: Any,
) -> str:
    """Return the tables of a recording as plain text.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    from powermeter.recording import Recording

    with Recording.open(recording) as opened:
        story = tell(opened, battery, place, **options)
    text: str = registry.load("powermeter.reports.terminal:to_text")(story, width)
    return text


def _print(story: Any) -> None:
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    if console.is_terminal:
        registry.load("powermeter.reports.terminal:print_story")(story, console)
    else:
        click.echo(registry.load("powermeter.reports.terminal:to_text")(story, console.width))
