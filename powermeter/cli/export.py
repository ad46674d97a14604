"""`powermeter export`: a recording's samples, events or labels as a table for other tools."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from powermeter.cli.report_options import reading_options, report_options
from powermeter.errors import ConfigurationError
from powermeter.output_file import STANDARD_OUTPUT, check_output, in_place, open_output

WHAT = ("samples", "events", "labels")


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write (.csv, .json, .parquet, .jls), or - for standard output.",
)
@click.option(
    "--what",
    "-w",
    type=click.Choice(WHAT),
    default="samples",
    show_default=True,
    help="Every sample, every event with its energy, or one row per label.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "parquet", "jls"]),
    help="The format, where the file's extension does not name it.",
)
@reading_options
@click.option("--force", is_flag=True, help="Replace an existing file.")
def export(recording: Path, output: Path, what: str, form: str | None, force: bool, **typed: Any) -> None:
    """Write a recording as a table, in SI units and unrounded.

    \b
    Example:
        powermeter export run.power -o samples.csv
        powermeter export run.power -o events.parquet --what events
        powermeter export run.power -o labels.json --what labels --by model,batch
        powermeter export run.power -o - --format csv | head

    Samples are as recorded: scaled to SI, no calibration applied.
    """
    from powermeter.recording import Recording
    from powermeter.reports import tables
    from powermeter.reports.formats import FORMATS
    from powermeter.reports.jls import write_jls
    from powermeter.reports.report_data import gather
    from powermeter.reports.sample_tables import sample_tables

    if output == STANDARD_OUTPUT and form is None:
        raise ConfigurationError("-o - is standard output; name the format too, for example --format csv")
    ending = f".{form}" if form else output.suffix.lower()
    if ending not in FORMATS and ending != ".jls":
        raise ConfigurationError(f"{output}: unknown file extension; use {', '.join(FORMATS)} or .jls")
    if ending == ".jls" and what != "samples":
        raise ConfigurationError(f"{output}: a .jls file holds samples and events together; leave --what out")
    if ending == ".jls" and output == STANDARD_OUTPUT:
        raise ConfigurationError("a .jls file cannot be written to standard output; name a file with -o")
    check_output(output, force=force, inputs=[recording])
    with Recording.open(recording) as opened:
        if ending == ".jls":
            with in_place(output) as part:
                write_jls(opened, part)
        else:
            if what == "samples":
                parts: Iterable[tables.Table] = sample_tables(opened)
            else:
                data = gather(opened, report_options(typed))
                parts = [tables.events(data.analysis) if what == "events" else tables.labels(data)]
            with open_output(output) as file:
                FORMATS[ending](parts, file)
        for warning in opened.warnings:
            click.echo(f"note: {warning}", err=True)
    if output != STANDARD_OUTPUT:
        click.echo(f"wrote {output}", err=True)
