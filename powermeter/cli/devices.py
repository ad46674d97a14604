"""`powermeter devices`: what can be measured on this machine, and what is missing to do better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put_json

if TYPE_CHECKING:
    from powermeter.recorder.discovery import Finding, Search
    from powermeter.recorder.source_choice import SourceChoice
    from powermeter.result.notes import Note


@click.command()
@json_option("Print the same as JSON.")
def devices(as_json: bool) -> None:
    """Show what can be measured here.

    \b
    Example:
        powermeter devices
        powermeter devices --json

    Looks for at most 2 s, never asks for a password and never writes to any hardware.  Meters that
    have no name on the bus (a smart plug on the network, one read by eye) are not searched for: name
    them, for example shelly://192.168.1.20 or manual://.
    """
    from powermeter.recorder import discovery
    from powermeter.recorder.source_choice import choose

    found = discovery.search()
    chosen = choose(found.findings, found.failures)
    if as_json:
        put_json(plain(found, chosen))
        return
    _print_table(found, chosen)


def plain(found: Search, chosen: SourceChoice | None) -> dict[str, Any]:
    """Return everything the table shows, and more, as values for JSON; what is not known is null."""
    return {
        "devices": [_device(finding) for finding in found.findings],
        "choice": None
        if chosen is None
        else {"urls": list(chosen.urls), "why": chosen.line, "better": chosen.better or None},
        "failures": {scheme: str(why) for scheme, why in found.failures.items()},
        "seconds": round(found.seconds, 3),
    }


def _device(finding: Finding) -> dict[str, Any]:
    found = finding.found
    return {
        "url": found.url,
        "driver": finding.scheme,
        "title": found.title,
        "kind": finding.kind,
        "usable": finding.usable,
        "grade": found.grade.value,
        "boundary": found.boundary.value,
        "rails": list(found.rails),
        "rate_hz": found.rate_hz,
        "resolution_w": found.resolution_w,
        "covers": found.covers or None,
        "certainty": found.certainty,
        "problem": found.problem or None,
        "remedy": found.remedy or None,
    }


_NARROW = 72
"""Below it the words of a source stand under its name: beside it they would be a column of single words."""


def _print_table(found: Search, chosen: SourceChoice | None) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from powermeter.reports.terminal_width import columns
    from powermeter.units import format_quantity

    console = Console()
    console.width = columns(console.width)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("source", overflow="fold", max_width=34)
    for heading in ("grade", "rate", "step"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what it is, what it covers, what to do", overflow="fold", ratio=1)
    marked = set(chosen.urls) if chosen is not None else set()
    for finding in found.findings:
        device = finding.found
        text = Text(device.title)
        text.append(f"\ncovers {device.covers or device.boundary.value}", style="dim")
        for label, words in (
            ("problem", device.problem),
            ("to do" if device.problem else "better", device.remedy),
        ):
            if words:
                text.append(f"\n{label}: {words}", style="yellow" if finding.usable else "red")
        cells = (
            ("→ " if device.url in marked else "  ") + (device.url or f"({finding.scheme})"),
            device.grade.value,
            format_quantity(device.rate_hz, "Hz", 3),
            format_quantity(device.resolution_w, "W", 2),
        )
        style = "" if finding.usable else "dim"
        if console.width >= _NARROW:
            table.add_row(*map(Text, cells), text, style=style)
            continue
        console.print(Text(cells[0], style=f"bold {style}"), overflow="fold")
        for line in (Text(f"{cells[1]}, {cells[2]}, step {cells[3]}"), *text.split("\n")):
            console.print(Padding(line, (0, 0, 0, 2)), style=style)
    if console.width >= _NARROW:
        console.print(table)
    for problem, schemes in _alike(found.failures).items():
        console.print(Text(f"{', '.join(schemes)}: {problem}", style="dim"))
    if chosen is None:
        console.print(Text("nothing can be measured here as things are"))
        return
    console.print(Text(f"without --source this is recorded: {chosen.line}"))
    if chosen.better:
        console.print(Text(chosen.better))


def _alike(failures: Mapping[str, Note]) -> dict[str, list[str]]:
    """Return the kinds of source that failed in the same words, by these."""
    found: dict[str, list[str]] = {}
    for scheme, problem in failures.items():
        found.setdefault(problem.text, []).append(scheme)
    return found
