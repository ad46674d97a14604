"""`powermeter record`: around a command, or for a while."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from powermeter.cli.after_recording import (
    log_beside,
    note_clock_doubt,
    store_calibration,
    summarise,
    why_no_reading,
)
from powermeter.cli.child import cannot_run
from powermeter.cli.configuration import named
from powermeter.cli.events_from_output import WatchedCommand, Watching
from powermeter.cli.options import force_option, json_option, output_option, place_option, sources_option
from powermeter.cli.processor_time_limit import do_apart
from powermeter.cli.standard_output import (
    open_standard,
    put_line,
    put_stderr,
    report_problem,
    settle,
)
from powermeter.cli.status_line import StatusLine
from powermeter.errors import ConfigurationError, DataError
from powermeter.marking import api as instrumentation
from powermeter.marking import recordings
from powermeter.recorder import host
from powermeter.recorder.parent import Listener, Recorder
from powermeter.recorder.remote.link import check_target
from powermeter.recorder.remote.sources import on_this_side
from powermeter.recorder.source_choice import best_sources, check_sources
from powermeter.recording.facts import STATUS
from powermeter.recording.liveness import RECORD_GONE
from powermeter.recording.output_file import check_output, default_path
from powermeter.recording.privacy import reduced
from powermeter.units import parse_duration

if TYPE_CHECKING:
    from powermeter.cli.prompter import Prompter

_DASHES = "powermeter.record.dashes"


class _WithCommand(click.Command):
    """Knows whether `--` was typed last, which click drops."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_DASHES] = args[-1:] == ["--"]
        return super().parse_args(ctx, args)


@click.command(
    cls=_WithCommand, context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False}
)
@sources_option("record")
@output_option("The recording to write; a dated name otherwise.")
@force_option
@click.option(
    "--duration", "-d", metavar="TIME", help="How long to record where no command is given: 90s, 5m."
)
@click.option(
    "--battery",
    "-b",
    default="4Ah",
    show_default=True,
    help="The budget to set the use against: 4Ah, 4Ah@3.85V, or a preset: phone, 18650.",
)
@place_option
@click.option(
    "--attribute",
    "-a",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="A fact about the run: model=tiny; may be given several times.",
)
@click.option(
    "--calibration",
    "calibrations",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Store this calibration into the recording at its end; may be given several times.",
)
@click.option(
    "--private/--no-private",
    default=False,
    help="Keep out of the recording: names of machine and command, packages, revision, serial numbers.",
)
@click.option(
    "--dither/--no-dither",
    default=True,
    show_default=True,
    help="Read at a random moment of each interval, so that a loop in step with the meter cannot mislead it.",
)
@click.option(
    "--live/--no-live",
    default=None,
    help="Draw the line at the foot of the terminal (default: on a terminal).",
)
@click.option(
    "--events-from",
    metavar="REGEX",
    help="Make events of lines that the command prints: a regular expression with the groups name, n, and a "
    "duration s, ms, us or ns; or the name of a format: llama.cpp, llama-bench, ollama, executorch, onnxruntime (its profile); none for nothing.",
)
@click.option(
    "--pass-through",
    metavar="LISTEN:PORT",
    help="Listen on a port of this machine, pass all through to a language model's server, and count the tokens of its answers.",
)
@click.option(
    "--remote",
    metavar="USER@BOARD",
    help="Run the command on a board over ssh, where python3 is enough; the recording stays here. "
    "-s board:URL records a sensor of the board; its best one where no source is given.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print no summary at the end.")
