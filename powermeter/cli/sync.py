"""`powermeter sync`: a load pattern that aligns an external meter's clock with the host's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from powermeter.cli.child import run_command
from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put_line, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError
from powermeter.marking import api as instrumentation
from powermeter.marking.span import attached
from powermeter.units import format_duration, parse_rate

if TYPE_CHECKING:
    from powermeter.calibration.pattern import Pattern


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.option(
    "--meter",
    "-m",
    metavar="RATE",
    required=True,
    help="How often the external meter measures: 2Hz, 500ms, 1kHz. The slowest, where there are several.",
)
@click.option(
    "--load",
    "kind",
    type=WordChoice(["processor", "gpu"]),
    default="processor",
    show_default=True,
    help="What is switched; gpu needs torch or cupy.",
)
@click.option("--end", is_flag=True, help="The pattern for the end of a run: the same backwards.")
@click.option("--dry-run", is_flag=True, help="Print how long it would take, and play nothing.")
@json_option("Print the pattern as a line of JSON before it is played.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sync(meter: str, kind: str, end: bool, dry_run: bool, as_json: bool, command: tuple[str, ...]) -> int:
    """Play a load pattern, marked as an event, before and after a command (or once).

    \b
    Example:
        powermeter record -o host.power -- powermeter sync --meter 2Hz -- python infer.py
        powermeter import meter.csv -o meter.power
        powermeter align host.power meter.power -o joined.power

    An external meter records on a clock of its own meanwhile; `align` finds the pattern in what it saw.
    Without a command the pattern is played once; play it at the start, and with --end at the end.
    """
    from powermeter.calibration.pattern import Pattern

    interval_s = parse_rate(meter)
    if end and command:
        raise ConfigurationError("--end is for a pattern on its own; around a command both are played")
    first = Pattern.for_meter(interval_s, backwards=end)
    last = Pattern.for_meter(interval_s, backwards=True)
    times = "twice" if command else "once"
    put_stderr(
        f"powermeter: a pattern of {len(first.bits)} chips of {format_duration(first.chip_s)} takes "
        f"{format_duration(first.seconds)}; it is played {times}"
    )
    if as_json:
        put_line(
            {
                "chips": len(first.bits),
                "chip_s": first.chip_s,
                "seconds": first.seconds,
                "played": 2 if command else 1,
            }
        )
    if dry_run:
        return 0
    if attached() is None:
        raise ConfigurationError(
            "nothing is being recorded here; write: powermeter record -o host.power -- powermeter sync --meter "
            f"{meter} -- COMMAND"
        )
    play_once(first, kind)
    if not command:
        return 0
    status = run_command(command)
    play_once(last, kind)
    return status


def play_once(pattern: Pattern, kind: str) -> None:
    """Play a pattern inside an event that keeps the moments at which the load changed."""
    from powermeter.calibration.pattern import EVENT, play
    from powermeter.calibration.switched_load import load

    with load(kind) as machine, instrumentation.event(EVENT, load=kind) as span:
        facts = play(pattern, machine.switch)
        later = facts["start_ns"] - span.start_ns if hasattr(span, "start_ns") else 0
        span["edges_ns"] = [edge + later for edge in facts["edges_ns"]]
        for name in ("levels", "chip_s", "chips"):
            span[name] = facts[name]
