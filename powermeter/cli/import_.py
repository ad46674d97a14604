"""`powermeter import`: another tool's recording as one of ours."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import click

from powermeter.errors import ConfigurationError
from powermeter.units import format_duration, parse_quantity, parse_rate


def _zone(text: str | None) -> int | None:
    """Return seconds east of UTC of `UTC`, `local` or `+01:00`."""
    if text is None:
        return None
    if text.lower() in ("utc", "z"):
        return 0
    if text.lower() == "local":
        offset = datetime.now().astimezone().utcoffset()
    else:
        try:
            offset = datetime.strptime(text, "%z").utcoffset()
        except ValueError:
            offset = None
    if offset is None or abs(offset) > timedelta(hours=15):
        raise ConfigurationError(f"--zone {text!r} is no time zone; write +01:00, -0800, UTC or local")
    return round(offset.total_seconds())


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


@click.command("import", short_help="Turn another tool's recording into one of ours.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The recording to write. [default: PATH's name with .power]",
)
@click.option(
    "--format", "format_", metavar="NAME", help="The format, where it is not recognised; see --formats."
)
@click.option("--unit", metavar="UNIT", help="Unit of the values, where the file names none or a wrong one.")
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
@click.option("--voltage", metavar="VOLT", help="Supply voltage, where only the current was logged.")
@click.option(
    "--zone", metavar="ZONE", help="Time zone of stamps that name none: +01:00, UTC, local. [default: UTC]"
)
@click.option("--accuracy", metavar="SHARE", help="The instrument's limit of error, where you know it: 0.5%.")
@click.option("--session", metavar="NAME", help="Which session, where the file holds several.")
@click.option(
    "--events", type=click.Path(path_type=Path), help="A file with events on the same clock: time,name."
)
@click.option("--force", is_flag=True, help="Replace an existing recording.")
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda c, p, v: _list(c, v),
    help="List the formats and exit.",
)
def import_(
    path: Path,
    output: Path | None,
    format_: str | None,
    unit: str | None,
    rate: str | None,
    columns: tuple[str, ...],
    voltage: str | None,
    zone: str | None,
    accuracy: str | None,
    session: str | None,
    events: Path | None,
    force: bool,
) -> None:
    """Turn another tool's recording into one of ours.

    \b
    Examples:
      powermeter import tegrastats.log -o run.power
      powermeter import results/resnet50/performance/run_1 -o run.power
      powermeter import meter.csv -o run.power --column Time=ms --column Power=mW

    PATH is a file, plain or gzipped, or a directory; the format is recognised.  A unit or a time that
    the file does not name is asked for, never guessed.
    """
    from powermeter import importers

    choices = importers.Choices(
        unit,
        None if rate is None else parse_rate(rate),
        _columns(columns),
        None if voltage is None else parse_quantity(voltage, "V"),
        _zone(zone),
        session,
        events,
        None if accuracy is None else parse_quantity(accuracy, "1"),
    )
    out = output or Path(_stem(path) + ".power")
    log = importers.convert(path, out, format=format_, choices=choices, force=force)
    for warning in log.warnings:
        click.echo(f"note: {warning}", err=True)
    if log.external:
        click.echo(
            "note: the instrument had a clock of its own; to read a program's events on it: "
            f"powermeter align HOST.power {out} -o JOINED.power",
            err=True,
        )
    rows = sum(len(source.times_ns) for source in log.sources)
    first = min(int(source.times_ns[0]) for source in log.sources)
    span = max(int(source.times_ns[-1]) for source in log.sources) - first
    channels = ", ".join(channel.name for source in log.sources for channel in source.channels[:8])
    when = ""
    if log.clock == "utc":
        when = f", from {datetime.fromtimestamp(first / 1e9, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    click.echo(f"{log.format}: {rows} samples over {format_duration(span / 1e9)}{when}; {channels}")
    if log.events:
        click.echo(
            f"{len(log.events)} events: {', '.join(dict.fromkeys(event.name for event in log.events))}"
        )
    click.echo(f"wrote {out}")


def _stem(path: Path) -> str:
    name = path.resolve().name
    for suffix in (".gz", ".csv", ".txt", ".log", ".raw", ".tegrastats", ".sqlite", ".db", ".jls", ".ppk2"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name


def _list(context: click.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from powermeter import importers

    for name, importer in importers.importers().items():
        click.echo(f"{name:16} {importer.title}")
    context.exit()
