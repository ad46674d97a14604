"""Writes docs/reference/ from the code: commands, sources, formats, exit codes, Python names.

`python3 tasks.py docs` runs it; with `--check` it writes nothing and fails where a page is stale.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import click

import powermeter
from powermeter import registry
from powermeter.analysis.label_row import LabelRow
from powermeter.cli import cli
from powermeter.errors.exit_codes import EXIT_CODES
from powermeter.source import PolledSource, Source

sys.path.insert(0, str(Path(__file__).resolve().parent))
from list_notes import notes

REFERENCE = Path(__file__).resolve().parent / "reference"
RETURNED = (LabelRow,)
"""What public names return and nobody makes: their attributes are documented, too."""

MADE = "<!-- Made from the code by `python3 tasks.py docs`; changes here are lost. -->"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Return a table in Markdown, and an empty line."""
    if not rows:
        return
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def code(text: object) -> str:
    """Return text as code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def first(thing: Any) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def commands() -> Iterator[str]:
    """Return the page of the command line."""
    yield "# Commands"
    yield ""
    yield "Every command prints this with `--help`. Exit codes are in [exit-codes.md](exit-codes.md)."
    yield ""
    context = click.Context(cli)
    for verb in cli.list_commands(context):
        command = cli.get_command(context, verb)
        assert command is not None
        yield f"## powermeter {verb}"
        yield ""
        yield from described(command)
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        yield f"```console\n$ powermeter {verb} {usage}\n```"
        yield ""
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        yield from table(("option", "default", "what it does"), [option_row(option) for option in options])


def described(command: click.Command) -> Iterator[str]:
    """Return a command's help: paragraphs, and what is not to be wrapped as code."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.splitlines()
        if lines[0] == "\b":
            head, rest = lines[1], [line.strip() for line in lines[2:]]
            yield head if rest else f"{head}"
            yield ""
            if rest:
                yield "```console"
                yield from rest
                yield "```"
        else:
            yield " ".join(line.strip() for line in lines)
        yield ""


def option_row(option: click.Option) -> tuple[str, str, str]:
    """Return one option: its names with what follows them, its default, its help."""
    follows = ""
    if not option.is_flag:
        choices = option.type.choices if isinstance(option.type, click.Choice) else None
        follows = " " + (
            option.metavar or ("|".join(map(str, choices)) if choices else option.type.name.upper())
        )
    names = ", ".join(code(f"{name}{follows}") for name in [*option.opts, *option.secondary_opts])
    default = (
        "" if option.default in (None, False, (), "") or "UNSET" in repr(option.default) else option.default
    )
    several = (
        " May be given several times." if option.multiple and "several" not in (option.help or "") else ""
    )
    return names, code(default), f"{option.help or ''}{several}"


def sources() -> Iterator[str]:
    """Return the page of URLs and their options."""
    yield "# Sources and their options"
    yield ""
    yield "A source is named by a URL, `SCHEME://LOCATION?OPTION=VALUE&OPTION=VALUE`."
    yield ""
    classes = {name: registry.driver_class(name) for name in sorted(registry.DRIVERS)}
    yield from table(
        ("scheme", "what it is"), [(f"[{name}](#{name})", one.summary) for name, one in classes.items()]
    )
    yield "## Options of every source"
    yield ""
    yield from options(PolledSource.COMMON_OPTIONS)
    for name, one in classes.items():
        yield f"## {name}"
        yield ""
        yield f"{one.summary[:1].upper()}{one.summary[1:]}. {'Asked' if issubclass(one, PolledSource) else 'Sends'}."
        yield ""
        yield f"Example: `{one.example}`"
        yield ""
        common = {**Source.COMMON_OPTIONS, **PolledSource.COMMON_OPTIONS}
        yield from options({k: v for k, v in one.OPTIONS.items() if common.get(k) is not v})


def typed(default: Any) -> str:
    """Return a default as it is typed in a URL."""
    if default is None or default == "":
        return ""
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, (list, tuple, set, frozenset)):
        return ",".join(map(typed, default))
    return f"{default:g}" if isinstance(default, float) else str(default)


def options(table_of: Any) -> Iterator[str]:
    """Return a table of a URL's options."""
    rows = []
    for name, option in sorted(table_of.items()):
        text = typed(option.default)
        rows.append((code(name), code(text), option.help))
    yield from table(("option", "default (SI)", "what it does"), rows)


def formats() -> Iterator[str]:
    """Return the page of what can be imported and written."""
    from powermeter.reports.table_formats import FORMATS

    yield "# Formats"
    yield ""
    yield "## Imported: `powermeter import --format NAME`"
    yield ""
    found = [(name, registry.load(target)) for name, target in sorted(registry.IMPORTERS.items())]
    yield from table(("name", "what it is"), [(code(name), importer.title) for name, importer in found])
    yield "## Reports: `powermeter report --kind NAME`"
    yield ""
    kinds = [(name, registry.load(target)) for name, target in sorted(registry.REPORTS.items())]
    yield from table(
        ("name", "file", "what it is"),
        [(code(name), code(kind.suffix), kind.summary) for name, kind in kinds],
    )
    yield "## Tables: `powermeter export -o FILE`"
    yield ""
    from powermeter.cli.export import OF_EXTENSION

    yield (
        ", ".join(code(ending) for ending in (*FORMATS, ".jls", *OF_EXTENSION))
        + "; and `--format codecarbon`"
    )
    yield ""
    yield (
        "Columns are lower case, words joined by `_`, the SI unit last (`energy_per_item_j`); the ends of an interval "
        "are `energy_low_j` and `energy_high_j`. `powermeter.to_frame` has the same columns."
    )


