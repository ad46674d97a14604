"""`powermeter report`: a recording written up as a file to hand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter import registry
from powermeter.cli.report_options import lifetime_option, reading_options, report_options
from powermeter.errors import ConfigurationError
from powermeter.recording.output_file import STANDARD_OUTPUT, check_output, write_files


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, - for standard output. [default: the recording's name]",
)
@click.option(
    "--kind",
    "--to",
    "-k",
    "kind",
    metavar="NAME",
    help="html, markdown, latex, …; by the file's extension otherwise.",
)
@click.option(
    "--kinds",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    help="List the kinds and exit.",
    callback=lambda context, _, value: _list(context, value),
)
@click.option(
    "--title", metavar="TEXT", default="", help="The headline, where the program's name will not do."
)
@click.option(
    "--against",
    metavar="RECORDING",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An earlier run to set beside it: the change, its interval and a verdict.",
)
@lifetime_option
@reading_options
@click.option("--force", is_flag=True, help="Replace an existing file.")
def report(recording: Path, output: Path | None, kind: str | None, force: bool, **typed: Any) -> None:
    """Write a recording up: one HTML page, or Markdown with its figure beside it.

    \b
    Example:
        powermeter report run.power -o report.html
        powermeter report run.power -o report.html --against before.power
        powermeter report run.power --lifetime 20 --place FRA
        powermeter report run.power --to latex
        powermeter report run.power -o report.md --place FRA --by model,batch
        powermeter report run.power -o - --kind markdown | less
    """
    from powermeter.recording import Recording
    from powermeter.reports.report_data import gather

    maker = _maker(kind, output)
    path = output or recording.with_suffix(maker.suffix)
    if path == STANDARD_OUTPUT and kind is None:
        raise ConfigurationError("-o - is standard output; name the kind too, for example --kind markdown")
    check_output(path, force=force, inputs=[recording])
    with Recording.open(recording) as opened:
        data = gather(opened, report_options(typed))
    several = hasattr(maker, "files") and path != STANDARD_OUTPUT
    written = maker.files(data, path) if several else {path: maker.render(data)}
    write_files(written, force=force)
    if path != STANDARD_OUTPUT:
        click.echo("wrote " + ", ".join(map(str, written)), err=True)


def kinds() -> dict[str, str]:
    """Return where the class of every kind of report is, ours and published ones."""
    return dict(sorted(registry.names("reports", registry.REPORTS).items()))


def _maker(kind: str | None, output: Path | None) -> Any:
    """Return the kind asked for, or the one of the file's extension."""
    table = kinds()
    if kind is not None:
        if kind not in table:
            raise ConfigurationError(f"no report {kind!r}; there are {', '.join(table)}")
        return registry.load(table[kind])()
    if output is None or output == STANDARD_OUTPUT:
        return registry.load(table["html"])()
    for target in table.values():
        maker = registry.load(target)()
        if output.suffix.lower() == maker.suffix:
            return maker
    raise ConfigurationError(f"{output}: unknown file extension; use --kind ({', '.join(table)})")


def _list(context: click.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    for name, target in kinds().items():
        click.echo(f"{name:10} {registry.load(target).summary}")
    context.exit()
