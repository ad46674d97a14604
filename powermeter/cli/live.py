"""`powermeter live`: what the sources show now, without keeping it; or what a running recording holds so far."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from powermeter.analysis.rail_voltage import MAINS_V
from powermeter.battery.battery import Battery
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.cli.configuration import named
from powermeter.cli.live_tail import LabelPace, LiveTail
from powermeter.cli.options import battery_option, json_option, sources_option, until_option
from powermeter.cli.standard_output import put, put_line, report_problem
from powermeter.errors import ConfigurationError, plural, printable
from powermeter.recorder.parent import Listener, Recorder
from powermeter.recorder.rail_totals import RailTotals
from powermeter.recorder.source_choice import best_sources, check_sources
from powermeter.result.notes import plain_notes
from powermeter.units import (
    coulomb_to_mah,
    format_duration,
    format_number,
    format_percent,
    format_quantity,
    parse_duration,
)

BARS = "▁▂▃▄▅▆▇█"
MOST_LABELS = 12
OWN_S = 1.0
"""How often a source of its own is written and shown: twice as often cost 1 % of a core more."""


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
        recorder = Recorder(Path(folder) / "live.power", urls, listener=Listener(flush_s=OWN_S))
        recorder.start()
        try:
            tail = LiveTail(recorder.path, "watching; nothing is kept", OWN_S)
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
    from powermeter.reports.ascii_output import spell_out

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
            "rails": [{"source": source, **_rail_state(totals)} for source, totals in tail.rails.values()],
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


def _rail_state(totals: RailTotals) -> dict[str, object]:
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


def lines(tail: LiveTail, battery: Battery | None, width: int) -> list[str]:
    """Return what is shown, for a terminal of any width: phrases wrap whole, no number or label is cut; the worst problem stands first."""
    out = [line for text in tail.warnings for line in flow([f"! {text}"], width)]
    phrases = [format_duration(tail.elapsed_s), printable(tail.title)]
    out += flow(phrases if tail.is_growing else [*phrases, "ended"], width)
    sources = {source for source, _ in tail.rails.values()}
    for source, totals in tail.rails.values():
        out += _rail(source if len(sources) > 1 else "", totals, width)
    out += _battery(tail, battery, width)
    by_use = sorted(tail.labels.items(), key=lambda pair: -pair[1].events)
    for name, pace in by_use[:MOST_LABELS]:
        out += flow(list(_label(name, pace)), width, "  ")
    if len(by_use) > MOST_LABELS:
        out += flow(
            [f"and {plural(len(by_use) - MOST_LABELS, 'more label')}: powermeter show lists all"], width
        )
    return out


def flow(phrases: Sequence[str], width: int, indent: str = "") -> list[str]:
    """Return phrases as lines: a line ends between two of them, and only a phrase longer than a line is broken."""
    out: list[str] = []
    line = ""
    for phrase in phrases:
        longer = f"{line}  {phrase}" if line else (f"{indent}{phrase}" if out else phrase)
        if len(longer) <= width:
            line = longer
            continue
        if line:
            out.append(line)
        line = f"{indent}{phrase}" if out else phrase
        while len(line) > width:
            cut = line.rfind(" ", len(indent) + 1, width + 1)
            cut = cut if cut > 0 else width
            out.append(line[:cut].rstrip())
            line = f"{indent}{line[cut:].lstrip()}"
    return [*out, line] if line.strip() else out


def sparkline(values: Sequence[float]) -> str:
    """Return one bar per value, from the smallest to the largest of them."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[min(7, int((value - low) / span * 8))] for value in values)


def _rail(source: str, totals: RailTotals, width: int) -> Iterable[str]:
    name = printable(f"{source}/{totals.rail}" if source else totals.rail)
    phrases = [f"{name} (simulated)" if totals.simulated else name, format_quantity(totals.power_w, "W", 4)]
    phrases += [format_quantity(totals.voltage_v, "V", 4)] if totals.voltage_v is not None else []
    phrases += [format_quantity(totals.current_a, "A", 4)] if totals.current_a is not None else []
    for word, watts in (("min", totals.low_w), ("mean", totals.mean_w), ("max", totals.high_w)):
        phrases.append(f"{word} {format_quantity(watts, 'W', 3)}")
    phrases.append(format_quantity(totals.energy_j, "J", 4))
    if totals.has_current:
        phrases.append(f"{format_number(coulomb_to_mah(totals.charge_c), 4)} mAh")
    yield from flow(phrases, width, "  ")
    bars = sparkline(list(totals.history)[-max(width - 2, 1) :])
    if len(bars) > 1:
        yield f"  {bars}"


def _battery(tail: LiveTail, battery: Battery | None, width: int) -> Iterable[str]:
    """Yield how much of a charge is used, and how long the rest lasts at the mean so far."""
    totals = tail.main
    if battery is None or totals is None or totals.seconds <= 0:
        return
    by_charge = battery.convention == "charge"
    used, whole = (totals.charge_c, battery.charge_c) if by_charge else (totals.energy_j, battery.energy_j)
    mains = totals.voltage_v is not None and totals.voltage_v > MAINS_V
    if not whole or used <= 0 or (by_charge and (mains or not totals.has_current)):
        return
    left_s = max(whole - used, 0.0) / (used / totals.seconds)
    size = f"{coulomb_to_mah(whole):,.0f} mAh" if by_charge else format_quantity(whole / 3600, "Wh", 3)
    left = f"{format_duration(left_s)} left at the mean so far" if used < whole else "empty"
    yield from flow(["battery", f"{format_percent(used / whole, 3)} of {size} used", left], width, "  ")


def _label(name: str, pace: LabelPace) -> Iterator[str]:
    yield printable(name)
    yield f"{plural(pace.events, 'event')}"
    if pace.rate_hz is not None:
        yield f"{format_number(pace.rate_hz, 3)} a second"
    if pace.mean_j is not None:
        count = len(pace.joules)
        yield f"about {format_quantity(pace.mean_j, 'J', 3)} an item (latest {count})"