@json_option("Instead of the summary: the last line of output is JSON: what was written.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def record(
    sources: tuple[str, ...],
    output: Path | None,
    force: bool,
    duration: str | None,
    battery: str,
    place: str | None,
    pairs: tuple[str, ...],
    calibrations: tuple[Path, ...],
    private: bool,
    dither: bool,
    live: bool | None,
    events_from: str | None,
    pass_through: str | None,
    remote: str | None,
    quiet: bool,
    as_json: bool,
    command: tuple[str, ...],
) -> int:
    """Record power while a command runs, or for a given time.

    \b
    Example:
        powermeter record -o run.power -- python infer.py
        powermeter record --source ina219://1/0x40?shunt=0.1ohm --duration 5m
        powermeter record --events-from '(?P<name>infer) took (?P<ms>[\\d.]+) ms' -- ./model
        powermeter record --pass-through 8081:8080 -- llama-server -m model.gguf --port 8080
        powermeter record --remote pi@board -s board:ina219://1/0x40 -- python3 infer.py

    The command keeps its terminal, its signals and its exit status, which becomes this one's.
    Events marked with powermeter.event(...) in it, its threads and child processes are recorded.
    """
    from powermeter.battery.preset_or_capacity import parse_battery

    closed = open_standard()
    _check_command(command)
    budget = parse_battery(battery)
    seconds = parse_duration(duration) if duration else None
    target = check_target(remote) if remote is not None else None
    if target is not None and not command:
        raise ConfigurationError("--remote runs a command on a board; write it after --")
    if command and seconds is not None:
        raise ConfigurationError("--duration is for recording without a command; a command ends by itself")
    if not command and seconds is None and not sys.stdin.isatty():
        raise ConfigurationError("state how long: --duration 5m, or write a command after --")
    watched = WatchedCommand.of(command, events_from, pass_through)
    missing = cannot_run(command[0]) if command and target is None else None
    if missing is not None:
        return missing
    sources = named(on_this_side(sources, target))
    check_sources(sources)
    if output is not None:
        check_output(output, force=force, by_recording=True)
    urls: Sequence[str] = sources
    if not urls:
        urls, why = best_sources()
        report_problem(why)
    readings = _readings(urls)
    if readings is not None:
        urls = readings.urls
    path = output or default_path()
    metadata = {
        **host.describe(command or ("powermeter", *sys.argv[1:])),
        "attributes": dict(host.attributes(pairs)),
        "battery": battery,
    }
    if place:
        metadata["place"] = place
    if target is not None:
        metadata["remote"] = target
    if private:
        metadata = reduced(metadata)
    budget_c = budget.charge_c if budget.convention == "charge" else None
    line = StatusLine(budget_c, shared=bool(command))
    line.active = line.active if live is None else live and line.active
    recorder = Recorder(
        path,
        urls,
        metadata,
        force=force,
        dither=dither,
        numbered=output is None,
        listener=Listener(on_status=line.show if line.active else None, on_notice=report_problem),
        when_gone=RECORD_GONE,
    )
    recorder.start()
    watching = None
    try:
        watching = Watching(watched, recorder)
        if readings is not None:
            readings.ask("at the start")
        if command:
            environment = {
                **os.environ,
                instrumentation.ENVIRONMENT: str(recorder.path.absolute()),
                recordings.ENVIRONMENT: recorder.marks,
            }
            if target is None:
                status = watching.run(command, environment, closed)
            else:
                status = watching.run_remote(target, command)
            recorder.note({STATUS: status})
        else:
            status = _wait(seconds, readings)
        if readings is not None:
            line.close()
            readings.ask("at the end")
    finally:
        line.close()
        if watching is not None:
            watching.close()
        recorder.stop()
        line.close()
        if readings is not None:
            report_problem(readings.close())
    problem = recorder.problem
    if problem:
        report_problem(problem)
    if watching is not None and watching.clock_doubt_ns:
        note_clock_doubt(recorder.path, watching.clock_doubt_ns)
    for file in calibrations:
        store_calibration(recorder.path, file)
    if not command and (silent := why_no_reading(recorder.path)):
        status, nothing = DataError.exit_code, f"nothing was recorded into {recorder.path}: {silent}"
        report_problem(nothing)
        problem = problem or nothing
    elif not quiet and not as_json:
        do_apart(lambda: summarise(recorder.path, battery, place), "the summary")
    if command and status:
        report_problem(f"{command[0]} ended with status {status}")
    if as_json:
        put_line({"written": [str(recorder.path)], "status": status, "problem": problem or None})
    if recorder.path.exists():  # its folder may have been removed meanwhile
        put_stderr(f"wrote {recorder.path}{log_beside(recorder)}")
    settle()
    return status


def _check_command(command: Sequence[str]) -> None:
    """Refuse a command that was meant and is empty: an unset variable after `--` would be recorded for ever.

    Raises:
        ConfigurationError: Nothing follows `--`, or its first word is empty.
    """
    if command and not command[0].strip():
        raise ConfigurationError("the command after -- is empty: is a variable of the shell unset?")
    if not command and click.get_current_context().meta.get(_DASHES):
        raise ConfigurationError(
            "no command after --: is a variable of the shell unset? Without a command leave -- out"
        )


def _readings(urls: Sequence[str]) -> Prompter | None:
    """Return what asks for the readings of meters without a cable, where there are any."""
    if not any(url.startswith("manual://") for url in urls):
        return None
    from powermeter.cli.prompter import Prompter

    prompter = Prompter(urls)
    return prompter if prompter.is_needed else None


def _wait(seconds: float | None, readings: Prompter | None = None) -> int:
    """Wait for a time, for Ctrl-C or for SIGTERM, and take what is read by eye meanwhile."""
    stop = threading.Event()
    if readings is not None:
        threading.Thread(target=readings.watch, args=(stop,), daemon=True).start()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        if seconds is None:
            put_stderr("recording; Ctrl-C ends it")
        stop.wait(seconds)
    finally:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
