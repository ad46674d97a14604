"""Known loads as a person types them: `0.5A`, `0.5A±1mA`, `10s-20s=0.5A`, one by one at a prompt."""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from powermeter.errors import ConfigurationError
from powermeter.events import Event, now_ns
from powermeter.recorder import host
from powermeter.recorder.discovery import check_sources
from powermeter.recorder.parent import Recorder
from powermeter.units import NS, format_quantity, parse_duration, parse_quantity, unit_factor

UNITS = ("A", "V", "W")

_TYPED = re.compile(
    r"\s*([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([^\d\s±+-]+)\s*(?:(?:±|\+-|\+/-)\s*(.+?))?\s*\Z"
)


def parse(text: str, *, known: bool) -> dict[str, object]:
    """Return the attributes of a load's event: its true value, standard uncertainty and unit (SI).

    The last digit typed counts as a resolution (step/√12), what follows `±` as a limit (/√3).

    Args:
        known: Whether the reference's accuracy was given apart, so that `±` may be left out.

    Raises:
        ConfigurationError: It is not a value with a unit, or its accuracy is not stated.
    """
    match = _TYPED.match(text)
    found = unit_factor(match[2]) if match else None
    if match is None or found is None or found[0] not in UNITS:
        raise ConfigurationError(f"{text!r} is not a load; write for example 0.5A, 250mA or 0.5A±1mA")
    unit, factor = found
    value = float(match[1]) * factor
    if match[3] is None and not known:
        raise ConfigurationError(
            f"how sure is {text!r}? Write 0.5A±1mA, or use --accuracy 0.1% for all loads"
        )
    limit = parse_quantity(match[3], unit, bare=False) if match[3] else 0.0
    if limit < 0:
        raise ConfigurationError(f"{text!r}: what follows ± must not be below zero")
    digits, _, exponent = match[1].lower().partition("e")
    step = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2])) * factor
    return {
        "true": value,
        "uncertainty": math.hypot(limit / math.sqrt(3), step / math.sqrt(12)),
        "unit": unit,
    }


def windows(texts: Sequence[str], start_ns: int, *, known: bool) -> list[Event]:
    """Return the events of loads typed as `10s-20s=0.5A`, times from the recording's first sample.

    Raises:
        ConfigurationError: One of them is not to be understood.
    """
    from powermeter.calibration.channels import LOAD

    events = []
    for text in texts:
        span, equals, load = text.partition("=")
        first, dash, last = span.partition("-")
        if not equals or not dash:
            raise ConfigurationError(f"{text!r}: write when and what, for example 10s-20s=0.5A")
        begin, end = parse_duration(first), parse_duration(last)
        if end <= begin:
            raise ConfigurationError(f"{text!r} ends before it begins")
        times = start_ns + round(begin * NS), start_ns + round(end * NS)
        events.append(Event(LOAD, *times, attributes=parse(load, known=known)))
    return events


def record(
    path: Path, url: str, hold_s: float, *, known: bool, force: bool, ask: Callable[[str], str] | None = None
) -> None:
    """Record a source while loads are typed in one by one; each becomes an event of the recording.

    Raises:
        ConfigurationError: No load was typed.
        OpenError, ExistsError: The source cannot be opened, or the file exists.
    """
    from powermeter.calibration.channels import LOAD
    from powermeter.recording import append_to

    check_sources([url])
    question = ask or _ask
    recorder = Recorder(path, [url], host.describe(), force=force)
    recorder.start()
    events: list[Event] = []
    try:
        while text := question(
            f"load {len(events) + 1}: set it, then type its true value (Enter ends)"
        ).strip():
            try:
                attributes = parse(text, known=known)
            except ConfigurationError as error:
                click.echo(f"powermeter: {error}", err=True)
                continue
            start = now_ns()
            time.sleep(hold_s)
            events.append(Event(LOAD, start, now_ns(), uid=len(events) + 1, attributes=attributes))
            shown = format_quantity(float(str(attributes["true"])), str(attributes["unit"]))
            click.echo(f"{shown}: read for {hold_s:g} s", err=True)
    finally:
        recorder.stop()
    if not events:
        raise ConfigurationError("no load was typed; nothing can be calibrated")
    with append_to(path) as writer:
        writer.add_events(events)


def _ask(text: str) -> str:
    """Ask on the terminal; the end of standard input is an answer too: no more loads."""
    click.echo(f"{text}: ", nl=False, err=True)
    return sys.stdin.readline()
