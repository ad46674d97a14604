"""`powermeter table`: many recordings beside each other, a row for each recording and label."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.report_options import reading_options, report_options
from powermeter.cli.standard_output import put, put_stderr, table_width
from powermeter.errors import ConfigurationError, plural
from powermeter.recording.output_file import STANDARD_OUTPUT, check_output, open_output, unknown_extension

FORMATS = (".csv", ".html", ".md", ".json")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@reading_options
@click.option(
    "--sort",
    "order",
    metavar="WHAT",
    default="energy",
    show_default=True,
    help="energy, charge, latency, carbon, file, team or points.",
)
@click.option(
    "--rubric",
    "-r",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge each by these rules, and rank those that are accepted.",
)
@output_option("The file to write (.csv, .html, .md, .json), or - for CSV on standard output.")
@json_option("The rows unrounded, in SI units.")
@click.option("--title", metavar="TEXT", help="Of the page.")
@force_option
def table(
    folder: Path,
    order: str,
    rubric: Path | None,
    output: Path | None,
    as_json: bool,
    title: str | None,
    force: bool,
    **typed: Any,
) -> None:
    """Tabulate the recordings of a folder.

    \b
    Example:
        powermeter table hand-ins --by model --sort energy
        powermeter table hand-ins --label infer --items 40
        powermeter table hand-ins -o class.csv
        powermeter table hand-ins --rubric rubric.toml -o leaderboard.html

    A row for each recording and label, with its energy per item ± meter ± repeats, charge, share of the battery, latency and carbon;
    a file that cannot be read is a row with its reason.
    """
    from powermeter.fleet.handins import HandIn, check_folder, find_recordings, team_of
    from powermeter.fleet.rubric import read_rubric
    from powermeter.reports import class_page, class_ranking, class_table, table_formats

    ending = ".csv" if output == STANDARD_OUTPUT else output.suffix.lower() if output else ""
    if output is not None:
        if ending not in FORMATS:
            raise unknown_extension(output, f"use {', '.join(FORMATS)}")
        check_output(output, force=force)
    rules = read_rubric(rubric) if rubric else None
    label = typed["label"]
    options = report_options(typed if typed["items"] or typed["per"] else {**typed, "label": None})
    if rules is not None:
        found = check_folder(folder, rules)
    else:
        found = [
            HandIn(path, path.relative_to(folder).as_posix(), team_of(path, folder))
            for path in find_recordings(folder)
        ]
    rows = class_table.class_rows(found, options, rules, label or (rules.label if rules else None))
    rows = class_ranking.ranked(rows) if rules and order == "energy" else class_ranking.in_order(rows, order)
    battery = str(options.battery or (rules.battery if rules else None) or "the battery")
    heading = title or (rules.title if rules else f"Recordings in {folder.resolve().name}")
    if as_json:
        if output is not None:
            raise ConfigurationError("--json prints; to write a file leave it out: -o table.json")
        table_formats.FORMATS[".json"]([class_table.as_table(rows, options.groups)], sys.stdout.buffer)
        return
    if output is None:
        put(class_page.to_text(rows, battery, table_width()))
        return
    with open_output(output) as file:
        if ending in (".csv", ".json"):
            table_formats.FORMATS[ending]([class_table.as_table(rows, options.groups)], file)
        else:
            made = class_page.to_html if ending == ".html" else class_page.to_markdown
            file.write(made(rows, heading, battery).encode("utf-8", "replace"))
    if output != STANDARD_OUTPUT:
        problems = sum(bool(row.problem) for row in rows)
        rest = f", {problems} of them without an energy" if problems else ""
        put_stderr(f"wrote {output}: {plural(len(rows), 'row')}{rest}")
