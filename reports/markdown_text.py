"""Markdown from texts: what is escaped, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~$&])")


def escaped(text: object) -> str:
    """Return text that Markdown and HTML leave alone, on one line."""
    return _SPECIAL.sub(r"\\\1", "".join(c if c.isprintable() else " " for c in str(text)))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Return a table, all but the first columns aligned to the right; cells are escaped already."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join([" --- "] * left + [" ---: "] * (len(head) - left)) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""
