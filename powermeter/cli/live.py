"""`powermeter live`: what the sources show now, without keeping it; or what a running recording holds so far."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from powermeter.battery.battery import Battery
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.cli.configuration import named
from powermeter.cli.live_screen import lines
from powermeter.cli.live_tail import LiveTail
from powermeter.cli.options import battery_option, json_option, sources_option, until_option
from powermeter.cli.standard_output import put, put_line, report_problem
from powermeter.errors import ConfigurationError, plural, printable
from powermeter.recorder.discovery import best_sources, check_sources
from powermeter.recorder.parent import Recorder
from powermeter.recorder.rail_totals import RailTotals
from powermeter.result.notes import plain_notes
from powermeter.units import parse_duration


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path, dir_okay=False))
@sources_option("watch")
@until_option
@battery_option
@json_option("Print a line of JSON at each update, in SI units.")
def live(
    recording: Path | None, sources: tuple[str, ...], duration: str | None, battery: str | None, as_json: bool
) -> None:
    """Watch power as it is measured; nothing is kept. With a RECORDING, watch one that another terminal makes.

    \b
    Example:
        powermeter live --source um25c:///dev/rfcomm0
        powermeter live run.power
    """
    seconds = parse_duration(duration) if duration else None
    cell = parse_battery(battery) if battery else None
    if recording is not None:
        typed = click.get_current_context().get_parameter_source("sources")
        if typed is click.core.ParameterSource.COMMANDLINE:  # a file's default is of live sources
            raise ConfigurationError("a recording has its own sources: leave --source out")
        tail = LiveTail(recording, f"{recording.name}, recorded elsewhere")
        tail.look()
        if not tail.is_growing:
            raise ConfigurationError(
                f"{printable(recording)} is no longer being recorded; powermeter show prints what it holds"
            )
        with until_interrupted() as stop:
            follow(tail, cell, seconds, stop, JsonLines() if as_json else Screen())
        return
    sources = named(sources)
    check_sources(sources)
    urls: Sequence[str] = sources
    if not urls:
        urls, why = best_sources()
        report_problem(why)
    with until_interrupted() as stop, tempfile.TemporaryDirectory(prefix="powermeter-") as folder:
        recorder = Recorder(Path(folder) / "live.power", urls)
        recorder.start()
        try:
            tail = LiveTail(recorder.path, "watching; nothing is kept")
            follow(tail, cell, seconds, stop, JsonLines() if as_json else Screen(), recorder.stop)
        finally:
            recorder.stop()
        if recorder.problem:
            report_problem(recorder.problem)


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """Return what is set by Ctrl-C and SIGTERM."""
    stop = threading.Event()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(
    tail: LiveTail,
    battery: Battery | None,
    seconds: float | None,
    stop: threading.Event,
    screen: Screen | JsonLines,
    end: Callable[[], object] = lambda: None,
) -> None:
    """Draw until the time is over, the recording ends, or somebody interrupts; off a terminal, draw once at the end.

    Args:
        tail: The recording.
        battery: As asked for; the recording's own otherwise.
        seconds: How long; None for until it ends.
        stop: Set to end early.
        screen: Where it is drawn.
        end: Called before the last look: ends a recording of our own, so that its last readings are in the file.
    """
    from powermeter.reports.plain_output import spell_out

    spell_out()
    ends = None if seconds is None else time.monotonic() + seconds
    while True:
        pause = tail.look()
        cell = battery or parse_battery(tail.battery or "4Ah")
        screen.draw(tail, cell)
        left = pause if ends is None else min(pause, ends - time.monotonic())
        if not tail.is_growing or left <= 0 or stop.wait(left):
            break
    end()
    tail.look()
    screen.draw(tail, battery or parse_battery(tail.battery or "4Ah"), last=True)


class JsonLines:
    """Standard output as lines of JSON, one for each look that found something new."""

    def __init__(self) -> None:
        self._printed: dict[str, object] | None = None

    def draw(self, tail: LiveTail, battery: Battery, *, last: bool = False) -> None:
        """Print the state of a recording, unless it was printed as it is."""
        state = {
            "elapsed_s": tail.elapsed_s,
            "recording": tail.is_growing and not last,
            "rails": [{"source": source, **_rail(totals)} for source, totals in tail.rails.values()],
            "labels": [
                {"label": name, "events": pace.events, "rate_hz": pace.rate_hz, "mean_j": pace.mean_j}
                for name, pace in tail.labels.items()
            ],
            "warnings": list(map(str, tail.warnings)),
            "remarks": plain_notes(tail.warnings),
        }
        if state == self._printed:
            return
        self._printed = state
        put_line(state)
        sys.stdout.flush()


def _rail(totals: RailTotals) -> dict[str, object]:
    names = (
        "rail",
        "simulated",
        "power_w",
        "voltage_v",
        "current_a",
        "low_w",
        "mean_w",
        "high_w",
        "energy_j",
    )
    charge = totals.charge_c if totals.has_current else None
    return {**{name: getattr(totals, name) for name in names}, "charge_c": charge}


class Screen:
    """Standard output: redrawn in place on a terminal, written once at the end elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._drawn = 0

    def draw(self, tail: LiveTail, battery: Battery, *, last: bool = False) -> None:
        """Draw the state of a recording."""
        if not self._terminal:
            if last:
                put("\n".join(lines(tail, battery, shutil.get_terminal_size((80, 24)).columns)))
            return
        size = shutil.get_terminal_size((80, 24))
        found = lines(tail, battery, size.columns - 1)
        if not last and len(found) > size.lines - 1:
            hidden = len(found) - size.lines + 2
            found = [*found[: size.lines - 2], f"and {plural(hidden, 'more line')}"]
        back = f"\x1b[{self._drawn}A" if self._drawn else ""
        sys.stdout.write(f"{back}\r\x1b[J" + "\n".join(found) + "\n")
        sys.stdout.flush()
        self._drawn = len(found)
