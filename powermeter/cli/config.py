"""`powermeter config`: which file is read, and what it sets for which verb."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from powermeter import registry
from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put
from powermeter.errors import printable
from powermeter.toml import line_of


@click.command()
@click.option(
    "--show", "show", is_flag=True, help="Print every option that a file sets, and where.  [default]"
)
@json_option("Print JSON.")
def config(show: bool, as_json: bool) -> None:
    """Show what powermeter.toml or [tool.powermeter] in pyproject.toml sets here.

    \b
    Example:
        powermeter config --show

    What is typed goes before the file, and the file before the default.  The nearest file at or above the working
    directory counts; POWERMETER_CONFIG names another one, or none where it is empty.
    """
    from powermeter.cli.configuration import SHARED, find

    found = find()
    text = found.path.read_text("utf-8", "replace") if found.path else ""
    rows: list[dict[str, Any]] = []
    lines = []
    for verb in sorted(registry.VERBS):
        command: click.Command = registry.load(registry.VERBS[verb])
        values = found.defaults(verb, command)
        own = found.verbs.get(verb, {})
        for parameter in command.params:
            if not isinstance(parameter, click.Option) or parameter.name not in values:
                continue
            key = next(name.removeprefix("--") for name in parameter.opts if name.startswith("--"))
            table = f"[{verb}]" if key in own else "top"
            line = _line(text, found.path, verb if key in own else "", _written(parameter, key, found.shared))
            value = values[parameter.name]
            rows.append({"verb": verb, "option": f"--{key}", "value": value, "where": table, "line": line})
            where = table if line is None else f"{table}, line {line}"
            lines.append(f"  {verb} {printable(_typed(parameter, f'--{key}', value))}  ({where})")
    if as_json:
        plain = {
            "file": str(found.path) if found.path else None,
            "options": rows,
            "sources": dict(found.sources),
        }
        click.echo(json.dumps(plain, indent=2))
        return
    if found.path is None:
        put("no powermeter.toml and no [tool.powermeter] here or above; every option has its default")
        put(f"keys: {', '.join(SHARED)}; [sources]; a table for each verb")
        return
    put(f"from {printable(str(found.path))}")
    for name, url in found.sources.items():
        put(f"  source {printable(name)} = {printable(url)}")
    for row_text in lines:
        put(row_text)
    put("every other option has its default")


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
