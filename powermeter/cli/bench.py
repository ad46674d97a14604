"""`powermeter bench`: run a command again and again until its energy is known as well as asked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli.child import cannot_run, run_command
from powermeter.cli.configuration import named
from powermeter.cli.options import (
    force_option,
    json_option,
    output_option,
    rail_option,
    renamed_option,
    sources_option,
    take_renamed,
)
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.errors import ConfigurationError
from powermeter.errors.exit_codes import NOT_REACHED
from powermeter.recording.output_file import check_output, in_place
from powermeter.units import parse_duration, parse_quantity

if TYPE_CHECKING:
    from powermeter.comparison.benchmark import Benchmark

_VALUES = 64
_RENAMED = {"--at-most": "--max-time", "--at-least": "--min-repeats", "--most": "--max-repeats"}


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@sources_option("record")
@output_option("The recording to write.")
@force_option
@click.option(
    "--precision",
    "-p",
    default="5%",
    show_default=True,
    metavar="SHARE",
    help="Half-width of the 95 % interval, relative to the mean: 5%, 0.02.",
)
@click.option(
    "--max-time", default="10m", show_default=True, metavar="TIME", help="The longest it may take, per value."
)
@click.option(
    "--min-repeats",
    default=30,
    show_default=True,
    type=click.IntRange(8),
    help="Repeats before the first look.",
)
@click.option("--max-repeats", type=click.IntRange(1), help="The largest number of repeats, per value.")
@renamed_option("--at-most")
@renamed_option("--at-least", type=click.IntRange(8))
@renamed_option("--most", type=click.IntRange(1))
@click.option(
    "--items",
    "-n",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Inferences in one run, where the command does not mark them itself.",
)
@click.option("--name", default="bench", show_default=True, help="The label of its events.")
@click.option(
    "--sweep", metavar="NAME=A,B,C", help="Repeat it for each value; {NAME} in the command becomes the value."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw how it converged: FILE.png, FILE.svg.",
)
@rail_option
@json_option()
@click.option("--quiet", "-q", is_flag=True, help="Do not show what the command prints.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def bench(
    command: tuple[str, ...], output: Path | None, force: bool, plot: Path | None, **chosen: Any
) -> int:
    """Run a command until its energy is known to the precision asked.

    \b
    Example:
        powermeter bench --precision 5% -- python infer.py
        powermeter bench --sweep batch=1,2,4,8 --items 100 -- python infer.py --batch {batch}

    Warm-up is found and left out, repeats that resemble each other count for less, and looking at the
    result while it grows is allowed for.  Events that the command marks itself (powermeter.event) must be known as
    well, and are counted without the command's start-up.

    The last line states whether the precision was reached; exit status 10 where it was NOT.  Ends with the command's status
    as soon as one run fails.
    """
    from powermeter.analysis.repeat_loop import LoopLimits
    from powermeter.comparison.benchmark import Target, repeat_until_known
    from powermeter.comparison.experiments import Setup
    from powermeter.reports.benchmark import draw, record, to_text

    wanted = parse_quantity(chosen["precision"], "1")
    if not 0 < wanted <= 1:
        raise ConfigurationError(
            f"--precision {chosen['precision']!r} is not usable; write for example 5% or 0.02"
        )
    take_renamed(chosen, _RENAMED, until="1 June 2027")
    if parse_duration(chosen["max_time"]) <= 0:
        raise ConfigurationError(f"--max-time {chosen['max_time']!r} must be longer than zero")
    parameter, values = _values(chosen["sweep"], command)
    missing = cannot_run(command[0])
    if missing is not None:
        return missing
    if plot is not None:
        check_output(plot, force=force)
    limits = LoopLimits(chosen["max_time"], chosen["max_repeats"], chosen["min_repeats"])
    asked = Target(wanted, limits, chosen["items"], chosen["rail"])
    name: str = chosen["name"]
    made: list[Benchmark] = []
    status = 0
    with Setup(named(chosen["sources"]), output, force=force).running() as meter:
        if meter.choice:
            put_stderr(f"powermeter: {meter.choice}")
        for value in values:
            title = f"{parameter}={value}" if parameter else name
            line = [part.replace("{" + parameter + "}", value) if parameter else part for part in command]

            def once(line: Sequence[str] = line) -> bool:
                nonlocal status
                status = run_command(line, quiet=chosen["quiet"])
                return not status

            attributes = {parameter: value} if parameter else {}
            made.append(repeat_until_known(meter, title, once, asked, name, attributes))
            if status:
                put_stderr(f"powermeter: {line[0]} ended with status {status}; no more runs")
                meter.ended_with(status)
                break
    if chosen["as_json"]:
        rows = [record(one) for one in made]
        put_json({"recording": str(meter.path), "rows": rows})
    else:
        for one in made:
            put(to_text(one, shutil.get_terminal_size().columns))
    if plot is not None:
        with in_place(plot) as part:
            draw(part, made, plot.suffix[1:].lower())
        put_stderr(f"wrote {plot}")
    if meter.problem:
        put_stderr(f"powermeter: {meter.problem}")
    put_stderr(f"wrote {meter.path}")
    return status or (0 if all(one.reached for one in made) else NOT_REACHED)


def _values(sweep: str | None, command: Sequence[str]) -> tuple[str, list[str]]:
    if sweep is None:
        return "", [""]
    parameter, equals, listed = sweep.partition("=")
    values = [value.strip() for value in listed.split(",")]
    if not equals or not parameter.isidentifier() or not all(values) or len(values) > _VALUES:
        raise ConfigurationError(f"--sweep {sweep!r}: write a name and its values, for example batch=1,2,4")
    if len(set(values)) < len(values):
        raise ConfigurationError(f"--sweep {sweep!r}: write each value once; the same value twice is one run")
    if not any("{" + parameter + "}" in part for part in command):
        raise ConfigurationError(f"--sweep {sweep!r}: the command does not hold {{{parameter}}}")
    return parameter, values
