"""`powermeter report`: a recording written up as a file to hand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter import registry
from powermeter.cli.option_synonyms import KINDS
from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.progress import progress
from powermeter.cli.report_options import lifetime_option, reading_options, report_options
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.errors import ConfigurationError, printable
from powermeter.errors.suggestions import close_names, nearest
from powermeter.recording.output_file import STANDARD_OUTPUT, check_output, unknown_extension, write_files

if TYPE_CHECKING:
    from powermeter.reports.report_data import ReportData


SECTIONS = {
    "against": "write the page (-o x.html), or use: powermeter compare A.power B.power -o x.md",
    "lifetime": "write the page (-o x.html) or Markdown, or use: powermeter lifetime",
    "stages": "write the page (-o x.html) or Markdown, or use: powermeter budget --stage",
}
"""Option for a section that only some kinds of report have → where it is found."""


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@output_option("The file to write, - for standard output. [default: the recording's name]")
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
@click.option("--title", metavar="TEXT", default="", help="The headline, in place of the program's name.")
@click.option(
    "--against",
    metavar="RECORDING",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An earlier run to compare with: the change, its interval and a verdict.",
)
@lifetime_option
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="LABEL[:N][=BATTERY]",
    help="A section of stages against their budgets: infer=4Ah; N items; * is the whole recording.",
)
@click.option(
    "--device", metavar="KIND", help="For --kind sci: what was made, with its embodied carbon: board, phone …"
)
@click.option(
    "--figure",
    metavar="NAME",
    help="One figure alone: trace, labels, budget, convergence, accuracy, or with --against comparison.",
)
@click.option(
    "--columns",
    type=click.IntRange(1, 2),
    default=2,
    show_default=True,
    help="Width of the figure, in columns of a paper's page.",
)
@reading_options
@json_option("Print what was written and its sentence as JSON.")
@force_option
def report(
    recording: Path,
    output: Path | None,
    kind: str | None,
    figure: str | None,
    columns: int,
    force: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Write a recording up: a page, a PDF, tables for a paper, one figure, a disclosure.

    \b
    Example:
        powermeter report run.power -o report.html
        powermeter report run.power -o report.html --against before.power
        powermeter report run.power --lifetime 20 --place FRA
        powermeter report run.power --stage infer=4Ah --stage train=4Ah --stage '*=4Ah'
        powermeter report run.power --to latex
        powermeter report run.power -o report.md --place FRA --by model,batch
        powermeter report run.power -o trace.pdf --figure trace --columns 1
        powermeter report run.power -o change.pdf --figure comparison --against before.power
        powermeter report run.power --kind annex-xi
        powermeter report run.power -o - --kind markdown | less
    """
    from powermeter.recording import Recording
    from powermeter.reports.report_data import gather

    maker: Any = _figure(figure, columns, kind, output) if figure is not None else _maker(kind, output)
    path = output or recording.with_suffix(maker.suffix)
    if path == STANDARD_OUTPUT and kind is None:
        raise ConfigurationError("-o - is standard output; name the kind too, for example --kind markdown")
    if as_json and path == STANDARD_OUTPUT:
        raise ConfigurationError("--json prints what was written; name a file with -o, not -")
    _refuse_other_format(maker, path)
    _refuse_left_out(maker, typed)
    check_output(path, force=force, inputs=[recording])
    with progress(f"writing {path.name}"):
        with Recording.open(recording) as opened:
            data = gather(opened, report_options(typed))
        written = _made(maker, data, path)
    write_files(written, force=force)
    if as_json:
        put_json(_written(data, list(written)))
    elif path != STANDARD_OUTPUT:
        put_stderr("wrote " + ", ".join(map(printable, written)))
        for page in (one for one in written if one.suffix == ".html"):
            put_stderr(f"open it in a browser: {page.absolute().as_uri()}")


