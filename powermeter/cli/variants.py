"""`powermeter variants`: variants of a model beside each other, against a baseline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from powermeter.cli.options import force_option, json_option, output_option, rail_option
from powermeter.cli.standard_output import put, put_json, put_stderr, table_width
from powermeter.errors import ConfigurationError
from powermeter.recording.output_file import (
    STANDARD_OUTPUT,
    check_output,
    in_place,
    open_output,
    unknown_extension,
)
from powermeter.units import parse_share


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--by", metavar="NAME", help="The attribute that distinguishes variants, in one recording of all."
)
@click.option("--label", "-l", metavar="NAME", help="Only events of this label.")
@click.option(
    "--baseline",
    metavar="VARIANT",
    help="The variant that the others are compared with.  [default: the first]",
)
@click.option(
    "--measure",
    metavar="NAME",
    help="The measure of how good a variant is.  [default: accuracy, or what is like it]",
)
@click.option(
    "--margin", default="0%", show_default=True, metavar="SHARE", help="A difference that does not count."
)
@rail_option
@output_option("Write .csv, .md or .json; - for CSV here.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw all against each other: FILE.png, FILE.svg.",
)
@force_option
@json_option()
def variants(
    recordings: tuple[Path, ...],
    margin: str,
    output: Path | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
    **asked: str | None,
) -> None:
    """Compare variants of a model: size, parameters, FLOPs, accuracy, latency, energy per item, verdict.

    \b
    Example:
        powermeter variants base.power pruned.power int8.power --plot variants.png
        powermeter variants run.power --by variant --baseline fp32 -o variants.md

    What a variant is comes from powermeter.watch(model) and from attributes (parameters=…, flops=…, size=…); how good it is from
    event.measure(accuracy=…).  The verdict is that of powermeter compare.
    """
    from powermeter.comparison.variants import Variants
    from powermeter.comparison.variants import variants as find
    from powermeter.reports import variants as report

    writers: dict[str, Callable[[Variants], str]] = {
        ".csv": report.to_csv,
        ".md": report.to_markdown,
        ".json": lambda f: json.dumps(report.record(f), indent=2),
    }
    ending = ".csv" if output == STANDARD_OUTPUT else output.suffix.lower() if output else ""
    if output == STANDARD_OUTPUT and as_json:
        raise ConfigurationError("--json prints the table; name a file with -o, not -")
    if output is not None:
        if ending not in writers:
            raise unknown_extension(output, f"use {', '.join(writers)}")
        check_output(output, force=force)
    if plot is not None:
        check_output(plot, force=force)
    found = find(recordings, margin=parse_share(margin), **asked)
    if as_json:
        put_json(report.record(found))
    elif output is None:
        put(report.to_text(found, table_width()))
    if output is not None:
        with open_output(output) as file:
            file.write(writers[ending](found).encode("utf-8", "replace"))
        if output != STANDARD_OUTPUT:
            put_stderr(f"wrote {output}")
    if plot is not None:
        with in_place(plot) as part:
            report.draw(part, found, plot.suffix[1:].lower())
        put_stderr(f"wrote {plot}")
