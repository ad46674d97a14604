"""The look that all terminal tables share: colours of grades, headings, empty tables, text that cannot steer a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from powermeter.result import Grade, Result, worst
from powermeter.result.formatting import DASH

from .terminal_width import folded, wrapped
from .wording import MARKS

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.table import Table
    from rich.text import Text

COLOURS = {
    Grade.MEASURED: "green",
    Grade.DERIVED: "cyan",
    Grade.ESTIMATED: "yellow",
    Grade.ASSUMED: "magenta",
    Grade.SIMULATED: "bright_red",
}
NARROW = 80


def grade_text(grade: Grade) -> str:
    """Return a grade with its mark, coloured."""
    return f"[{COLOURS[grade]}]{MARKS[grade]} {grade.value}[/]"


def grades_text(results: Iterable[Result | None]) -> str:
    """Return the worst grade of some results with its mark, coloured; a dash where all are missing."""
    known = [result.grade for result in results if result is not None]
    return grade_text(worst(known)) if known else DASH


def safe(text: object) -> str:
    """Return text that can neither style nor steer a terminal."""
    return escaped(safe_text(text))


def safe_text(text: object) -> str:
    """Return text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))


def escaped(text: str) -> str:
    """Return text that styles nothing, for markup."""
    from rich.markup import escape

    return escape(text)


def print_text(console: Console, text: object, style: str = "", sign: str = "", look: str = "") -> None:
    """Print a sentence; its lines part no number from its unit or from what is written before it.

    Args:
        console: Where.
        text: As it is: what would style or steer a terminal is escaped.
        style: Of all of it.
        sign: What stands before it.
        look: The style of the sign.
    """
    first, *rest = wrapped(f"{sign}{safe_text(text)}", console.width, 0)
    marked = f"[{look}]{escaped(sign)}[/]" if look else escaped(sign)
    for line in (marked + escaped(first[len(sign) :]), *map(escaped, rest)):
        console.print(line, style=style, highlight=False)


class Heading:
    """A section's heading, folded like its sentences."""

    def __init__(self, markup: str) -> None:
        self.markup = markup

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Return its lines, an empty one before them."""
        from rich.text import Text

        yield Text()
        yield from folded(Text.from_markup(self.markup), options.max_width)


def as_text(print_on: Callable[[Console], None], width: int) -> str:
    """Return as plain text without colours what is printed on a terminal of that width."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file, width=width, no_color=True, highlight=False, legacy_windows=False, force_terminal=False
    )
    console.is_jupyter = False  # else it prints into the notebook's cell in place of the file
    print_on(console)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def section(title: str, beside: str = "") -> Heading:
    """Return a section's heading, in bold, with something beside it."""
    return Heading(f"[bold]{title}[/]  {beside}".rstrip())


def table_frame() -> Table:
    """Return an empty table in the house's look."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
