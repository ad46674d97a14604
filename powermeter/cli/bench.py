"""`powermeter bench`: run a command again and again until its energy is known as well as asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.errors import ConfigurationError
from powermeter.units import format_duration, format_quantity, parse_duration, parse_quantity

if TYPE_CHECKING:
    from powermeter.comparison.repeat_loop import RepeatLoop
    from powermeter.meter import Meter

_BAR = 40
_VALUES = 64
NOT_FOUND = 127


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.option(
    "--source", "-s", "sources", multiple=True, metavar="URL", help="What to record; the best otherwise."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The recording to write."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option(
    "--precision",
    "-p",
    default="5%",
    show_default=True,
    metavar="SHARE",
    help="Half the width of the 95 % interval, of the mean: 5%, 0.02.",
)
@click.option(
    "--at-most", default="10m", show_default=True, metavar="TIME", help="The longest it may take, per value."
)
@click.option(
    "--at-least", default=30, show_default=True, type=click.IntRange(8), help="Repeats before the first look."
)
@click.option("--most", type=click.IntRange(1), help="The largest number of repeats, per value.")
@click.option(
    "--items", "-n", default=1, show_default=True, type=click.IntRange(1), help="Inferences in one run of it."
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
@click.option("--rail", metavar="NAME", help="The rail to count.")
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded, in SI units.")
@click.option("--quiet", "-q", is_flag=True, help="Do not show what the command prints.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def bench(
    sources: tuple[str, ...],
    output: Path | None,
    force: bool,
    precision: str,
    at_most: str,
    at_least: int,
    most: int | None,
    items: int,
    name: str,
    sweep: str | None,
    plot: Path | None,
    rail: str | None,
    as_json: bool,
    quiet: bool,
    command: tuple[str, ...],
) -> int:
    """Run a command until its energy is known to the precision asked.

    \b
    Example:
        powermeter bench --precision 5% -- python infer.py
        powermeter bench --sweep batch=1,2,4,8 --items 100 -- python infer.py --batch {batch}

    Warm-up is found and left out, repeats that resemble each other count for less, and looking at the
    result while it grows is allowed for.  Ends with the command's status as soon as one run fails.
    """
    from powermeter.meter import Meter

    wanted = parse_quantity(precision, "1")
    if not 0.001 <= wanted <= 1:
        raise ConfigurationError(f"--precision {precision!r} is not usable; write for example 5% or 0.02")
    if parse_duration(at_most) <= 0:
        raise ConfigurationError(f"--at-most {at_most!r} must be longer than nothing")
    parameter, values = _values(sweep, command)
    if shutil.which(command[0]) is None:
        raise ConfigurationError(f"no program {command[0]!r} to run")
    if plot is not None and plot.exists() and not force:
        raise ConfigurationError(f"{plot} exists; use --force to replace it")
    rows: list[dict[str, Any]] = []
    loops: list[tuple[str, RepeatLoop]] = []
    status = 0
    with Meter(*sources, path=output, force=force) as meter:
        if meter.choice:
            click.echo(f"powermeter: {meter.choice}", err=True)
        for value in values:
            attributes = {parameter: value} if parameter else {}
            line = (
                [part.replace("{" + parameter + "}", value) for part in command]
                if parameter
                else list(command)
            )
            loop, status = _loop(
                meter,
                name,
                line,
                quiet,
                precision=wanted,
                at_most=at_most,
                at_least=at_least,
                most=most,
                n=items,
                rail=rail,
                **attributes,
            )
            title = f"{parameter}={value}" if parameter else name
            loops.append((title, loop))
            rows.append(_row(title, loop, items))
            if status:
                click.echo(f"powermeter: {line[0]} ended with status {status}; no more runs", err=True)
                break
    if as_json:
        click.echo(json.dumps({"recording": str(meter.path), "rows": rows}, indent=2))
    else:
        for title, loop in loops:
            click.echo(_told(title, loop, items))
    if plot is not None:
        _draw(plot, loops)
        click.echo(f"wrote {plot}", err=True)
    if meter.problem:
        click.echo(f"powermeter: {meter.problem}", err=True)
    click.echo(f"wrote {meter.path}", err=True)
    return status


def _values(sweep: str | None, command: Sequence[str]) -> tuple[str, list[str]]:
    if sweep is None:
        return "", [""]
    parameter, equals, listed = sweep.partition("=")
    values = [value.strip() for value in listed.split(",")]
    if not equals or not parameter.isidentifier() or not all(values) or len(values) > _VALUES:
        raise ConfigurationError(f"--sweep {sweep!r}: write a name and its values, for example batch=1,2,4")
    if not any("{" + parameter + "}" in part for part in command):
        raise ConfigurationError(f"--sweep {sweep!r}: the command does not hold {{{parameter}}}")
    return parameter, values


def _loop(
    meter: Meter, name: str, command: Sequence[str], quiet: bool, **options: Any
) -> tuple[RepeatLoop, int]:
    """Run the command in a repeat loop; gives the loop and the status of the last run."""
    from powermeter.comparison.repeat_loop import RepeatLoop

    loop = RepeatLoop(meter, name, **options)
    output = subprocess.DEVNULL if quiet else None
    for _ in loop:
        try:
            status = subprocess.run(list(command), stdout=output, env=os.environ, check=False).returncode
        except OSError as error:
            click.echo(f"powermeter: {command[0]}: {error.strerror}", err=True)
            return loop, NOT_FOUND
        if status:
            return loop, 128 - status if status < 0 else status
    return loop, 0


def _row(title: str, loop: RepeatLoop, items: int) -> dict[str, Any]:
    s = loop.settled
    known = s is not None and s.half_width < float("inf")
    return {
        "title": title,
        "energy_per_run_j": s.mean if s and known else None,
        "low_j": s.low if s and known else None,
        "high_j": s.high if s and known else None,
        "energy_per_item_j": s.mean / items if s and known else None,
        "relative_half_width": s.relative if s and known else None,
        "repeats": int(loop.latencies.size),
        "warm_up": s.warmup if s else None,
        "effective_repeats": s.effective if s else None,
        "correlation": s.correlation if s else None,
        "drift_per_repeat": s.drift if s else None,
        "latency_mean_s": float(loop.latencies.mean()) if loop.latencies.size else None,
        "ended_because": loop.reason or "a run failed",
        "looks": [[n, r if r < float("inf") else None] for n, r in loop.stopping.looks],
        "energies_j": [float(e) if isfinite(e) else None for e in loop.energies.tolist()],
        "narrower_by": loop.stopping.advice(),
    }


def _told(title: str, loop: RepeatLoop, items: int) -> str:
    s = loop.settled
    if s is None or not s.half_width < float("inf"):
        return f"{title}: too few repeats to say anything"
    half = format_quantity(s.half_width, "J", 2)
    each = format_duration(float(loop.latencies.mean()))
    lines = [f"{title}: {format_quantity(s.mean, 'J')} a run ± {half} (95 %, ±{s.relative:.1%}), {each} each"]
    if items > 1:
        lines.append(f"  {format_quantity(s.mean / items, 'J')} for each of {items} items")
    lines.append(
        f"  {s.repeats} repeats, {s.warmup} of warm-up left out, worth {s.effective:.0f} independent ones"
    )
    lines += ["  " + text for text in convergence(loop.stopping.looks, loop.stopping.precision)]
    lines.append(f"  narrower by: {loop.stopping.advice()}")
    lines.append("  (the spread between runs; the sensor's own error comes on top, see `powermeter show`)")
    return "\n".join(lines)


def convergence(looks: Sequence[tuple[int, float]], precision: float) -> list[str]:
    """Return a plot in text: for each look the repeats, the half-width, and a bar that must reach the mark."""
    known = [(n, r) for n, r in looks if r < float("inf")]
    if not known:
        return []
    widest = max(max(r for _, r in known), precision)
    mark = round(_BAR * precision / widest)
    lines = []
    for n, r in known:
        bar = ["#" if i < round(_BAR * r / widest) else " " for i in range(_BAR + 1)]
        bar[min(mark, _BAR)] = "|"
        lines.append(f"{n:>6} repeats {''.join(bar)} ±{r:.1%}")
    return lines


def _draw(path: Path, loops: Sequence[tuple[str, RepeatLoop]]) -> None:
    """Draw repeats and interval over the number of repeats.

    Raises:
        NotInstalledError: matplotlib is missing.
        ConfigurationError: The file's ending is no kind of picture.
    """
    from powermeter import registry

    figure = registry.load("matplotlib.figure:Figure")(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for title, loop in loops:
        looks = [(n, r) for n, r in loop.stopping.looks if r < float("inf")]
        axes.plot([n for n, _ in looks], [100 * r for _, r in looks], marker="o", label=title)
    if loops:
        axes.axhline(100 * loops[0][1].stopping.precision, color="0.5", linestyle="--", label="asked")
    axes.set(xlabel="repeats", ylabel="half-width of the 95 % interval in %", xscale="log", ylim=(0, None))
    axes.legend()
    try:
        figure.savefig(path)
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None
