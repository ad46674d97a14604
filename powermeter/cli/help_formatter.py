"""Help that cuts no sentence: commands under headings, each with its whole first sentence, as wide as the terminal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

WIDEST, LEAST = 80, 30
NARROW = 60
"""Below it what an option does stands under it."""
_WORDS = re.compile(r"(?:'[^']*'|\"[^\"]*\"|\S)+")
"""Of a command: what a shell keeps together."""


def width() -> int:
    """Return how wide help is printed: as the terminal, also where that is narrower than click's 50 columns."""
    return max(min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST) - 2, LEAST)


class _Formatter(click.HelpFormatter):
    """Help in which no line is wider than the terminal, and an example that is folded can still be copied."""

    def write_text(self, text: str) -> None:
        """Write a text; commands that are too wide go on in the next line after a backslash."""
        before = len(self.buffer)
        super().write_text(text)
        self.buffer[before:] = [
            "\n".join(part for line in block.split("\n") for part in _folded(line, self.width))
            for block in self.buffer[before:]
        ]

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write what things are called and what they do, beside each other or below."""
        indent = " " * self.current_indent
        if self.width >= NARROW:
            before = len(self.buffer)
            super().write_dl(list(rows), col_max, col_spacing)
            self.buffer[before:] = [
                "\n".join(_choices(part, self.width)) if part.startswith(f"{indent}-") else part
                for part in self.buffer[before:]
            ]
            return
        for name, text in rows:
            self.write("\n".join(_choices(indent + name.rstrip(), self.width)) + "\n")
            self.indent()
            self.indent()
            if text:
                self.write_text(text)
            self.dedent()
            self.dedent()


def _choices(name: str, width: int) -> Iterator[str]:
    """Yield the names of an option in lines of at most that width, broken between two choices."""
    indent = " " * (len(name) - len(name.lstrip()) + 4)
    part = ""
    for choice in re.split(r"(?<=\||/| )(?=\S)", name):
        if part.strip() and len(part) + len(choice.rstrip()) > width:
            yield part.rstrip()
            part = indent
        part += choice
    yield part


def _folded(line: str, width: int) -> Iterator[str]:
    """Yield a line in parts of at most that width; those of a command end with a backslash."""
    words = _WORDS.findall(line)
    if len(line) <= width or not words:
        yield line
        return
    indent = " " * (len(line) - len(line.lstrip()))
    end = " \\" if words[0] == "powermeter" else ""
    part = indent + words[0]
    for word in words[1:]:
        if len(part) + 1 + len(word) + len(end) > width:
            yield part + end
            part = f"{indent}  {word}"
        else:
            part += f" {word}"
    yield part


class HelpContext(click.Context):
    """A context whose help is as narrow as the terminal."""

    formatter_class = _Formatter


class WholeHelp(click.Group):
    """A group whose help prints the first sentence of each command to its end.

    Attributes:
        sections: Heading → commands.
        more: Heading of the commands that are in none.
    """

    context_class = HelpContext
    sections: Mapping[str, Sequence[str]] = {}
    more = "Commands"

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command whose help is laid out like that of the group."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            command.context_class = HelpContext
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for."""
        every = self.list_commands(ctx)
        placed = {name for names in self.sections.values() for name in names}
        wide = max(map(len, every), default=0)
        for title, names in {
            **self.sections,
            self.more: [name for name in every if name not in placed],
        }.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            rows = [
                (name.ljust(wide), command.get_short_help_str(limit=400))
                for name, command in commands
                if command is not None and not command.hidden
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
