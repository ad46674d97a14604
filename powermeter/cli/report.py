"""`powermeter report`: a recording written up as a file to hand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter import registry
from powermeter.cli.show import reading_options, tell
from powermeter.errors import ConfigurationError, ExistsError


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. [default: the recording's name]",
)
@click.option(
    "--kind", "-k", metavar="NAME", help="html, markdown, …; told by the output's ending otherwise."
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
@reading_options
@click.option("--force", is_flag=True, help="Replace an existing file.")
def report(recording: Path, output: Path | None, kind: str | None, force: bool, **options: Any) -> None:
    """Write a recording up: one HTML page, or Markdown with its figure beside it.

    \b
    Example:
        powermeter report run.power -o report.html
        powermeter report run.power -o report.md --place FRA --by model,batch
    """
    from powermeter.recording import Recording

    maker = _maker(kind, output)
    path = output or recording.with_suffix(maker.suffix)
    if path.resolve() == recording.resolve():
        raise ConfigurationError(f"{path} is the recording itself; name another file with -o")
    with Recording.open(recording) as opened:
        story = tell(opened, **options)
    written = maker.files(story, path) if hasattr(maker, "files") else {path: maker.render(story)}
    write(written, force)
    click.echo("wrote " + ", ".join(map(str, written)))


def kinds() -> dict[str, str]:
    """Return where the class of every kind of report is, ours and published ones."""
    return dict(sorted(registry.names("reports", registry.REPORTS).items()))


def _maker(kind: str | None, output: Path | None) -> Any:
    """Return the kind asked for, or the one that the file's ending tells."""
    table = kinds()
    if kind is not None:
        if kind not in table:
            raise ConfigurationError(f"no report {kind!r}; there are {', '.join(table)}")
        return registry.load(table[kind])()
    if output is None:
        return registry.load(table["html"])()
    for target in table.values():
        maker = registry.load(target)()
        if output.suffix.lower() == maker.suffix:
            return maker
    raise ConfigurationError(f"{output}: its ending tells no kind of report; say --kind ({', '.join(table)})")


def write(files: dict[Path, str | bytes], force: bool) -> None:
    """Write all files or none; refuses existing ones without `force`.

    Raises:
        ExistsError: One is there already.
        ConfigurationError: One cannot be written.
    """
    for path in files:
        if path.exists() and not force:
            raise ExistsError(f"{path} exists; say --force to replace it, or -o another name")
    for path, content in files.items():
        data = content.encode("utf-8") if isinstance(content, str) else content
        half = path.with_name(f".{path.name}.part")
        try:
            half.write_bytes(data)
            half.replace(path)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error


def _list(context: click.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    for name, target in kinds().items():
        click.echo(f"{name:10} {registry.load(target).summary}")
    context.exit()
