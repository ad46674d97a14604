"""`powermeter config`: which file is read, and what it sets for which verb."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter import registry
from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put
from powermeter.errors import printable
from powermeter.result.formatting import DASH
from powermeter.toml import line_of

if TYPE_CHECKING:
    from powermeter.cli.configuration import Configuration

DEFAULT = "default"
"""Where the value of an option comes from that no file sets."""


@click.command()
@click.option(
    "--show",
    "every",
    is_flag=True,
    help="Print every option of every verb with its value, and where that comes from.",
)
@json_option("Print JSON.")
def config(every: bool, as_json: bool) -> None:
    """Show what powermeter.toml or [tool.powermeter] in pyproject.toml sets here.

    \b
    Example:
        powermeter config
        powermeter config --show
        powermeter config --show | grep ' record '

    What is typed goes before the file, and the file before the default.  The nearest file at or above the working
    directory counts; POWERMETER_CONFIG names another one, or none where it is empty.
    """
    from powermeter.cli.configuration import SHARED, find

    found = find()
    rows = [
        row for verb in sorted(registry.VERBS) for row in _rows(found, verb) if every or row.where != DEFAULT
    ]
    if as_json:
        plain = {
            "file": str(found.path) if found.path else None,
            "options": [row.plain() for row in rows],
            "sources": dict(found.sources),
        }
        click.echo(json.dumps(plain, indent=2))
        return
    if found.path is None:
        put("no powermeter.toml and no [tool.powermeter] here or above; every option has its default")
        put(f"keys: {', '.join(SHARED)}; [sources]; a table for each verb")
    else:
        put(f"from {printable(str(found.path))}")
    for name, url in found.sources.items():
        put(f"  source {printable(name)} = {printable(url)}")
    for row in rows:
        put(f"  {row}")
    if not every:
        put("every other option has its default; powermeter config --show lists them")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """An option of a verb, with its value and where that comes from.

    Attributes:
        typed: The option with its value as one types it; a dash where it has none.
        where: `default`, `top`, or the table of the file.
        line: Of the file.
    """

    verb: str
    option: str
    value: Any
    typed: str
    where: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}, line {self.line}"
        return f"{self.verb} {printable(self.typed)}  ({place})"

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {name: getattr(self, name) for name in ("verb", "option", "value", "where", "line")}


def _rows(found: Configuration, verb: str) -> Iterator[SettingRow]:
    """Yield each option of a verb."""
    command: click.Command = registry.load(registry.VERBS[verb])
    text = found.path.read_text("utf-8", "replace") if found.path else ""
    values, own = found.defaults(verb, command), found.verbs.get(verb, {})
    for parameter in command.params:
        key = next((name.removeprefix("--") for name in parameter.opts if name.startswith("--")), None)
        if not isinstance(parameter, click.Option) or key is None:
            continue
        option = f"--{key}"
        if parameter.name not in values:
            value = _default(parameter)
            typed = f"{option} {DASH}" if value is None else _typed(parameter, option, value)
            yield SettingRow(verb, option, value, typed, DEFAULT)
            continue
        value, table = values[parameter.name], verb if key in own else ""
        line = _line(text, found.path, table, _written(parameter, key, found.shared))
        yield SettingRow(
            verb, option, value, _typed(parameter, option, value), f"[{verb}]" if table else "top", line
        )


def _default(option: click.Option) -> Any:
    """Return what an option has where nobody sets it; None where that is nothing, or found out when the verb runs."""
    value = option.default
    if value is None or isinstance(value, Enum) or callable(value):  # Enum: a sentinel of click's
        return False if option.is_flag and value is not None else None
    return None if value in ("", ()) else value


def _written(option: click.Option, key: str, shared: Mapping[str, Any]) -> str:
    """Return the key as the file has it: the place sets `--home` too."""
    from powermeter.cli.configuration import ALSO, SHARED

    if key in shared or option.name is None:
        return key
    return next((name for name in shared if option.name in (SHARED[name][0], *ALSO.get(name, ()))), key)


def _line(text: str, path: Path | None, table: str, key: str) -> int | None:
    head = "tool.powermeter" if path is not None and path.name == "pyproject.toml" else ""
    return line_of(text, ".".join(part for part in (head, table) if part), key)


def _typed(option: click.Option, name: str, value: Any) -> str:
    """Return an option with its value as one would type it: a flag by its name, or by that of its opposite."""
    if isinstance(value, bool):
        return name if value else option.secondary_opts[0] if option.secondary_opts else f"without {name}"
    values = value if isinstance(value, (list, tuple)) else [value]
    quoted = [shlex.quote(str(one)) for one in values]
    return " ".join(f"{name} {one}" for one in quoted) if option.multiple else f"{name} {' '.join(quoted)}"