def exits() -> Iterator[str]:
    """Return the page of exit codes."""
    yield "# Exit codes"
    yield ""
    yield "`record -- CMD`, `bench -- CMD` and `sync -- CMD` end with CMD's status, 128 + N for a signal N."
    yield ""
    yield from table(("status", "meaning"), [(str(number), text) for number, text in EXIT_CODES.items()])


class _Raw:
    """An annotation that `inspect.signature` prints as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def signature(function: Any) -> str:
    """Return a signature as it is written in the code, without `self`."""
    found = inspect.signature(function)
    parameters = []
    for name, parameter in found.parameters.items():
        if name in ("self", "cls"):
            continue
        if parameter.annotation is not inspect.Parameter.empty:
            parameter = parameter.replace(annotation=_Raw(str(parameter.annotation)))
        if isinstance(parameter.default, Enum):
            value = parameter.default
            parameter = parameter.replace(default=_Raw(f"{type(value).__name__}.{value.name}"))
        if " object at 0x" in repr(parameter.default) or "<factory>" in repr(parameter.default):
            parameter = parameter.replace(default=_Raw("…"))
        parameters.append(parameter)
    returned = found.return_annotation
    text = str(found.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    return text if returned is inspect.Signature.empty else f"{text} -> {returned}"


def python() -> Iterator[str]:
    """Return the page of the public Python names."""
    yield "# Python"
    yield ""
    yield (
        "These names, their parameters, their public attributes and the exit codes are public: they change only by the "
        "[rule for deprecations](../../CONTRIBUTING.md#what-is-public). Everything else may change without notice."
    )
    yield ""
    public = [(f"powermeter.{name}", name, getattr(powermeter, name)) for name in powermeter.__all__]
    for title, name, thing in (*public, *((kind.__name__, kind.__name__, kind) for kind in RETURNED)):
        yield f"## {title}"
        yield ""
        if not inspect.isclass(thing):
            yield f"```python\n{name}{signature(thing)}\n```"
            yield ""
            yield from whole(thing)
            continue
        yield from whole(thing)
        if _is_constructed(thing):
            yield f"```python\n{name}{signature(thing.__init__).partition(' -> ')[0]}\n```"
            yield ""
        if hasattr(thing, "__members__"):
            yield from table(("member", "value"), [(code(m.name), code(m.value)) for m in thing])
        rows = []
        for attribute, value in vars(thing).items():
            if attribute.startswith("_"):
                continue
            if isinstance(value, property):
                rows.append((code(attribute), first(value.fget)))
            elif inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod)):
                inner = value if inspect.isfunction(value) else value.__func__
                rows.append((code(f"{attribute}{signature(inner)}"), first(inner)))
        yield from table(("attribute or method", "what it is"), rows)


def _is_constructed(thing: type) -> bool:
    """Return whether people make such objects themselves."""
    if issubclass(thing, Exception) or hasattr(thing, "__members__") or "__init__" not in vars(thing):
        return False
    return len(inspect.signature(thing).parameters) <= 12


def whole(thing: Any) -> Iterator[str]:
    """Return a docstring, its indented parts as code."""
    for paragraph in (inspect.getdoc(thing) or "").split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0] in ("Args:", "Attributes:", "Raises:"):
            yield f"**{lines[0]}**"
            yield ""
            yield "```text"
            yield from inspect.cleandoc("\n".join(["", *lines[1:]])).splitlines()
            yield "```"
        elif lines and lines[0].startswith((">>>", "    ")):
            yield "```python"
            yield from inspect.cleandoc(paragraph).splitlines()
            yield "```"
        elif paragraph.strip() != "::":
            yield paragraph
        yield ""


def noted() -> Iterator[str]:
    """Return the page of notes by code."""
    yield "# Notes by code"
    yield ""
    yield "A note is a sentence about a number, with a code that programs decide by: `note.code` in Python, `remarks` in"
    yield "`show --json`. *Info* explains a number, *warning* questions it, *withheld* stands in place of it. What is filled in when it"
    yield "is printed is an ellipsis here."
    yield ""
    yield from table(("code", "severity", "text"), [(code(name), how, text) for name, how, text in notes()])


PAGES = {
    "commands.md": commands,
    "sources.md": sources,
    "formats.md": formats,
    "exit-codes.md": exits,
    "notes.md": noted,
    "python.md": python,
}


@cache
def page(name: str) -> str:
    """Return the text of a page."""
    text = "\n".join([MADE, "", *PAGES[name]()])
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for n, line in enumerate(lines) if line or n == 0 or lines[n - 1]]
    return "\n".join(kept).rstrip() + "\n"


def core(name: str, text: str) -> str:
    """Return what of a page must be up to date: of notes their codes and severities, not the wording."""
    if name != "notes.md":
        return text
    return "\n".join(
        " | ".join(line.split(" | ")[:2]) for line in text.splitlines() if line.startswith("| `")
    )


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit status."""
    stale = []
    for name in PAGES:
        path, text = REFERENCE / name, page(name)
        same = core if "--check" in arguments else lambda _, whole_page: whole_page
        if path.exists() and same(name, path.read_text(encoding="utf-8")) == same(name, text):
            continue
        stale.append(name)
        if "--check" not in arguments:
            REFERENCE.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print(f"docs/reference is stale: {', '.join(stale)}; run: python3 tasks.py docs", file=sys.stderr)
        return 1
    print("wrote " + ", ".join(stale) if stale else "docs/reference is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
