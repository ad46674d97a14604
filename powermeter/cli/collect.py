"""`powermeter collect`: recordings of a folder, a host or an object store into one dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError
from powermeter.errors.exit_codes import LEFT_OUT

if TYPE_CHECKING:
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.merging import Merged


@click.command()
@click.argument("origin", metavar="[FROM]", required=False)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DATASET",
    help="The dataset, a folder of Parquet files; made where it is not there.",
)
@click.option(
    "--readings",
    type=WordChoice(["chunks", "all", "none"]),
    default="chunks",
    show_default=True,
    help="Collect the summaries of the readings, all of them, or none.",
)
@click.option(
    "--ssh-option",
    "ssh_options",
    multiple=True,
    metavar="OPTION",
    help="Passed to ssh, for example -F/path/to/config.",
)
@click.option(
    "--merge",
    is_flag=True,
    help="Then merge the files of single recordings into large ones, which engines open faster.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print only the account at the end.")
@json_option("Print what became of each file as JSON.")
def collect(
    origin: str | None,
    output: Path,
    readings: str,
    ssh_options: tuple[str, ...],
    merge: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Bring recordings into a dataset: what is new, and what has grown.

    \b
    Example:
        powermeter collect recordings -o lab
        powermeter collect pi@pi-07:/var/lib/power -o lab --readings all
        powermeter collect s3://bucket/power -o lab
        powermeter collect -o lab --merge

    Each file is checked by its hash chain.  May be killed and started again, and several may write into one dataset.
    Ends with 14 where a file could not be taken; each is named with its reason.
    """
    from powermeter.fleet.collect import CollectionOutcome, names_shared
    from powermeter.fleet.collect import collect as run
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import origin_of

    if origin is None and not merge:
        raise ConfigurationError("name what to collect from: a folder, HOST:FOLDER or a URL")
    place = None if origin is None else origin_of(origin, ssh_options)
    dataset = Dataset(output)
    found = (
        CollectionOutcome()
        if place is None
        else run(place, dataset, readings, None if quiet or as_json else put_stderr)
    )
    merged = _merged(dataset) if merge else None
    if as_json:
        put_json({**found.to_dict(), **({} if merged is None else {"merged": merged.to_dict()})})
    else:
        lines = [] if place is None else found.lines()
        for line in [*lines, *([] if merged is None else [merged.line()])]:
            put(line)
    for name, machines in names_shared(dataset):
        put_stderr(
            f"note: {len(machines)} machines are called {name!r}; they are kept apart as {', '.join(f'{name}~{m[:4]}' for m in machines)}: "
            "give each a name of its own with --attribute device=NAME"
        )
    return LEFT_OUT if found.left else 0


def _merged(dataset: Dataset) -> Merged:
    from powermeter.fleet.merging import merge

    return merge(dataset)
