"""`powermeter cite`: BibTeX, methods and data statement of a recording, for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter.cli.options import json_option
from powermeter.cli.report_options import reading_options, report_options
from powermeter.cli.standard_output import put, put_json


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@reading_options
@json_option("The same as an object: bibtex, methods, data, sha256.")
def cite(recording: Path, as_json: bool, **typed: Any) -> None:
    """Print what a paper needs: BibTeX, a methods paragraph, a data statement and the recording's hash.

    \b
    Example:
        powermeter cite run.power
        powermeter cite run.power --place FRA > run.txt
        powermeter cite run.power --json
    """
    from powermeter.recording import Recording
    from powermeter.reports.citation import citation, record
    from powermeter.reports.report_data import gather

    with Recording.open(recording) as opened:
        data = gather(opened, report_options(typed))
    if as_json:
        put_json(record(data))
        return
    put(citation(data), nl=False, break_words=False)  # in a file lines stay as they are
