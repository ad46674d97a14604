"""Loads that a person sets one by one at a prompt while a source is recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from powermeter.cli.standard_output import put_stderr
from powermeter.errors import ConfigurationError
from powermeter.recorder import host
from powermeter.recorder.parent import Recorder
from powermeter.recorder.source_choice import check_sources
from powermeter.units import format_quantity


def record(
    path: Path, url: str, hold_s: float, *, known: bool, force: bool, ask: Callable[[str], str] | None = None
) -> None:
    """Record a source while loads are typed in one by one; each becomes an event of the recording.

    Raises:
        ConfigurationError: No load was typed.
        OpenError, ExistsError: The source cannot be opened, or the file exists.
    """
    from powermeter.calibration.known_loads import held
    from powermeter.recording import append_to

    check_sources([url])
    recorder = Recorder(path, [url], host.describe(), force=force)
    recorder.start()
    try:
        typed = _typed(ask or _ask, hold_s, known=known)
        events = [held(attributes, hold_s, number) for number, attributes in enumerate(typed, 1)]
    finally:
        recorder.stop()
    if not events:
        raise ConfigurationError("no load was typed; nothing can be calibrated")
    with append_to(path) as writer:
        writer.add_events(events)


def _typed(ask: Callable[[str], str], hold_s: float, *, known: bool) -> Iterator[dict[str, object]]:
    """Yield what each load that is typed states; it is held before the next is asked for."""
    from powermeter.calibration.known_loads import parse

    number = 1
    while text := ask(f"load {number}: set it, then type its true value (Enter ends)").strip():
        try:
            attributes = parse(text, known=known)
        except ConfigurationError as error:
            put_stderr(f"powermeter: {error}")
            continue
        yield attributes
        shown = format_quantity(float(str(attributes["true"])), str(attributes["unit"]))
        put_stderr(f"{shown}: read for {hold_s:g} s")
        number += 1


def _ask(text: str) -> str:
    """Ask on the terminal; the end of standard input is an answer too: no more loads."""
    click.echo(f"{text}: ", nl=False, err=True)
    return sys.stdin.readline()
