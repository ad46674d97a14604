"""`powermeter fleet`: what a dataset of many recordings answers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.progress import progress
from powermeter.cli.standard_output import put, put_json, put_stderr, table_width
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError, plural
from powermeter.recording.output_file import STANDARD_OUTPUT, check_output, open_output, unknown_extension

QUESTIONS = ("energies", "leaderboard", "outliers", "drifts", "regressions", "totals", "life")


@click.command()
@click.argument("dataset", metavar="DATASET", type=click.Path(path_type=Path))
@click.argument("questions", metavar="[QUESTION]...", nargs=-1, type=WordChoice((*QUESTIONS, "recompute")))
@click.option(
    "--by",
    metavar="NAMES",
    default="model,version,label",
    show_default=True,
    help="Group energies by: device, model, version, label, board, source, place, rail, boundary, grade, day, sensor.",
)
@click.option("--only", "only", multiple=True, metavar="NAME=VALUE", help="Count only these: label=infer.")
@click.option("--since", metavar="DAY", help="From this UTC day on: 2026-10-01.")
@click.option("--until", metavar="DAY", help="Before this UTC day.")
@click.option("--measured", is_flag=True, help="Leave simulated recordings out.")
@click.option(
    "--battery", "-b", metavar="CAPACITY", help="Set against this battery; each device's own otherwise."
)
@click.option("--place", "-p", metavar="CODE", help="Of recordings that note none: FRA, USA-CA.")
@click.option(
    "--intensity",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of hourly g CO2e/kWh, met with the hours of every recording.",
)
@click.option(
    "--margin", metavar="RATIO", default="0", help="A change between versions up to this does not count: 5%."
)
@click.option("--engine", default="duckdb", show_default=True, metavar="NAME", help="duckdb or spark.")
@click.option(
    "--master", metavar="URL", help="Of Spark: local[2], local-cluster[2,1,1024], spark://HOST:7077."
)
@click.option("--memory", metavar="SIZE", help="DuckDB's limit of memory: 2GB.")
@json_option()
@output_option("Write a page (.html) or JSON (.json); of recompute: Parquet (.parquet).")
@force_option
def fleet(
    dataset: Path,
    questions: tuple[str, ...],
    by: str,
    only: tuple[str, ...],
    since: str | None,
    until: str | None,
    measured: bool,
    battery: str | None,
    place: str | None,
    intensity: Path | None,
    margin: str,
    engine: str,
    master: str | None,
    memory: str | None,
    as_json: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Query a dataset that was collected from many devices.

    \b
    Example:
        powermeter fleet lab
        powermeter fleet lab energies --by device,label --only model=tiny
        powermeter fleet lab regressions totals --place FRA
        powermeter fleet lab -o fleet.html
        powermeter fleet lab energies --engine spark --master spark://head:7077
        powermeter fleet lab recompute -o events.parquet

    Questions are energies, leaderboard, outliers, drifts, regressions, totals and life; all of them where none is named.  recompute
    computes the energy of every event anew from its readings, on the engine.
    """
    from powermeter.fleet.answers import FleetOptions, answers
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.questions import AskedOfFleet
    from powermeter.units import parse_share

    if output is not None:
        check_output(output, force=force)
    groups = tuple(name.strip() for name in by.split(",") if name.strip()) if by else ()
    asked = AskedOfFleet(_pairs(only), _day(since), _day(until), not measured)
    wanted = FleetOptions(
        tuple(q for q in QUESTIONS if q in questions) or QUESTIONS,
        groups,
        asked,
        battery,
        place,
        intensity,
        parse_share(margin),
    )
    with engine_of(engine, dataset, master=master, memory=memory) as opened:
        if "recompute" in questions:
            from powermeter.fleet.recompute import write_energies

            if output is None or output.suffix != ".parquet":
                raise ConfigurationError("recompute writes Parquet; name a file with -o events.parquet")
            with progress(f"computing {dataset.name}") as note:
                count = write_energies(opened, output, note)
            put_stderr(f"wrote {output}: {plural(count, 'event')}")
            return
        with progress(f"asking {dataset.name}") as note:
            found = answers(opened, wanted, note)
    _print(found, as_json, output)


def _print(found: object, as_json: bool, output: Path | None) -> None:
    from powermeter.fleet.answers import Answers
    from powermeter.reports import fleet_page

    assert isinstance(found, Answers)
    if output is None:
        (put_json(found.to_dict()) if as_json else put(fleet_page.to_text(found, table_width())))
        return
    ending = ".json" if as_json else output.suffix.lower()
    if output != STANDARD_OUTPUT and ending not in (".html", ".json"):
        raise unknown_extension(output, "use .html or .json")
    text = fleet_page.to_html(found) if ending == ".html" else json.dumps(found.to_dict(), indent=2) + "\n"
    with open_output(output) as file:
        file.write(text.encode("utf-8", "replace"))
    if output != STANDARD_OUTPUT:
        put_stderr(f"wrote {output}")


def _pairs(typed: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in typed:
        name, equals, value = pair.partition("=")
        if not equals or not name or not value:
            raise ConfigurationError(f"--only {pair!r}: write NAME=VALUE, for example label=infer")
        found[name] = value
    return found


def _day(text: str | None) -> str | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a day; write for example 2026-10-01") from None