def _refuse_other_format(maker: Any, path: Path) -> None:
    """Refuse a name under which programs would expect a page, a PDF or an image that this kind is not."""
    ending = f".{maker.suffix.rpartition('.')[2]}"
    if path.suffix.lower() != ending and path.suffix.lower() in (".html", ".pdf", ".png", ".svg"):
        raise ConfigurationError(
            f"this kind of report is written as {ending}; type -o {printable(path.with_suffix(ending))}"
        )


def _refuse_left_out(maker: Any, typed: Mapping[str, Any]) -> None:
    """Refuse what was asked for and does not stand in this kind of report.

    Raises:
        ConfigurationError: It would be left out.
    """
    held = getattr(maker, "sections", ())
    for name, elsewhere in SECTIONS.items():
        if typed.get(name) and name not in held:
            option = name.rstrip("s") if name == "stages" else name
            raise ConfigurationError(f"--{option} is not in this kind of report; {elsewhere}")


def _written(data: ReportData, paths: Sequence[Path]) -> dict[str, Any]:
    """Return what was written, with the sentence and the quality that stand in it."""
    from powermeter.reports.headline_sentence import quality, sentence

    found = quality(data)
    about = {"word": found.word, "cause": found.cause, "remedy": found.remedy}
    return {"written": [str(path) for path in paths], "sentence": sentence(data), "quality": about}


class _Figure:
    """One figure, as a kind of report."""

    def __init__(self, name: str, columns: int, form: str) -> None:
        self.name, self.columns, self.form = name, columns, form
        self.suffix = f".{name}.{form}"
        self.sections = ("against",) if name == "comparison" else ()

    def render(self, data: ReportData) -> bytes:
        """Return the file's bytes."""
        from powermeter.reports.paper.kinds import draw

        drawn: bytes = draw(data, self.name, self.form, self.columns)
        return drawn


def _figure(name: str, columns: int, kind: str | None, output: Path | None) -> _Figure:
    """Return the figure asked for, in the format of `--kind` or of the file's extension."""
    from powermeter.reports.paper.kinds import FIGURES, FORMS

    if name not in FIGURES:
        raise ConfigurationError(f"no figure {name!r}; {nearest(name, FIGURES)}")
    form = kind or (output.suffix.lower()[1:] if output is not None and output != STANDARD_OUTPUT else "pdf")
    if form not in FORMS:
        raise ConfigurationError(f"a figure is written as .{', .'.join(FORMS)}, not as {form or 'that'!r}")
    return _Figure(name, columns, form)


def kinds() -> dict[str, str]:
    """Return where the class of every kind of report is, ours and published ones."""
    return dict(sorted(registry.names("reports", registry.REPORTS).items()))


def _made(maker: Any, data: ReportData, path: Path) -> dict[Path, str | bytes]:
    """Return what is written, by where it belongs."""
    if path == STANDARD_OUTPUT:
        return {path: getattr(maker, "printed", maker.render)(data)}
    return dict(maker.files(data, path)) if hasattr(maker, "files") else {path: maker.render(data)}


def _maker(kind: str | None, output: Path | None) -> Any:
    """Return the kind asked for, or the one of the file's extension."""
    table = kinds()
    if kind is not None:
        kind = kind if kind in table else KINDS.get(kind, kind)
        if kind not in table:
            raise ConfigurationError(f"no report {kind!r}; {nearest(kind, table)}")
        return registry.load(table[kind])()
    if output is None or output == STANDARD_OUTPUT:
        return registry.load(table["html"])()
    endings = []
    for target in table.values():
        maker = registry.load(target)()
        if output.suffix.lower() == maker.suffix:
            return maker
        endings.append(maker.suffix)
    if not output.suffix:
        raise unknown_extension(output, f"type -o {printable(output)}.html")
    near = close_names(output.suffix, endings, most=1)
    meant_name = f"did you mean {printable(output.stem)}{near[0]}? or " if near else ""
    raise unknown_extension(output, f"{meant_name}use --kind ({', '.join(table)})")


def _list(context: click.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    for name, target in kinds().items():
        put(f"{name:10} {registry.load(target).summary}")
    context.exit()
