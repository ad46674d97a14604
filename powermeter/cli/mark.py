"""`powermeter mark`: events of shell scripts, and the files that other languages mark with."""

from __future__ import annotations

from typing import Any

import click

from powermeter.cli.help_formatter import WholeHelp
from powermeter.cli.standard_output import put_stderr
from powermeter.errors import ConfigurationError
from powermeter.marking import bindings, shell
from powermeter.marking.item_count import ODD


@click.group(cls=WholeHelp)
def mark() -> None:
    """Mark what a script does, inside `powermeter record`; does nothing outside of it.

    \b
    Example:
        powermeter record -o run.power -- bash -c '
            powermeter mark begin "load model"
            ./load
            powermeter mark end "load model"'
        powermeter mark header > powermeter_marks.h

    Between `begin` and `end` lies the work alone, not the start of powermeter itself: a begin counts from
    the moment this command ends (up to 7 ms early, more on a busy machine), an end from the moment it was
    started (± 5 ms on Linux); the intervals of such events are wider by that. Precise times: --at $EPOCHREALTIME.
    """


def _options(command: Any) -> Any:
    for option in reversed(
        (
            click.argument("name"),
            click.option("--items", "-n", metavar="N", help="How many items it stands for; 'unknown'."),
            click.option(
                "--attribute", "-a", "pairs", multiple=True, metavar="KEY=VALUE", help="A fact: model=tiny."
            ),
            click.option(
                "--at",
                metavar="TIME",
                help="When, where the script has noted it: nanoseconds of the monotonic clock, or seconds since "
                "1970 with a point, such as $EPOCHREALTIME.",
            ),
        )
    ):
        command = option(command)
    return command


@mark.command()
@_options
def begin(name: str, items: str | None, pairs: tuple[str, ...], at: str | None) -> None:
    """Begin an event.

    \b
    Example:
        powermeter mark begin infer
        powermeter mark begin infer -a model=tiny
    """
    _leave("begin", name, items, pairs, at)


@mark.command()
@_options
def end(name: str, items: str | None, pairs: tuple[str, ...], at: str | None) -> None:
    """End the newest event of a name.

    \b
    Example:
        powermeter mark end infer -n 8
    """
    _leave("end", name, items, pairs, at)


@mark.command()
@_options
def instant(name: str, items: str | None, pairs: tuple[str, ...], at: str | None) -> None:
    """Mark a moment.

    \b
    Example:
        powermeter mark instant epoch -a number=2
    """
    _leave("instant", name, items, pairs, at)


@mark.command()
def header() -> None:
    """Print the header for C and C++.

    \b
    Example:
        powermeter mark header > powermeter_marks.h
    """
    click.echo(bindings.HEADER.read_text(encoding="utf-8"), nl=False)


@mark.command()
def module() -> None:
    """Print the module for Python 3.6 and later, which needs no package.

    \b
    Example:
        powermeter mark module > powermeter_marks.py
    """
    click.echo(bindings.MODULE.read_text(encoding="utf-8"), nl=False)


def _leave(kind: str, name: str, items: str | None, pairs: tuple[str, ...], at: str | None) -> None:
    from powermeter.recorder import host

    at_ns, clock = shell.moment(kind, at)
    wrong: ConfigurationError | None = None
    count: float | None = ODD
    attributes: dict[str, Any] = {}
    try:  # what is stated wrongly begins or ends all the same: an event without its end has no energy
        count = _count(items)
    except ConfigurationError as error:
        wrong = error
    try:
        attributes = dict(host.attributes(pairs))
    except ConfigurationError as error:
        wrong = wrong or error
    _mark(kind, name, count, attributes, (at_ns, clock, at is None))
    if wrong is not None:
        raise wrong


def _mark(
    kind: str,
    name: str,
    count: float | None,
    attributes: dict[str, Any],
    when: tuple[int | None, int, bool],
) -> None:
    folder = shell.folder()
    if folder is None:
        return
    at_ns, clock, is_own_time = when
    try:
        shell.leave(folder, kind, name, count, attributes, at_ns=at_ns, clock=clock, is_own_time=is_own_time)
    except OSError as error:
        put_stderr(f"powermeter: {name!r} is not marked: {shell.refusal(folder, error)} ({error.strerror})")


def _count(items: str | None) -> float | None:
    if items is None:
        return None
    if items == "unknown":
        return float("nan")
    try:
        count = float(items)
    except ValueError:
        count = -1.0
    if not 0 <= count < float("inf"):
        raise ConfigurationError(f"--items {items!r} (or -n): write a number, for example 8, or unknown")
    return count
