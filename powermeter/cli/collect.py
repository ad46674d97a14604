"""`powermeter collect`: recordings of a folder, a host or an object store into one dataset."""

from __future__ import annotations

from pathlib import Path

import click

from powermeter.cli.exit_codes import LEFT_OUT
from powermeter.cli.outputs import put, put_json, say


@click.command()
@click.argument("origin", metavar="FROM")
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
    type=click.Choice(["chunks", "all", "none"]),
    default="chunks",
    show_default=True,
    help="Collect the summaries of the readings, all of them, or none.",
)
@click.option(
    "--ssh-option",
    "ssh_options",
    multiple=True,
    metavar="OPTION",
    help="Handed to ssh, for example -F/path/to/config.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print the account at the end only.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each file as JSON.")
def collect(
    origin: str, output: Path, readings: str, ssh_options: tuple[str, ...], quiet: bool, as_json: bool
) -> int:
    """Bring recordings into a dataset: what is new, and what has grown.

    \b
    Example:
        powermeter collect recordings -o lab
        powermeter collect pi@pi-07:/var/lib/power -o lab --readings all
        powermeter collect s3://bucket/power -o lab

    Each file is checked by its hash chain.  May be killed and started again, and several may write into one dataset.
    Ends with 14 where a file could not be taken; each is named with its reason.
    """
    from powermeter.fleet.collect import collect as run
    from powermeter.fleet.collect import names_shared
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import origin_of

    place = origin_of(origin, ssh_options)
    dataset = Dataset(output)
    found = run(place, dataset, readings, None if quiet or as_json else say)
    if as_json:
        put_json(found.to_dict())
    else:
        for line in found.lines():
            put(line)
    for name, machines in names_shared(dataset):
        say(
            f"note: {len(machines)} machines are called {name!r}; they are kept apart as {', '.join(f'{name}~{m[:4]}' for m in machines)}: "
            "give each a name of its own with --attribute device=NAME"
        )
    return LEFT_OUT if found.left else 0
