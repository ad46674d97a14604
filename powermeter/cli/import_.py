"""`powermeter import`: another tool's recording as one of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli.options import force_option, json_option
from powermeter.cli.progress import progress
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError, plural
from powermeter.result.notes import plain_notes
from powermeter.units import format_duration, parse_quantity, parse_rate, parse_share

if TYPE_CHECKING:
    from powermeter.importers import Choices, Log

_AS = ("power", "mean", "per-row", "counter", "level", "held")
_GRADES = ("measured", "derived", "estimated", "assumed", "simulated")


def _columns(texts: tuple[str, ...]) -> dict[str, str]:
    columns = {}
    for text in texts:
        name, separator, unit = text.rpartition("=")
        if not separator or not name or not unit:
            raise ConfigurationError(
                f"--column {text!r}: write NAME=UNIT or NUMBER=UNIT, for example 'Power=mW'"
            )
        columns[name] = unit
    return columns


def _as(texts: tuple[str, ...]) -> dict[str, str]:
    """Return column → meaning; a blank column stands for all."""
    found = {}
    for text in texts:
        name, _, meaning = text.rpartition("=")
        if meaning not in _AS:
            raise ConfigurationError(
                f"--as {text!r}: write {', '.join(_AS[:-1])} or {_AS[-1]}, or COLUMN=counter for one column"
            )
        found[name] = meaning
    return found


@click.command("import", short_help="Turn another tool's recording into one of ours.")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The recording to write; with --each a folder. [default: PATH's name with .power]",
)
@click.option(
    "--explain", is_flag=True, help="Print what is understood of each column and why; write nothing."
)
@click.option("--each", is_flag=True, help="Of several logs, make a recording each instead of one.")
@click.option(
    "--format", "format_", metavar="NAME", help="The format, where it is not recognised; see --formats."
)
@click.option("--unit", metavar="UNIT", help="Unit of the values, where the file states none or a wrong one.")
@click.option(
    "--rate", metavar="RATE", help="How often the rows were taken (10Hz, 100ms), where there are no times."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=UNIT",
    help="Unit of one column, by header or number; '-' leaves it out.",
)
@click.option(
    "--as",
    "as_",
    multiple=True,
    metavar="[COLUMN=]KIND",
    help="What the numbers are: power, mean, per-row, counter, level or held.",
)
@click.option("--rail", metavar="NAME", help="The rail that is the whole, where the names do not state it.")
@click.option(
    "--sum", "add_up", is_flag=True, help="The rails add up to the whole: none is a part of another."
)
@click.option("--voltage", metavar="VOLT", help="Supply voltage, where only the current was logged.")
@click.option(
    "--zone",
    metavar="ZONE",
    help="Time zone of stamps that name none: Europe/Berlin, +01:00, UTC, local. [default: UTC]",
)
@click.option(
    "--dates", type=WordChoice(["dmy", "mdy", "ymd"]), help="Order of day, month and year in the dates."
)
@click.option(
    "--decimal",
    type=WordChoice(["point", "comma"]),
    help="Decimal mark; the other one is between thousands.",
)
@click.option(
    "--interleaved", type=click.IntRange(1, 64), metavar="N", help="The rows alternate between N devices."
)
@click.option("--grade", type=WordChoice(_GRADES), help="How the values were obtained, where you know it.")
@click.option("--accuracy", metavar="SHARE", help="The instrument's limit of error, where you know it: 0.5%.")
@click.option("--session", metavar="NAME", help="Which session, where the file holds several.")
@click.option(
    "--events", type=click.Path(path_type=Path), help="A file with events on the same clock: time,name."
)
@force_option
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda c, p, v: _list(c, v),
    help="List the formats and exit.",
)
@json_option("Print what was read and written as JSON.")
def import_(paths: tuple[Path, ...], output: Path | None, as_json: bool, **typed: Any) -> None:
    """Turn another tool's recording into one of ours.

    \b
    Examples:
      powermeter import tegrastats.log -o run.power
      powermeter import results/resnet50/performance/run_1 -o run.power
      powermeter import --explain meter.csv
      powermeter import meter.csv -o run.power --column Time=ms --column Power=mW
      powermeter import 'logs/*.csv' --each -o recordings

    PATH is a file, plain or gzipped, a folder, an archive or a pattern; the format is recognised.  A unit or a
    time that the file does not name is asked for, never guessed.
    """
    from powermeter.importers import several_logs

    choices = _choices(typed)
    if typed["explain"]:
        from powermeter.importers.explain import explain

        texts = {
            str(p): explain(p, format=typed["format_"], choices=choices) for p in several_logs.expand(paths)
        }
        if as_json:
            put_json({"explained": [{"path": p, "lines": t.splitlines()} for p, t in texts.items()]})
        for text in () if as_json else texts.values():
            put(text)
        return
    jobs = several_logs.jobs(paths, output, each=typed["each"])
    failed, written = [], []
    for done, job in enumerate(jobs):
        of = f"{done + 1} of {len(jobs)}: " if len(jobs) > 1 else ""
        with progress(f"reading {of}{job.paths[0].name}") as note:
            try:
                log = several_logs.convert(
                    job,
                    format=typed["format_"],
                    choices=several_logs.watched(choices, _advance(job.size, note)),
                    force=typed["force"],
                )
            except Exception as error:
                if not typed["each"] or len(jobs) == 1:
                    raise
                failed.append(f"{error}")
                continue
        if as_json:
            written.append(_plain(log, job.out))
        else:
            _report(log, job.out)
    if as_json:
        put_json({"written": written, "failed": failed})
    if failed:
        for text in failed:
            put_stderr(f"powermeter: {text}")
        raise several_logs.some_failed(len(failed), len(jobs))


def _choices(typed: dict[str, Any]) -> Choices:
    from powermeter import importers
    from powermeter.importers.time_zones import LogZone
    from powermeter.result import Grade

    return importers.Choices(
        unit=typed["unit"],
        period_s=None if typed["rate"] is None else parse_rate(typed["rate"]),
        columns=_columns(typed["columns"]),
        voltage_v=None if typed["voltage"] is None else parse_quantity(typed["voltage"], "V"),
        zone=None if typed["zone"] is None else LogZone.parse(typed["zone"]),
        session=typed["session"],
        events=typed["events"],
        accuracy=None if typed["accuracy"] is None else parse_share(typed["accuracy"]),
        grade=None if typed["grade"] is None else Grade(typed["grade"]),
        rail=typed["rail"],
        add_up=typed["add_up"],
        as_=_as(typed["as_"]),
        dates=typed["dates"],
        decimal=typed["decimal"],
        interleaved=typed["interleaved"],
    )


def _plain(log: Log, out: Path) -> dict[str, Any]:
    ends = [source.ends_ns for source in log.sources if source.count]
    return {
        "recording": str(out),
        "format": log.format,
        "clock": log.clock,
        "samples": sum(source.count for source in log.sources),
        "duration_s": (max(end for _, end in ends) - min(start for start, _ in ends)) / 1e9,
        "channels": [channel.name for source in log.sources for channel in source.channels],
        "events": len(log.events),
        "notes": list(map(str, log.warnings)),
        "remarks": plain_notes(log.warnings),
    }


def _report(log: Log, out: Path) -> None:
    from powermeter.analysis.counted_rail import counted_rail

    for warning in log.warnings:
        put_stderr(f"note: {warning}")
    if log.external:
        put_stderr(
            "note: the instrument had a clock of its own; to read a program's events on it: "
            f"powermeter align HOST.power {out} -o JOINED.power"
        )
    rows = sum(source.count for source in log.sources)
    ends = [source.ends_ns for source in log.sources if source.count]
    first, last = min(start for start, _ in ends), max(end for _, end in ends)
    when = ""
    if log.clock == "utc":
        when = f", from {datetime.fromtimestamp(first / 1e9, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    channels = [channel for source in log.sources for channel in source.channels]
    listed = ", ".join(channel.name for channel in channels[:8]) + (" …" if len(channels) > 8 else "")
    put(
        f"{log.format}: {plural(rows, 'sample')}, {format_duration((last - first) / 1e9)} from the first to the last{when}; {listed}"
    )
    rails = list(dict.fromkeys(channel.rail.name for channel in channels if channel.rail is not None))
    decided = log.facts.get("whole")
    whole = counted_rail(out) if decided is None and len(rails) > 1 else None
    if decided is not None:
        whole = decided["rail"], decided["why"]
    if whole is not None and len(rails) > 1:
        put(f"rails: {', '.join(rails[:16])}; counted as the whole: {whole[0]} ({whole[1]})")
    if log.events:
        put(
            f"{plural(len(log.events), 'event')}: {', '.join(dict.fromkeys(event.name for event in log.events))}"
        )
    put_stderr(f"wrote {out}")


def _advance(size: int | None, note: Callable[[float], None]) -> Callable[[int], None]:
    """Return the callback that takes the number of characters read, and notes their share where the size is known."""
    taken = 0

    def advance(read: int) -> None:
        nonlocal taken
        taken += read
        if size:
            note(min(taken / size, 1.0))

    return advance


def _list(context: click.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from powermeter import importers

    for name, importer in importers.importers().items():
        put(f"{name:16} {importer.title}")
    context.exit()
