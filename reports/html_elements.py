"""HTML from Python: elements whose texts are escaped because nothing else can be put into them.

A `Markup` is text that is markup already; everything else an element is handed is text.  That is all a page of ours needs
of a template language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias

from .terminal_width import COUNTED

LONGEST = 300
"""Characters of one text; the middle of a longer one is left out, and how much is stated."""

VOID = frozenset({"meta", "br", "wbr"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"


def harmless(text: object, longest: int = LONGEST) -> str:
    """Return a text without characters that steer (controls, changes of direction, lone surrogates), shortened."""
    plain = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in str(text))
    if len(plain) <= longest:
        return plain
    return f"{plain[: longest - 60]}… ({len(plain):,} characters) …{plain[-30:]}"


def shortened_words(text: str) -> str:
    """Return a sentence whose words are at most a line long: a label of 10 kB filled the page before the figures."""
    return re.sub(r"\S{121,}", lambda word: harmless(word[0], 120), text)


def element(name: str, /, *children: Child, **attributes: str | int | None) -> Markup:
    """Return an element; an attribute's trailing underscore is dropped, inner ones become hyphens.

    An attribute that is None is left out.  Texts longer than a paragraph belong into several elements.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(harmless(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{pairs}>")
    inner = join(children)
    if name in FLOWING:
        inner = Markup(_OPTION.sub(r'<span class="q">\g<0></span>', inner))
    return Markup(f"<{name}{pairs}>{inner}</{name}>")


_PARTED = re.compile(
    rf"(?<=\d) (?=(?:%|[numkMGµ]?(?:J|W|Wh|A|Ah|V|s|Hz|C|L|B)|h|min|ppm|{COUNTED})\b|%)|(?<=±) (?=\d)"
)
"""Between a number and its unit, or what it counts."""


FLOWING = frozenset({"p", "li"})
"""Elements whose lines break between words: an option in them (`--rail-voltage`) does not break at its hyphens."""

_OPTION = re.compile(r"(?<![\w<>!-])--[a-z][a-z-]*(?![^<]*>)(?!</span)")
"""An option of a command in text, not in a tag, and not held together already."""


def join(children: Child) -> Markup:
    """Return children one after the other, texts escaped."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, (str, int)):
        return Markup(escape(_PARTED.sub("\u00a0", harmless(children, 4000)), quote=False))
    return Markup("".join(join(child) for child in children))


def quantity(text: str) -> Markup:
    """Return a number that no line break parts from its unit."""
    return element("span", text, class_="q") if text else Markup("")


_SPAN = re.compile(r"(\d[\d.,]*\u2013\d[\d.,]*\d|\d\u2013\d)")


def prose(text: str) -> list[Child]:
    """Return a sentence whose intervals (`196–204`) no line break parts."""
    return [quantity(part) if i % 2 else part for i, part in enumerate(_SPAN.split(text))]


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Child]], *, numbers: Iterable[int] = (), class_: str = ""
) -> Markup:
    """Return a table that a narrow screen stacks: each cell knows its column's title.

    Args:
        heads: The columns' titles; all empty for a table without a head.
        rows: Cells.
        numbers: Columns to set flush right.
        class_: Of the table.
    """
    right = frozenset(numbers)

    def kind(column: int) -> str | None:
        return "n" if column in right else None

    head = element(
        "tr",
        [
            element("th", title, class_=kind(i), scope="col") if title else element("td", class_="blank")
            for i, title in enumerate(heads)
        ],
    )
    body = [
        element(
            "tr",
            [
                element("td", cell, class_=kind(i) or ("first" if not i else None), data_label=title or None)
                for i, (cell, title) in enumerate(zip(row, heads, strict=True))
            ],
        )
        for row in rows
    ]
    parts = [element("thead", head)] if any(heads) else []
    return element(
        "div",
        element("table", parts, element("tbody", body), class_=f"stack {class_}".strip()),
        class_="scroll",
        tabindex=0,
    )
