"""`powermeter show`: what a recording holds, as tables or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli.options import json_option
from powermeter.cli.progress import progress
from powermeter.cli.report_options import lifetime_option, reading_options, report_options
from powermeter.cli.standard_output import put, put_json

if TYPE_CHECKING:
    from powermeter.analysis.charge_only import ChargeOnly
    from powermeter.reports.report_options import ReportOptions


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@reading_options
@lifetime_option
@json_option()
def show(recording: Path, as_json: bool, **typed: Any) -> None:
    """Print a recording's energy, charge, battery use and footprint, each with its interval.

    \b
    Example:
        powermeter show run.power
        powermeter show run.power --place FRA --by model,batch --baseline idle
        powermeter show run.power --json
    """
    from powermeter.analysis.charge_only import charge_only
    from powermeter.recording import Recording
    from powermeter.reports.report_data import gather
    from powermeter.reports.terminal_text import print_tables

    with Recording.open(recording) as opened:
        options = report_options(typed)
        charge = charge_only(opened, options.rail) if options.rail_voltage_v is None else None
        if charge is not None:
            _print_charge(charge, opened.path.name, options, as_json)
            return
        with progress(f"reading {recording.name}"):
            data = gather(opened, options)
    if as_json:
        from powermeter.reports.json_record import record

        put_json(record(data))
        return
    print_tables(data)
    if data.lifetime is not None:
        put("\n" + data.lifetime.text())


def _print_charge(found: ChargeOnly, title: str, options: ReportOptions, as_json: bool) -> None:
    from powermeter.battery.battery import Battery
    from powermeter.battery.preset_or_capacity import parse_battery
    from powermeter.reports.charge_text import charge_record, charge_text

    if as_json:
        put_json(charge_record(found))
        return
    battery = options.battery or "4Ah"
    put(charge_text(found, title, battery if isinstance(battery, Battery) else parse_battery(battery)))
