"""Characters that an output's encoding lacks, spelled out: `±` becomes `+-`, `µ` becomes `u`, and no number loses its meaning."""

from __future__ import annotations

import codecs
import io
import re
import sys
import textwrap
from contextlib import suppress
from typing import Any

NAME = "powermeter.spelled"
"""Of the error handler."""

SPELLED = {
    "±": "+-",
    "µ": "u",
    "μ": "u",
    "Ω": "Ohm",
    "–": "-",
    "—": "-",
    "−": "-",
    "·": "|",
    "•": "*",
    "×": "x",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "²": "2",
    "³": "3",
    "₂": "2",
    "°": "deg",
    "√": "sqrt",
    "Δ": "d",
    "\u00a0": " ",
    "●": "*",
    "◐": "o",
    "○": "o",
    "◌": ".",
    "△": "~",
    "▲": "!",
    "█": "#",
    "▏": "|",
    **dict(zip("▁▂▃▄▅▆▇", "__..--=", strict=True)),
    "─": "-",
    "━": "-",
    "│": "|",
    "’": "'",
    "“": '"',
    "”": '"',
}


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(SPELLED.get(character, "?") for character in text), error.end


codecs.register_error(NAME, _spelled)


ASCII = "powermeter-ascii"
"""ASCII under a name that click does not know: it takes a stream that calls itself ASCII for a mistake and writes UTF-8."""


class _ASCIIEncoder(codecs.IncrementalEncoder):
    def encode(self, input: str, final: bool = False) -> bytes:
        return codecs.ascii_encode(input, self.errors)[0]


class _ASCIIDecoder(codecs.IncrementalDecoder):
    def decode(self, input: Any, final: bool = False) -> str:
        return codecs.ascii_decode(input, self.errors)[0]


def _found(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    return codecs.CodecInfo(
        codecs.ascii_encode,
        codecs.ascii_decode,
        incrementalencoder=_ASCIIEncoder,
        incrementaldecoder=_ASCIIDecoder,
        name=ASCII,
    )


codecs.register(_found)


_TOGETHER = re.compile(
    r"(?<=\d) (?=[%°]|[numkMGµ]?[JWVACLgs]\b|[numkM]?(?:Wh|Ah|Hz)\b|h\b|min\b|[kMGT]?B\b|±)|(?<=±) (?=\d|is\b)|(?<=g) (?=CO2e|Sb eq)|(?<=Sb) (?=eq)"
)
"""Between a number and what it must not be parted from."""


def kept_together(text: str) -> str:
    """Return text with a no-break space between a number and what it must not be parted from."""
    return _TOGETHER.sub("\u00a0", text)


def wrapped(line: str, width: int, indent: int | None = None) -> list[str]:
    """Return a line as lines of at most that width: a number keeps its unit, what follows is set in under its beginning.

    Args:
        line: Without a line feed.
        width: Characters of a line.
        indent: Spaces before what follows; two more than the line itself begins with where it is None.
    """
    if len(line) <= width:
        return [line]
    wanted = len(line) - len(line.lstrip(" ")) + 2 if indent is None else indent
    found = textwrap.wrap(
        kept_together(line),
        width,
        subsequent_indent=" " * min(wanted, width // 2),
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
    return [part.replace("\u00a0", " ") for part in found] or [""]


def columns(width: int, stream: Any = None) -> int:
    """Return the width to lay out for: less than the stream's where a `±` becomes two characters there.

    Args:
        width: Of the stream.
        stream: Standard output where None.
    """
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None) or "utf-8"
    try:
        "±→".encode(encoding)
    except (UnicodeError, LookupError):
        return max(width - 4, min(width, 20))
    return width


def spell_out() -> None:
    """Let standard output and error spell out what they cannot encode, where they are ordinary text streams."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError, LookupError):
                plain = codecs.lookup(stream.encoding).name == "ascii"
                stream.reconfigure(encoding=ASCII if plain else stream.encoding, errors=NAME)
