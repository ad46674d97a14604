"""`powermeter show`: what a recording holds, as tables or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter.cli.report_options import lifetime_option, reading_options, report_options


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@reading_options
@lifetime_option
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded, in SI units.")
def show(recording: Path, as_json: bool, **typed: Any) -> None:
    """Print a recording's energy, charge, battery use and footprint, each with its interval.

    \b
    Example:
        powermeter show run.power
        powermeter show run.power --place FRA --by model,batch --baseline idle
        powermeter show run.power --json
    """
    from powermeter.recording import Recording
    from powermeter.reports.report_data import gather
    from powermeter.reports.terminal import print_tables

    with Recording.open(recording) as opened:
        data = gather(opened, report_options(typed))
    if as_json:
        import json

        from powermeter.reports.json_record import record

        click.echo(json.dumps(record(data), indent=2, default=str))
        return
    print_tables(data)
    if data.lifetime is not None:
        click.echo("\n" + data.lifetime.text())
