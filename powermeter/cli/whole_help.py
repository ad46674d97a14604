"""Help that cuts no sentence: commands under headings, each with its whole first sentence, as wide as the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

import click

WIDEST, LEAST = 80, 30


def width() -> int:
    """Return how wide help is printed: as the terminal, also where that is narrower than click's 50 columns."""
    return max(min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST) - 2, LEAST)


class WholeHelp(click.Group):
    """A group whose help prints the first sentence of each command to its end.

    Attributes:
        sections: Heading → commands.
        more: Heading of the commands that are in none.
    """

    sections: Mapping[str, Sequence[str]] = {}
    more = "Commands"

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
