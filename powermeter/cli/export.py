"""`powermeter export`: a recording's samples, events or labels in the formats of other tools."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter import registry
from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.progress import counted, progress
from powermeter.cli.report_options import reading_options, report_options
from powermeter.cli.standard_output import put_json, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError, printable
from powermeter.errors.suggestions import some_of
from powermeter.recording.file_names import SUFFIX
from powermeter.recording.output_file import (
    STANDARD_OUTPUT,
    check_output,
    in_place,
    open_output,
    unknown_extension,
)
from powermeter.result.notes import plain_notes

if TYPE_CHECKING:
    from powermeter.recording import Recording

WHAT = ("samples", "events", "labels", "tokens")

OF_EXTENSION = {".lp": "influx", ".prom": "prometheus", ".trace": "chrome-trace"}
FORMS = ("csv", "json", "parquet", "arrow", "jls", "codecarbon", *registry.EXPORTS)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@output_option(
    "The file to write (.csv, .json, .parquet, .arrow, .jls, .trace, .prom, .lp), or - for standard output.",
    required=True,
)
@click.option(
    "--what",
    "-w",
    type=WordChoice(WHAT),
    help="Of a table: every sample, every event with its energy, one row per label, or one per phase of a language model.  [default: samples]",
)
@click.option(
    "--format",
    "form",
    type=WordChoice(FORMS),
    help="The format, where the file's extension does not name it.",
)
@reading_options
@click.option(
    "--share",
    is_flag=True,
    help="Write a recording (.power) that holds only what the numbers need: no names of machine, program, instruments.",
)
@click.option(
    "--keep",
    metavar="NAMES",
    default="",
    help="With --share: attributes of run and events that stay: model,batch.",
)
@json_option("Print what was written as JSON.")
@force_option
def export(
    recording: Path,
    output: Path,
    what: str | None,
    form: str | None,
    share: bool,
    keep: str,
    force: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Write a recording for other tools, in SI units and unrounded.

    \b
    Example:
        powermeter export run.power -o samples.csv
        powermeter export run.power -o events.parquet --what events
        powermeter export run.power -o labels.json --what labels --by model,batch
        powermeter export run.power -o labels.csv --what labels --label infer --items 40
        powermeter export run.power -o run.trace
        powermeter export run.power -o emissions.csv --format codecarbon --place FRA
        powermeter export run.power -o - --format csv | head
        powermeter export run.power --share --keep model -o shared.power

    Samples are as recorded: scaled to SI, no calibration applied. Perfetto (ui.perfetto.dev) and Chrome open a
    .trace, promtool reads a .prom (OpenMetrics), InfluxDB a .lp (line protocol), Joulescope's program a .jls;
    these four hold samples and, where the format has a place for them, events.
    """
    from powermeter.recording import Recording

    if as_json and output == STANDARD_OUTPUT:
        raise ConfigurationError("--json prints what was written; name a file with -o, not -")
    if share:
        return _share(recording, output, what or form, keep, force=force, as_json=as_json)
    form = _form(output, form)
    if what is not None and form not in TABLES:
        raise ConfigurationError(f"--what is for tables; {form} holds the whole recording: leave --what out")
    if form == "jls" and output == STANDARD_OUTPUT:
        raise ConfigurationError("a .jls file cannot be written to standard output; name a file with -o")
    check_output(output, force=force, inputs=[recording])
    with Recording.open(recording) as opened:
        _write(opened, output, what or "samples", form, typed)
        warnings = list(opened.warnings)
        for warning in warnings:
            put_stderr(f"note: {warning}")
    if as_json:
        written = {"written": [str(output)], "format": form, "what": what or "samples"}
        put_json({**written, "notes": warnings, "remarks": plain_notes(warnings)})
    elif output != STANDARD_OUTPUT:
        put_stderr(f"wrote {printable(output)}")


TABLES = ("csv", "json", "parquet", "arrow")


def _form(output: Path, form: str | None) -> str:
    """Return the format asked for, or the one of the file's extension."""
    if form is not None:
        return form
    if output == STANDARD_OUTPUT:
        raise ConfigurationError("-o - is standard output; name the format too, for example --format csv")
    ending = output.suffix.lower()
    found = OF_EXTENSION.get(ending, ending[1:])
    if ending == SUFFIX:
        raise ConfigurationError(f"{printable(output)}: a copy that is a recording needs --share")
    if found not in FORMS:
        known = ", ".join([*(f".{name}" for name in (*TABLES, "jls")), *OF_EXTENSION])
        raise unknown_extension(output, f"use {known}, or --format")
    return found


def _share(
    recording: Path, output: Path, other: str | None, keep: str, *, force: bool, as_json: bool
) -> None:
    from powermeter.recording.shared_copy import share

    if other is not None or output == STANDARD_OUTPUT or output.suffix != ".power":
        raise ConfigurationError(
            "--share writes a recording: name it with -o NAME.power, without --what and --format"
        )
    left_out = share(
        recording, output, keep=[name.strip() for name in keep.split(",") if name.strip()], force=force
    )
    if as_json:
        put_json({"written": [str(output)], "left_out": list(left_out)})
        return
    put_stderr(f"left out: {'; '.join(left_out) or 'nothing'}")
    put_stderr(f"wrote {output}")


def _write(opened: Recording, output: Path, what: str, form: str, typed: dict[str, Any]) -> None:
    from powermeter.analysis.item_count import OF_RUN
    from powermeter.reports import export_columns, tokens
    from powermeter.reports.exports.emissions import write_emissions
    from powermeter.reports.jls import write_jls
    from powermeter.reports.report_data import gather
    from powermeter.reports.sample_tables import sample_tables
    from powermeter.reports.table_formats import FORMATS

    if form == "jls":
        with progress(f"writing {output.name}"), in_place(output) as part:
            write_jls(opened, part)
        return
    parts: Iterable[export_columns.Table] = ()
    with progress(f"reading {opened.path.name}"):
        data = gather(opened, report_options(typed)) if what != "samples" or form == "codecarbon" else None
    if what == "samples":
        parts = sample_tables(opened)
    elif data is not None:
        made = {
            "events": lambda: export_columns.events(data.analysis, typed["label"]),
            "labels": lambda: export_columns.labels(data.charges, typed["label"]),
        }
        table = made.get(what, lambda: tokens.table(data))()
        parts = [table]
        if not any(len(column) for column in table.values()):
            put_stderr(f"note: no {what} in {opened.path.name}: the table has its header only")
        if what != "tokens" and (whole := data.analysis.run_per_item):
            text = next((str(note) for note in data.analysis.notes if note.code == OF_RUN), "")
            put_stderr(f"note: {text}; that is {whole.show().text}, in no row of this table")
        if what == "events" and (short := export_columns.without_energies(data.analysis)):
            put_stderr(
                f"note: too short for this sampling to resolve one by one, so that their energies are empty: events of {some_of(short)}"
            )
    total = sum(opened.count(source.id) for source in opened.sources)
    with progress(f"writing {output.name}") as note, open_output(output) as file:
        if what == "samples":
            parts = counted(parts, lambda table: len(table["time_s"]), total, note)
        if form in registry.EXPORTS:
            registry.load(registry.EXPORTS[form])(opened, file)
        elif form == "codecarbon" and data is not None:
            write_emissions(data, file)
        else:
            FORMATS[f".{form}"](parts, file)
