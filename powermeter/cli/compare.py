"""`powermeter compare`: does B use less than A, more, the same, or is that not known?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli.fail_if import exit_code, parse_fail_if
from powermeter.cli.options import baseline_option, force_option, json_option, output_option, per_option
from powermeter.cli.progress import progress
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError, printable
from powermeter.recording.output_file import check_output, unknown_extension, write_files
from powermeter.units import parse_share

if TYPE_CHECKING:
    from powermeter.comparison.compare import Comparison


@click.command()
@click.argument("a")
@click.argument("b", required=False)
@click.option(
    "--label",
    "-l",
    "labels",
    multiple=True,
    metavar="NAME",
    help="Only this label; twice: A's and B's. infer[model=small] picks by attribute; * is the whole run.",
)
@click.option(
    "--by", metavar="NAMES", default="", help="Split labels by attributes and compare each: model,batch."
)
@click.option(
    "--of",
    type=WordChoice(["energy", "power", "time"]),
    help="Energy per item, mean power, or time per item.  [default: energy; power where whole runs are compared]",
)
@click.option(
    "--paired/--unpaired",
    default=None,
    help="Whether the n-th of A belongs to the n-th of B.  [default: their order in time counts]",
)
@click.option(
    "--block", metavar="NAME", help="Compare events with equal values of this attribute: the same input."
)
@click.option(
    "--margin",
    metavar="RATIO",
    default="0",
    help="A difference up to this does not count, and sides that are shown to differ by less are the same: 5%.",
)
@click.option(
    "--fail-if",
    metavar="VERDICTS",
    default="",
    help="Exit with 9 where a row is: more, less, same, cannot-tell (several with commas).",
)
@click.option(
    "--rail", metavar="NAME[,NAME]", help="The rail to count, or A's and B's; the widest one otherwise."
)
@baseline_option
@click.option(
    "--items",
    metavar="N[,N]",
    help="How many items each recording is (A's and B's): of --label, of the only label, or else of the whole run.",
)
@per_option
@click.option(
    "--keep-warmup", is_flag=True, help="Count the first events too, where they differ from the rest."
)
@click.option(
    "--same-instrument/--other-instruments",
    default=None,
    help="Whether one meter measured everything, so "
    "that its errors cancel.  [default: by serial number, URL and machine]",
)
@output_option("Write it to a file instead: .html, .md, .tex, a figure (.pdf, .svg, .png), .txt or .json.")
@force_option
@json_option()
def compare(
    a: str, b: str | None, as_json: bool, fail_if: str, output: Path | None, force: bool, **chosen: Any
) -> int:
    """Compare B with A: less, more, the same within x %, or cannot tell.

    \b
    Example:
        powermeter compare base.power small.power
        powermeter compare run.power:base run.power:small
        powermeter compare run.power --label base --label small
        powermeter compare 'base-*.power' 'small-*.power' --label infer
        powermeter compare 'main-*.power' 'branch-*.power' --margin 2% --fail-if more
        powermeter compare base.power small.power --items 40,80
        powermeter compare base.power small.power -o figure.pdf

    A side is a recording, one of its labels (run.power:label), or several recordings of equal runs:
    names with commas between them, a quoted pattern, a folder.

    One recording a side shows that these two runs differ, and not that the programs do: let the sides take
    turns, or record at least three runs a side. --fail-if rests on what is known about the programs.

    Exit status 9 where a row has a verdict named by --fail-if, else 0.
    """
    from powermeter.comparison.compare import compare as weigh
    from powermeter.comparison.options import CompareOptions

    refused = parse_fail_if(fail_if)
    if output is not None:
        _check(output, as_json, force, [Path(side) for side in (a, b) if side is not None])
    labels, rails = chosen["labels"], [name.strip() for name in (chosen["rail"] or "").split(",")]
    if len(labels) > 2 or len(rails) > 2:
        raise ConfigurationError("there are two sides: --label at most twice, --rail with at most one comma")
    names = tuple(name.strip() for name in chosen["by"].split(",")) if chosen["by"] else ()
    if not all(names):
        raise ConfigurationError(
            f"--by {chosen['by']!r}: write names with commas between them, for example model,batch"
        )
    with progress("comparing"):
        found = weigh(
            a,
            b,
            label=tuple(labels) if len(labels) == 2 else (labels[0] if labels else None),
            by=names,
            rail=(rails[0], rails[1]) if len(rails) == 2 else rails[0] or None,
            baseline=chosen["baseline"],
            options=CompareOptions(
                paired=chosen["paired"],
                block=chosen["block"],
                of=chosen["of"],
                margin=parse_share(chosen["margin"]),
                warmup=not chosen["keep_warmup"],
                same_instrument=chosen["same_instrument"],
                items=_items(chosen["items"]),
                per=chosen["per"],
            ),
        )
    if output is not None:
        from powermeter.reports.comparison_files import FIGURES, KINDS, warnings_of

        write_files({output: KINDS[output.suffix.lower()](found)}, force=force)
        put_stderr(f"wrote {printable(output)}")
        for text in warnings_of(found) if output.suffix.lower() in FIGURES else ():
            put_stderr(f"! {text}")
    elif as_json:
        from powermeter.reports.comparison import record

        document = record(found)
        put_json({**document, "failed": [row.title for row in found.failing(*refused)]})
    else:
        _print(found)
    return exit_code(found, refused)


def _check(output: Path, as_json: bool, force: bool, inputs: list[Path]) -> None:
    """Refuse an output before anything is computed."""
    from powermeter.reports.comparison_files import KINDS

    if as_json:
        raise ConfigurationError("--json prints; to write a file leave it out: -o comparison.json")
    if output.suffix.lower() not in KINDS:
        raise unknown_extension(output, f"use {', '.join(KINDS)}")
    check_output(output, force=force, inputs=inputs)


def _items(text: str | None) -> tuple[float | None, float | None]:
    """Return A's and B's counts out of `40` or `40,80`."""
    if text is None:
        return None, None
    try:
        found = [float(part) for part in text.split(",")]
        a, b = found * 2 if len(found) == 1 else found
    except ValueError:
        raise ConfigurationError(f"--items {text}: write a number, or A's and B's: 40,80") from None
    return a, b


def _print(found: Comparison) -> None:
    from rich.console import Console

    from powermeter.reports.ascii_output import spell_out
    from powermeter.reports.comparison import print_comparison, to_text
    from powermeter.reports.terminal_width import columns

    spell_out()
    console = Console(highlight=False)
    console.width = columns(console.width)
    if console.is_terminal:
        print_comparison(found, console)
    else:
        put(to_text(found, console.width))
