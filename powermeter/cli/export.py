"""`powermeter export`: a recording's samples, events or labels as a table for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter import registry
from powermeter.cli.report import write
from powermeter.cli.show import reading_options, tell
from powermeter.errors import ConfigurationError

WHAT = ("samples", "events", "labels")


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; its ending says how: .csv, .json, .parquet, .jls.",
)
@click.option(
    "--what",
    "-w",
    type=click.Choice(WHAT),
    default="samples",
    show_default=True,
    help="Every sample, every event with its energy, or a row a label.",
)
@reading_options
@click.option("--force", is_flag=True, help="Replace an existing file.")
def export(recording: Path, output: Path, what: str, force: bool, **options: Any) -> None:
    """Write a recording as a table, in SI units and unrounded.

    \b
    Example:
        powermeter export run.power -o samples.csv
        powermeter export run.power -o events.parquet --what events
        powermeter export run.power -o labels.json --what labels --by model,batch

    Samples are as recorded: scaled to SI, no calibration applied.
    """
    from powermeter.recording import Recording

    formats = registry.load("powermeter.reports.formats:FORMATS")
    ending = output.suffix.lower()
    if ending not in formats and ending != ".jls":
        raise ConfigurationError(f"{output}: write {', '.join(formats)} or .jls")
    if ending == ".jls" and what != "samples":
        raise ConfigurationError(f"{output}: a .jls file holds samples and events together; leave --what out")
    if output.resolve() == recording.resolve():
        raise ConfigurationError(f"{output} is the recording itself; name another file with -o")
    with Recording.open(recording) as opened:
        data: bytes | None = None
        if ending == ".jls":
            registry.load("powermeter.reports.jls:write_jls")(opened, output, force=force)
        elif what == "samples":
            data = formats[ending](registry.load("powermeter.reports.tables:samples")(opened))
        else:
            story = tell(opened, **options)
            data = formats[ending](registry.load(f"powermeter.reports.tables:{what}")(story))
        for warning in opened.warnings:
            click.echo(f"note: {warning}", err=True)
    if data is not None:
        write({output: data}, force)
    click.echo(f"wrote {output}")
