"""Names that people typed or programs chose: harmless in print, and the nearest of those there are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_MOST, _LONGEST = 8, 40
_WORDS = re.compile(r"\S{100,}")


def printable(text: object) -> str:
    """Return text that no terminal obeys: controls, changes of direction and what is no text become U+FFFD."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))


def clean(text: str, longest_word: int = 400) -> str:
    """Return lines of text that no terminal obeys, words that nobody reads to their end shortened."""
    lines = (
        "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line) for line in text.split("\n")
    )
    return "\n".join(_WORDS.sub(lambda found: _shortened(found[0], longest_word), line) for line in lines)


def _shortened(word: str, longest: int) -> str:
    return word if len(word) <= longest else f"{word[: longest // 2]}…({len(word):,} characters)"


def nearest(typed: str, known: Iterable[str]) -> str:
    """Return `did you mean A or B?`, else the start of the list of what there is; harmless to a terminal."""
    names = list(dict.fromkeys(known))
    lowered = {name.lower(): name for name in names}
    close = difflib.get_close_matches(typed.lower()[:200], [name[:200] for name in lowered], n=2, cutoff=0.6)
    found = [lowered[name] for name in close if name in lowered]
    if found:
        return f"did you mean {' or '.join(map(_short, found))}?"
    if not names:
        return "there is none"
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(map(_short, names[:_MOST]))}{more}"


def _short(name: str) -> str:
    plain = printable(name)
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
