"""What fits into a width: where lines break, how wide to lay out, and whether a table is printed as one."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from .ascii_output import spell_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

COUNTED = r"(?:event|item|repeat|reading|sample|gap)s?"
"""The nouns that a number counts, from which no line parts it: a regular expression."""

UNBOUND = 100
"""Characters of a line where no terminal bounds it."""

_TOGETHER = re.compile(
    rf"(?<=\d) (?=[%°]|[numkMGµ]?[JWVACLgs]\b|[numkM]?(?:Wh|Ah|Hz)\b|h\b|min\b|[kMGT]?B\b|±|{COUNTED}\b|missed\b)|(?<=±) (?=\d|is\b)|(?<=g) (?=CO2e|Sb eq)|(?<=Sb) (?=eq)"
)
"""Between a number and its unit, or what it counts."""


def kept_together(text: str) -> str:
    """Return text with a no-break space between a number and what it must not be parted from."""
    return _TOGETHER.sub("\u00a0", text)


def wrapped(line: str, width: int, indent: int | None = None, *, break_words: bool = True) -> list[str]:
    """Return a line as lines of at most that width: a number keeps its unit, what follows is set in under its beginning.

    Args:
        line: Without a line feed.
        width: Characters of a line.
        indent: Spaces before what follows; two more than the line itself begins with where it is None.
        break_words: Whether a longer word is broken; an address that somebody copies is not.
    """
    width = max(width, 1)  # COLUMNS=0
    if len(line) <= width:
        return [line]
    wanted = len(line) - len(line.lstrip(" ")) + 2 if indent is None else indent
    found = textwrap.wrap(
        kept_together(line),
        width,
        subsequent_indent=" " * min(wanted, width // 2),
        break_on_hyphens=False,
        break_long_words=break_words,
        replace_whitespace=False,
        drop_whitespace=True,
    )
    return [part.replace("\u00a0", " ") for part in found] or [""]


def folded(text: Text, width: int) -> Iterator[Text]:
    """Yield styled text as lines of at most that width, parted as `wrapped` does."""
    end = 0
    for line in wrapped(text.plain, width, 0):
        start = text.plain.index(line, end)
        end = start + len(line)
        yield text[start:end]


def columns(width: int, stream: Any = None) -> int:
    """Return the width to lay out for: less than the stream's where a `±` becomes two characters there.

    Args:
        width: Of the stream.
        stream: Standard output where None.
    """
    if width < 1:  # what the environment states where nobody knows it
        width = UNBOUND
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None) or "utf-8"
    try:
        "±→".encode(encoding)
    except (UnicodeError, LookupError):
        return max(width - 4, min(width, 20))
    return width


def width_of(stream: Any, otherwise: int = UNBOUND) -> int:
    """Return how wide to lay out what is printed to a stream: as its terminal, or `otherwise` where it is none."""
    is_terminal = stream is not None and not stream.closed and stream.isatty()
    return columns(shutil.get_terminal_size((UNBOUND, 0)).columns, stream) if is_terminal else otherwise


def in_print(text: Callable[[int], str], otherwise: int) -> str:
    """Return text as Python's `print` shows it: laid out for the terminal that it goes to, its lines no wider than that.

    Standard output then spells out what it cannot encode, where `print` would raise.

    Args:
        text: Returns it for so many columns.
        otherwise: Columns where standard output is no terminal.
    """
    spell_out()
    width = width_of(sys.stdout, 0)
    if not width:
        return text(otherwise)
    return "\n".join(part for line in text(width).splitlines() for part in wrapped(line, width))


def spare(table: Table, console: Console) -> int:
    """Return how many columns a table leaves free where nothing of it is cut; negative where it does not fit."""
    wide = console.options.update(max_width=10_000)
    return console.width - console.measure(table, options=wide).maximum


def fits(table: Table, console: Console) -> bool:
    """Return whether a table is printed whole, without a cut number."""
    return spare(table, console) >= 0
